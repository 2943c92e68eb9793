/** Where a container's v1 cgroups are, and what is in their files. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { mountLines, onHosts } from "./life.ts";
import type { TestConfig } from "./sandbox.ts";

/** Where a controller is mounted, undefined on v2. */
export function hierarchy(controller: string): string | undefined {
  const mounts = mountLines(readFileSync("/proc/self/mountinfo", "utf8"));
  return mounts.find((line) => line.type === "cgroup" && line.superblock.includes(controller))?.target;
}

/** Our own cgroup in a hierarchy. */
export function own(controller: string): string {
  const line = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .find((entry) => entry.split(":")[1]?.split(",").includes(controller));
  return line?.split(":").slice(2).join(":") ?? "/";
}

/** A container's directory, of a relative path or the id. */
export const place = (controller: string, name: string): string =>
  join(hierarchy(controller) ?? "", own(controller), name);

/** What a file of that directory holds, without its end of line. */
export const value = (controller: string, name: string, file: string): string =>
  readFileSync(join(place(controller, name), file), "utf8").trim();

/** Whether a container with this id has left a directory in any of these hierarchies. */
export const isLeft = (name: string, ...controllers: string[]): boolean =>
  controllers.some((controller) => existsSync(place(controller, name)));

export type Resources = NonNullable<TestConfig["linux"]["resources"]>;

/** A change of a config that adds limits. */
export const limited =
  (resources: Resources) =>
  (config: TestConfig): void => {
    config.linux.resources = { ...config.linux.resources, ...resources };
  };

/** Runs a test where v1's memory controller is; elsewhere it is shown as skipped. */
export function onV1(name: string, check: Parameters<typeof onHosts>[1]): void {
  if (hierarchy("memory") !== undefined) onHosts(name, check);
  else t.test(name, { skip: "this host has no cgroup v1" }, () => undefined);
}

/**
 * Runs a shell script in a mount namespace of its own, with v1 hierarchies mounted for it that the machine does not use: mount point by
 * mount option (`net_cls,net_prio`, `none,name=x`). The kernel drops a hierarchy only at an unmount at which no directory of it is left,
 * not even one that is still being freed: so it is mounted and unmounted again until it is gone. Returns all that was printed.
 */
export function withHierarchies(mounts: Readonly<Record<string, string>>, script: string): string {
  const entries = Object.entries(mounts);
  for (const [, at] of entries) mkdirSync(at, { recursive: true });
  const before = entries.map(([options, at]) => `mount -t cgroup -o ${options} cgroup ${at}`).join(" && ");
  const after = entries.map(([options, at]) => {
    const name = options.replace(/^none,/, "");
    const stays = `grep -qE "^[1-9][0-9]*:${name}:" /proc/self/cgroup`;
    // It goes a moment after the unmount: mounting it again at once would only make it anew.
    return `umount ${at}; rounds=15
    while ticks=20; while ${stays} && [ $ticks -gt 0 ]; do sleep 0.1; ticks=$((ticks - 1)); done; ${stays} && [ $rounds -gt 0 ]; do
      rounds=$((rounds - 1)); mount -t cgroup -o ${options} cgroup ${at} && umount ${at}
    done
    if ${stays}; then echo "the hierarchy ${name} stays"; fi`;
  });
  const command = `${before} && { ${script}\n}\n${after.join("\n")}`;
  const outcome = spawnSync("unshare", ["--mount", "--propagation", "private", "sh", "-c", command], {
    encoding: "utf8",
    timeout: 120_000,
  });
  return outcome.stdout + outcome.stderr;
}
