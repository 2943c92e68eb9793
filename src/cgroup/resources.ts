/** linux.resources → an ordered list of writes; pure. runtime-spec config-linux.md#control-groups, kernel admin-guide/cgroup-v1 and cgroup-v2. */

import type { Cpu, Int64, Memory, Resources } from "../config/types.ts";
import { RuntimeError } from "../shared/error.ts";

/** One limit: the value for a file of a controller. */
export interface CgroupWrite {
  /** v1: which hierarchy; v2: which controller must be enabled. */
  controller: string;
  file: string;
  value: string;
  /** `config.json#/linux/resources/memory/limit`. */
  where: string;
  /** The value asks for nothing, so an absent file is no error (DESIGN section 4). */
  optional: boolean;
}

const AT = "config.json#/linux/resources";

/** The writes for v1 hierarchies, in order. */
export function v1Writes(resources: Resources): CgroupWrite[] {
  if (Object.keys(resources.unified ?? {}).length > 0) {
    throw new RuntimeError({
      what: "set cgroup limits",
      problem: "found unified on cgroup v1, want a v2 host",
      where: `${AT}/unified`,
    });
  }
  const writes: CgroupWrite[] = [];
  const add = (
    controller: string,
    file: string,
    value: Int64 | string | undefined,
    field: string,
    optional = false,
  ) => {
    if (value !== undefined && value !== "")
      writes.push({ controller, file, value: String(value), where: `${AT}/${field}`, optional });
  };
  const { memory = {}, cpu = {}, pids } = resources;
  add("cpuset", "cpuset.cpus", cpu.cpus, "cpu/cpus");
  add("cpuset", "cpuset.mems", cpu.mems, "cpu/mems");
  addV1Memory(memory, add);
  add("cpu", "cpu.shares", unlessZero(cpu.shares), "cpu/shares");
  // Realtime before a process joins: a realtime task cannot enter a group without runtime.
  add("cpu", "cpu.rt_period_us", unlessZero(cpu.realtimePeriod), "cpu/realtimePeriod");
  add("cpu", "cpu.rt_runtime_us", unlessZero(cpu.realtimeRuntime), "cpu/realtimeRuntime");
  add("cpu", "cpu.cfs_period_us", unlessZero(cpu.period), "cpu/period");
  add("cpu", "cpu.cfs_quota_us", unlessZero(cpu.quota), "cpu/quota", isNegative(cpu.quota));
  add("cpu", "cpu.cfs_burst_us", unlessZero(cpu.burst), "cpu/burst");
  add("cpu", "cpu.idle", unlessZero(cpu.idle), "cpu/idle");
  if (pids?.limit !== undefined)
    add("pids", "pids.max", isNegative(pids.limit) ? "max" : pids.limit, "pids/limit", isNegative(pids.limit));
  return writes;
}

type Add = (
  controller: string,
  file: string,
  value: Int64 | string | undefined,
  field: string,
  optional?: boolean,
) => void;

function addV1Memory(memory: Memory, add: Add): void {
  add("memory", "memory.limit_in_bytes", unlessZero(memory.limit), "memory/limit", isNegative(memory.limit));
  // Memory and swap together; limit -1 with no swap asked for lifts both, or the kernel refuses.
  add("memory", "memory.memsw.limit_in_bytes", unlessZero(memory.swap), "memory/swap", isNegative(memory.swap));
  add(
    "memory",
    "memory.soft_limit_in_bytes",
    unlessZero(memory.reservation),
    "memory/reservation",
    isNegative(memory.reservation),
  );
  add("memory", "memory.kmem.limit_in_bytes", unlessZero(memory.kernel), "memory/kernel", isNegative(memory.kernel));
  add(
    "memory",
    "memory.kmem.tcp.limit_in_bytes",
    unlessZero(memory.kernelTCP),
    "memory/kernelTCP",
    isNegative(memory.kernelTCP),
  );
  add("memory", "memory.swappiness", memory.swappiness, "memory/swappiness");
  if (memory.disableOOMKiller === true) add("memory", "memory.oom_control", "1", "memory/disableOOMKiller");
  if (memory.useHierarchy === true) add("memory", "memory.use_hierarchy", "1", "memory/useHierarchy", true);
}

/** The writes for the unified hierarchy, in order. */
export function v2Writes(resources: Resources): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  const add: Add = (controller, file, value, field, optional = false) => {
    if (value !== undefined && value !== "")
      writes.push({ controller, file, value: String(value), where: `${AT}/${field}`, optional });
  };
  const { memory = {}, cpu = {}, pids } = resources;
  addV2Memory(memory, add);
  addV2Cpu(cpu, add);
  add("cpuset", "cpuset.cpus", cpu.cpus, "cpu/cpus");
  add("cpuset", "cpuset.mems", cpu.mems, "cpu/mems");
  if (pids?.limit !== undefined)
    add("pids", "pids.max", isNegative(pids.limit) ? "max" : pids.limit, "pids/limit", isNegative(pids.limit));
  for (const [file, value] of Object.entries(resources.unified ?? {})) {
    if (file.includes("/") || file === "" || file === "." || file === "..") {
      throw new RuntimeError({
        what: "set cgroup limits",
        problem: `found key "${file}", want the name of one cgroup file`,
        where: `${AT}/unified`,
      });
    }
    const dot = file.indexOf(".");
    add(dot < 0 ? "" : file.slice(0, dot), file, value, `unified/${file}`);
  }
  return writes;
}

function addV2Memory(memory: Memory, add: Add): void {
  add("memory", "memory.max", maxOrValue(memory.limit), "memory/limit", isNegative(memory.limit));
  if (isSet(memory.swap))
    add(
      "memory",
      "memory.swap.max",
      swapAlone(memory),
      "memory/swap",
      isNegative(memory.swap) || memory.swap === memory.limit,
    );
  add("memory", "memory.low", maxOrValue(memory.reservation), "memory/reservation", isNegative(memory.reservation));
  const refused: [Int64 | boolean | undefined, string][] = [
    [unlessZero(memory.kernel), "kernel"],
    [unlessZero(memory.kernelTCP), "kernelTCP"],
    [memory.swappiness, "swappiness"],
    [memory.disableOOMKiller === true ? true : undefined, "disableOOMKiller"],
  ];
  for (const [value, field] of refused) if (value !== undefined && value !== -1) refuseOnV2(`memory/${field}`);
}

function addV2Cpu(cpu: Cpu, add: Add): void {
  add("cpu", "cpu.idle", unlessZero(cpu.idle), "cpu/idle");
  if (isSet(cpu.shares) && Number(cpu.idle ?? 0) === 0)
    add("cpu", "cpu.weight", sharesToWeight(Number(cpu.shares)), "cpu/shares");
  if (isSet(cpu.quota) || isSet(cpu.period)) {
    const quota = isSet(cpu.quota) && !isNegative(cpu.quota) ? String(cpu.quota) : "max";
    add(
      "cpu",
      "cpu.max",
      `${quota} ${isSet(cpu.period) ? String(cpu.period) : "100000"}`,
      isSet(cpu.quota) ? "cpu/quota" : "cpu/period",
      quota === "max",
    );
  }
  add("cpu", "cpu.max.burst", unlessZero(cpu.burst), "cpu/burst");
  if (isSet(cpu.realtimePeriod)) refuseOnV2("cpu/realtimePeriod");
  if (isSet(cpu.realtimeRuntime)) refuseOnV2("cpu/realtimeRuntime");
}

function refuseOnV2(field: string): never {
  throw new RuntimeError({
    what: "set cgroup limits",
    problem: "found a limit that cgroup v2 does not have, want it absent",
    where: `${AT}/${field}`,
  });
}

/**
 * cpu.shares (2..262144) as cpu.weight (1..10000): the curve that runc, crun and systemd agreed on, with 2 → 1, 1024 → 100, 262144 → 10000
 * (log2 of the shares enters squared).
 */
export function sharesToWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const log = Math.log2(shares);
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent);
}

/** v2 counts swap alone, config.json memory and swap together. */
function swapAlone(memory: Memory): string {
  if (isNegative(memory.swap)) return "max";
  const limit = BigInt(memory.limit ?? 0);
  return String(BigInt(memory.swap ?? 0) - limit);
}

function maxOrValue(value: Int64 | undefined): Int64 | string | undefined {
  return isNegative(value) ? "max" : unlessZero(value);
}

function isSet(value: Int64 | undefined): boolean {
  return value !== undefined && Number(value) !== 0;
}

function unlessZero(value: Int64 | undefined): Int64 | undefined {
  return isSet(value) ? value : undefined;
}

function isNegative(value: Int64 | undefined): boolean {
  return value !== undefined && value < 0;
}
