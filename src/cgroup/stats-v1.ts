/** Statistics of cgroup v1 (kernel admin-guide/cgroup-v1), as runc reports them. */
import {
  type BlockEntry,
  cpusetStats,
  type MemoryEntry,
  pageSizes,
  type StatFiles,
  type Stats,
  unlessNone,
} from "./stats.ts";

/** Nanoseconds of a clock tick: USER_HZ is 100 on every architecture that we know. */
const TICK_NS = 10_000_000n;

/** What runc calls each file of the blkio controller; BFQ has the first, where it schedules, and the throttling layer the others. */
const BLOCK_FILES: readonly [key: string, file: string][] = [
  ["ioServiceBytesRecursive", "io_service_bytes_recursive"],
  ["ioServicedRecursive", "io_serviced_recursive"],
  ["ioQueueRecursive", "io_queued_recursive"],
  ["ioServiceTimeRecursive", "io_service_time_recursive"],
  ["ioWaitTimeRecursive", "io_wait_time_recursive"],
  ["ioMergedRecursive", "io_merged_recursive"],
  ["ioTimeRecursive", "time_recursive"],
  ["sectorsRecursive", "sectors_recursive"],
];

export function v1Stats(files: StatFiles): Stats {
  return {
    cpu: cpu(files),
    cpuset: cpusetStats(files),
    memory: memory(files),
    pids: {
      current: unlessNone(files.number("pids", "pids.current")),
      limit: unlessNone(files.number("pids", "pids.max")),
    },
    blkio: blockIo(files),
    hugetlb: Object.fromEntries(pageSizes(files, "limit_in_bytes").map((size) => [size, hugePages(files, size)])),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function cpu(files: StatFiles): Stats["cpu"] {
  const { user = 0n, system = 0n } = files.keyed("cpuacct", "cpuacct.stat");
  const { nr_periods, nr_throttled, throttled_time } = files.keyed("cpu", "cpu.stat");
  const percpu = (files.text("cpuacct", "cpuacct.usage_percpu") ?? "").split(" ").filter((word) => word !== "");
  const all = (files.text("cpuacct", "cpuacct.usage_all") ?? "").split("\n").slice(1);
  const column = (index: number) => all.map((line) => BigInt(line.split(" ")[index] ?? 0));
  return {
    usage: {
      total: unlessNone(files.number("cpuacct", "cpuacct.usage")),
      percpu: percpu.length === 0 ? undefined : percpu.map(BigInt),
      percpu_kernel: all.length === 0 ? undefined : column(2),
      percpu_user: all.length === 0 ? undefined : column(1),
      kernel: system * TICK_NS,
      user: user * TICK_NS,
    },
    throttling: {
      periods: unlessNone(nr_periods),
      throttledPeriods: unlessNone(nr_throttled),
      throttledTime: unlessNone(throttled_time),
    },
  };
}

function memory(files: StatFiles): Stats["memory"] {
  const raw = files.keyed("memory", "memory.stat");
  const entry = (kind: string): MemoryEntry => {
    const number = (file: string) => files.number("memory", `memory.${kind}${file}`);
    return {
      limit: number("limit_in_bytes") ?? 0n,
      usage: unlessNone(number("usage_in_bytes")),
      max: unlessNone(number("max_usage_in_bytes")),
      failcnt: number("failcnt") ?? 0n,
    };
  };
  return {
    cache: unlessNone(raw["cache"]),
    usage: entry(""),
    swap: entry("memsw."),
    kernel: entry("kmem."),
    kernelTCP: entry("kmem.tcp."),
    raw,
  };
}

function blockIo(files: StatFiles): Stats["blkio"] {
  // As runc: BFQ's counters where it has any, else those of the throttling layer.
  const bfq = blockEntries(files.text("blkio", "blkio.bfq.io_serviced_recursive"));
  const prefix = bfq.length > 0 ? "blkio.bfq." : "blkio.throttle.";
  const blkio: Stats["blkio"] = {};
  for (const [key, file] of BLOCK_FILES) {
    const entries = blockEntries(files.text("blkio", prefix + file));
    if (entries.length > 0) blkio[key] = entries;
  }
  return blkio;
}

/** `254:0 Read 4096`, or `254:0 4096`; the line with the total of all devices is none of a device. */
export function blockEntries(text: string | undefined): BlockEntry[] {
  return (text ?? "").split("\n").flatMap((line) => {
    const match = /^([0-9]+):([0-9]+) (?:([A-Za-z]+) )?([0-9]+)$/.exec(line);
    if (match === null) return [];
    const [, major = "0", minor = "0", op, value = "0"] = match;
    return [
      { major: unlessNone(BigInt(major)), minor: unlessNone(BigInt(minor)), op, value: unlessNone(BigInt(value)) },
    ];
  });
}

function hugePages(files: StatFiles, size: string): Stats["hugetlb"][string] {
  // Reserved pages are what a limit is about; older kernels count faults only.
  const number = (file: string) =>
    files.number("hugetlb", `hugetlb.${size}.rsvd.${file}`) ?? files.number("hugetlb", `hugetlb.${size}.${file}`);
  return {
    usage: unlessNone(number("usage_in_bytes")),
    max: unlessNone(number("max_usage_in_bytes")),
    failcnt: number("failcnt") ?? 0n,
  };
}
