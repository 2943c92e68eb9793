/** Where a container's v2 cgroup is, and what is in its files. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import t from "tap";
import { mountLines, onHosts } from "./life.ts";
import type { TestConfig } from "./sandbox.ts";

/** Where the unified hierarchy is mounted; undefined on v1 and hybrid hosts, where it has no controllers. */
export function unified(): string | undefined {
  const mounts = mountLines(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mounts.some((line) => line.type === "cgroup")) return undefined;
  return mounts.find((line) => line.type === "cgroup2")?.target;
}

/** The directory that holds the groups of relative paths: ours stands beside them, since a group with processes has no such children. */
export function parent(): string {
  const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
  return dirname(own);
}

/** A container's directory, of a relative path or the id. */
export const place = (name: string): string => join(unified() ?? "", parent(), name);

/** What a file of that directory holds, without its end of line; "absent" where the kernel has no such file. */
export function value(name: string, file: string): string {
  const path = join(place(name), file);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "absent";
}

/** A number of a flat keyed file: `oom_kill` of memory.events. */
export function counted(name: string, file: string, key: string): number {
  const line = value(name, file)
    .split("\n")
    .find((entry) => entry.startsWith(`${key} `));
  return Number(line?.split(" ")[1] ?? 0);
}

export type Resources = NonNullable<TestConfig["linux"]["resources"]>;

/** A change of a config that adds limits. */
export const limited =
  (resources: Resources) =>
  (config: TestConfig): void => {
    config.linux.resources = { ...config.linux.resources, ...resources };
  };

/** Runs a test where all controllers are on v2; elsewhere it is shown as skipped. The VM matrix (conformance/vm) has such hosts. */
export function onV2(name: string, check: Parameters<typeof onHosts>[1]): void {
  if (unified() !== undefined) onHosts(name, check);
  else t.test(name, { skip: "this host has cgroup v1" }, () => undefined);
}
