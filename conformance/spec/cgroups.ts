/** Where cgroups are on this host. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mountLines } from "../../test/support/life.ts";

/** Where a v1 controller is mounted; undefined where there is none, as on v2. */
export function hierarchy(controller: string): string | undefined {
  const mounts = mountLines(readFileSync("/proc/self/mountinfo", "utf8"));
  return mounts.find((line) => line.type === "cgroup" && line.superblock.includes(controller))?.target;
}

/** Why a test of v1 files cannot be here; undefined where it can. */
export const noV1: string | undefined =
  hierarchy("memory") === undefined ? "this host has no cgroup v1 memory controller" : undefined;

/** The cgroup of a process in a v1 hierarchy. */
export function cgroupOf(pid: number | "self", controller: string): string {
  const line = readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .find((entry) => entry.split(":")[1]?.split(",").includes(controller));
  return line?.split(":").slice(2).join(":") ?? "/";
}

/** All cgroups that a process is in, one path a hierarchy. */
export function cgroupsOf(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  return lines.map((line) => line.split(":").slice(2).join(":"));
}

/** A file of a process's v1 cgroup, without its last line break; undefined where the kernel has no such file. */
export function cgroupFile(pid: number, controller: string, file: string): string | undefined {
  const path = join(hierarchy(controller) ?? "/none", cgroupOf(pid, controller), file);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
