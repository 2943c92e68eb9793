/** Where a container's v1 cgroups are, and what is in their files. */
import { existsSync, readFileSync } from "node:fs";
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
