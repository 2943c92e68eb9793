/** linux.resources → writes for the unified hierarchy; pure. runtime-spec config-linux.md#control-groups, kernel admin-guide/cgroup-v2. */
import type { Cpu, Int64, Memory, Resources } from "../config/types.ts";
import { RuntimeError } from "../shared/error.ts";
import { addV2BlockIo } from "./block-io.ts";
import { addHugePages, addPids, addRdma } from "./resources-v1.ts";
import { type CgroupWrite, isNegative, isSet, RESOURCES_AT, unlessZero, WriteList } from "./write-list.ts";

/** What the group has before: of two limits that share a file, or are counted together, update may name one. */
export interface PresentLimits {
  /** First word of cpu.max: microseconds, or `max`. */
  readonly quota: string;
  /** memory.max, bytes; -1: no limit. */
  readonly memory: Int64;
}

const NEW_GROUP: PresentLimits = { quota: "max", memory: 0 };

/**
 * The writes, in order; of a partial document (update) those that it asks for.
 *
 * @param at where the resources stand in their document.
 * @param present what the group has now; absent: it is new.
 * @throws RuntimeError for what v2 does not have.
 */
export function v2Writes(resources: Resources, at = RESOURCES_AT, present = NEW_GROUP): CgroupWrite[] {
  const list = new WriteList(at);
  const { memory, cpu, pids, blockIO, hugepageLimits, network, rdma } = resources;
  if (memory !== undefined) addMemory(memory, list, present.memory);
  if (cpu !== undefined) addCpu(cpu, list, present.quota);
  if (pids !== undefined) addPids(pids.limit, list);
  if (blockIO !== undefined) addV2BlockIo(blockIO, list);
  if (hugepageLimits !== undefined) addHugePages(hugepageLimits, "max", list);
  if (rdma !== undefined) addRdma(rdma, list);
  if (isSet(network?.classID)) refuseOnV2(list, "network/classID");
  if ((network?.priorities?.length ?? 0) > 0) refuseOnV2(list, "network/priorities");
  if (resources.unified !== undefined) addUnified(resources.unified, list);
  return list.writes;
}

function addMemory(memory: Memory, list: WriteList, presentLimit: Int64): void {
  const { limit, swap, reservation } = memory;
  const refused: [Int64 | boolean | undefined, string][] = [
    [unlessZero(memory.kernel), "kernel"],
    [unlessZero(memory.kernelTCP), "kernelTCP"],
    [memory.swappiness, "swappiness"],
    [memory.disableOOMKiller === true ? true : undefined, "disableOOMKiller"],
  ];
  for (const [value, field] of refused) if (value !== undefined && value !== -1) refuseOnV2(list, `memory/${field}`);
  // The kernel would answer a limit below the present use with the OOM killer.
  const checked = (bytes: Int64 | undefined) =>
    memory.checkBeforeUpdate === true && bytes !== undefined && bytes > 0
      ? { above: { file: "memory.current", limit: BigInt(bytes) } }
      : {};
  const swapAlone = swapWithoutMemory(swap, isSet(limit) ? limit : presentLimit, limit);
  const nothing = swapAlone === "max" || swapAlone === "0";
  const swapField = isSet(swap) ? "memory/swap" : "memory/limit";
  // Swap first, as in runc: what no longer fits into memory may go there.
  list.add("memory", "memory.swap.max", swapAlone, swapField, { optional: nothing, ...checked(swap) });
  list.add("memory", "memory.max", maxOrValue(limit), "memory/limit", {
    optional: isNegative(limit),
    ...checked(limit),
  });
  const low = { optional: isNegative(reservation) };
  list.add("memory", "memory.low", maxOrValue(reservation), "memory/reservation", low);
}

/** v2 counts swap alone, config.json memory and swap together (runc's ConvertMemorySwapToCgroupV2Value). */
function swapWithoutMemory(swap: Int64 | undefined, memory: Int64, askedMemory: Int64 | undefined): string | undefined {
  if (!isSet(swap)) return isNegative(askedMemory) ? "max" : undefined;
  if (isNegative(swap)) return "max";
  return String(BigInt(swap) - BigInt(isNegative(memory) ? 0 : memory));
}

function addCpu(cpu: Cpu, list: WriteList, presentQuota: string): void {
  if (isSet(cpu.realtimePeriod)) refuseOnV2(list, "cpu/realtimePeriod");
  if (isSet(cpu.realtimeRuntime)) refuseOnV2(list, "cpu/realtimeRuntime");
  // An idle group takes no weight, so that it must be awake first.
  list.add("cpu", "cpu.idle", cpu.idle, "cpu/idle", { optional: !isSet(cpu.idle) });
  if (isSet(cpu.shares)) list.add("cpu", "cpu.weight", sharesToWeight(Number(cpu.shares)), "cpu/shares");
  const burst = { optional: !isSet(cpu.burst), retryAfter: "cpu.max" };
  list.add("cpu", "cpu.max.burst", cpu.burst, "cpu/burst", burst);
  if (isSet(cpu.quota) || isSet(cpu.period)) {
    const quota = !isSet(cpu.quota) ? presentQuota : isNegative(cpu.quota) ? "max" : String(cpu.quota);
    // Without a second word the kernel keeps the period; a new group has 100000.
    const value = isSet(cpu.period) ? `${quota} ${cpu.period}` : quota;
    const field = isSet(cpu.quota) ? "cpu/quota" : "cpu/period";
    list.add("cpu", "cpu.max", value, field, { optional: quota === "max" });
  }
  list.add("cpuset", "cpuset.cpus", cpu.cpus, "cpu/cpus");
  list.add("cpuset", "cpuset.mems", cpu.mems, "cpu/mems");
}

/** Any file of the group by its name; a value of several lines is several writes (as in runc). */
function addUnified(unified: { readonly [file: string]: string }, list: WriteList): void {
  for (const [file, value] of Object.entries(unified)) {
    if (file.includes("/") || file === "" || file === "." || file === "..") {
      throw new RuntimeError({
        what: "set cgroup limits",
        problem: `found key "${file}", want the name of one cgroup file`,
        where: list.pointer("unified"),
      });
    }
    const dot = file.indexOf(".");
    for (const line of value.split("\n")) list.add(dot < 0 ? "" : file.slice(0, dot), file, line, `unified/${file}`);
  }
}

function refuseOnV2(list: WriteList, field: string): never {
  throw new RuntimeError({
    what: "set cgroup limits",
    problem: "found a limit that cgroup v2 does not have, want it absent",
    where: list.pointer(field),
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

function maxOrValue(value: Int64 | undefined): Int64 | string | undefined {
  return isNegative(value) ? "max" : unlessZero(value);
}
