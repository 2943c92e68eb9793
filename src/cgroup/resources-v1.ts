/** linux.resources → writes for v1 hierarchies; pure. runtime-spec config-linux.md#control-groups, kernel admin-guide/cgroup-v1. */
import type { Cpu, HugepageLimit, Memory, Network, Resources } from "../config/types.ts";
import { RuntimeError } from "../shared/error.ts";
import { addV1BlockIo } from "./block-io.ts";
import { type CgroupWrite, isNegative, isSet, RESOURCES_AT, unlessZero, WriteList } from "./write-list.ts";

/**
 * The writes, in order; of a partial document (update) those that it asks for.
 *
 * @param at where the resources stand in their document.
 * @throws RuntimeError for what v1 does not have.
 */
export function v1Writes(resources: Resources, at = RESOURCES_AT): CgroupWrite[] {
  if (Object.keys(resources.unified ?? {}).length > 0) {
    throw new RuntimeError({
      what: "set cgroup limits",
      problem: "found unified on cgroup v1, want a v2 host",
      where: `${at}/unified`,
    });
  }
  const list = new WriteList(at);
  const { memory, cpu, pids, blockIO, hugepageLimits, network, rdma } = resources;
  if (cpu !== undefined) {
    list.add("cpuset", "cpuset.cpus", cpu.cpus, "cpu/cpus");
    list.add("cpuset", "cpuset.mems", cpu.mems, "cpu/mems");
  }
  if (memory !== undefined) addMemory(memory, list);
  if (cpu !== undefined) addCpu(cpu, list);
  if (pids !== undefined) addPids(pids.limit, list);
  if (blockIO !== undefined) addV1BlockIo(blockIO, list);
  if (hugepageLimits !== undefined) addHugePages(hugepageLimits, "limit_in_bytes", list);
  if (network !== undefined) addNetwork(network, list);
  if (rdma !== undefined) addRdma(rdma, list);
  return list.writes;
}

function addMemory(memory: Memory, list: WriteList): void {
  const { limit, swap, reservation, kernel, kernelTCP } = memory;
  const swapFile = "memory.memsw.limit_in_bytes";
  // The limit may not be above memory and swap together: when both rise, the second must go first.
  const raised = { optional: isNegative(limit), retryAfter: swapFile };
  list.add("memory", "memory.limit_in_bytes", unlessZero(limit), "memory/limit", raised);
  // No limit and no word about swap: that one is lifted too, as in runc.
  const together = isNegative(limit) && !isSet(swap) ? -1 : unlessZero(swap);
  const field = isSet(swap) ? "memory/swap" : "memory/limit";
  list.add("memory", swapFile, together, field, { optional: isNegative(together) });
  const soft = { optional: isNegative(reservation) };
  list.add("memory", "memory.soft_limit_in_bytes", unlessZero(reservation), "memory/reservation", soft);
  // From Linux 5.16 on the first is taken and ignored, in later ones the second too: then there is an error, where runc only warns.
  for (const [file, value, field] of [
    ["memory.kmem.limit_in_bytes", kernel, "memory/kernel"],
    ["memory.kmem.tcp.limit_in_bytes", kernelTCP, "memory/kernelTCP"],
  ] as const)
    list.add("memory", file, unlessZero(value), field, { optional: isNegative(value), readBack: !isNegative(value) });
  list.add("memory", "memory.swappiness", memory.swappiness, "memory/swappiness");
  if (memory.disableOOMKiller === true) list.add("memory", "memory.oom_control", "1", "memory/disableOOMKiller");
  if (memory.useHierarchy === true)
    list.add("memory", "memory.use_hierarchy", "1", "memory/useHierarchy", { optional: true });
}

function addCpu(cpu: Cpu, list: WriteList): void {
  // An idle group takes no shares, so that it must be awake first.
  list.add("cpu", "cpu.idle", cpu.idle, "cpu/idle", { optional: !isSet(cpu.idle) });
  list.add("cpu", "cpu.shares", unlessZero(cpu.shares), "cpu/shares");
  // Realtime before a process joins: a realtime task cannot enter a group without runtime.
  const runtime = "cpu.rt_runtime_us";
  list.add("cpu", "cpu.rt_period_us", unlessZero(cpu.realtimePeriod), "cpu/realtimePeriod", { retryAfter: runtime });
  list.add("cpu", runtime, unlessZero(cpu.realtimeRuntime), "cpu/realtimeRuntime");
  const quota = "cpu.cfs_quota_us";
  list.add("cpu", "cpu.cfs_period_us", unlessZero(cpu.period), "cpu/period", { retryAfter: quota });
  const burst = { optional: !isSet(cpu.burst), retryAfter: quota };
  list.add("cpu", "cpu.cfs_burst_us", cpu.burst, "cpu/burst", burst);
  list.add("cpu", quota, unlessZero(cpu.quota), "cpu/quota", { optional: isNegative(cpu.quota) });
}

/** Both versions. 0 is a limit (runtime-spec 1.3), and written as 1, as in runc: systemd has no 0, and the effect is the same. */
export function addPids(limit: NonNullable<Resources["pids"]>["limit"], list: WriteList): void {
  const value = isNegative(limit) ? "max" : isSet(limit) ? limit : 1;
  list.add("pids", "pids.max", value, "pids/limit", { optional: isNegative(limit) });
}

/** Both versions: `hugetlb.2MB.max`, and the reserved pages too, which Linux counts since 5.7 (as runc). */
export function addHugePages(limits: readonly HugepageLimit[], suffix: string, list: WriteList): void {
  limits.forEach(({ pageSize, limit }, index) => {
    const field = `hugepageLimits/${index}`;
    list.add("hugetlb", `hugetlb.${pageSize}.${suffix}`, limit, field);
    list.add("hugetlb", `hugetlb.${pageSize}.rsvd.${suffix}`, limit, field, { optional: true });
  });
}

/** Both versions: `mlx5_1 hca_handle=1 hca_object=2` to rdma.max. */
export function addRdma(devices: NonNullable<Resources["rdma"]>, list: WriteList): void {
  for (const [device, { hcaHandles, hcaObjects } = {}] of Object.entries(devices)) {
    const handles = hcaHandles === undefined ? "" : ` hca_handle=${hcaHandles}`;
    const objects = hcaObjects === undefined ? "" : ` hca_object=${hcaObjects}`;
    if (handles !== "" || objects !== "")
      list.add("rdma", "rdma.max", `${device}${handles}${objects}`, `rdma/${device}`);
  }
}

function addNetwork({ classID, priorities = [] }: Network, list: WriteList): void {
  list.add("net_cls", "net_cls.classid", unlessZero(classID), "network/classID");
  priorities.forEach(({ name, priority }, index) => {
    list.add("net_prio", "net_prio.ifpriomap", `${name} ${priority}`, `network/priorities/${index}`);
  });
}
