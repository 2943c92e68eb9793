/** Statistics of cgroup v2 (kernel admin-guide/cgroup-v2) in v1's terms, as runc reports them. */
import {
  type BlockEntry,
  cpusetStats,
  type MemoryEntry,
  type Pressure,
  pageSizes,
  type StatFiles,
  type Stats,
  unlessNone,
} from "./stats.ts";

/** What runc shows for "max": the largest uint64. */
const NO_LIMIT = 2n ** 64n - 1n;

export function v2Stats(files: StatFiles): Stats {
  return {
    cpu: cpu(files),
    cpuset: cpusetStats(undefined),
    memory: memory(files),
    pids: {
      current: unlessNone(files.number("pids", "pids.current")),
      limit: unlessNone(files.number("pids", "pids.max")),
    },
    blkio: { ...blockIo(files.text("io", "io.stat")), psi: pressure(files.text("io", "io.pressure")) },
    hugetlb: Object.fromEntries(pageSizes(files, "max").map((size) => [size, hugePages(files, size)])),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function cpu(files: StatFiles): Stats["cpu"] {
  const stat = files.keyed("cpu", "cpu.stat");
  const nanoseconds = (key: string) => (stat[key] ?? 0n) * 1000n;
  return {
    usage: {
      total: unlessNone(nanoseconds("usage_usec")),
      kernel: nanoseconds("system_usec"),
      user: nanoseconds("user_usec"),
    },
    throttling: {
      periods: unlessNone(stat["nr_periods"]),
      throttledPeriods: unlessNone(stat["nr_throttled"]),
      throttledTime: unlessNone(nanoseconds("throttled_usec")),
    },
    psi: pressure(files.text("cpu", "cpu.pressure")),
  };
}

function memory(files: StatFiles): Stats["memory"] {
  const raw = files.keyed("memory", "memory.stat");
  const limitOf = (file: string) =>
    files.text("memory", file) === "max" ? NO_LIMIT : (files.number("memory", file) ?? 0n);
  const usage: MemoryEntry = {
    limit: limitOf("memory.max"),
    usage: unlessNone(files.number("memory", "memory.current")),
    max: unlessNone(files.number("memory", "memory.peak")),
    failcnt: 0n,
  };
  // v1 counts memory and swap together, and that is what readers of these fields expect.
  const swapLimit = limitOf("memory.swap.max");
  const swap: MemoryEntry = {
    limit: swapLimit === NO_LIMIT || usage.limit === NO_LIMIT ? swapLimit : swapLimit + usage.limit,
    usage: unlessNone((files.number("memory", "memory.swap.current") ?? 0n) + (usage.usage ?? 0n)),
    failcnt: 0n,
  };
  const none = (): MemoryEntry => ({ limit: 0n, failcnt: 0n });
  return {
    cache: unlessNone(raw["file"]),
    usage,
    swap,
    kernel: none(),
    kernelTCP: none(),
    raw,
    psi: pressure(files.text("memory", "memory.pressure")),
  };
}

/** `254:0 rbytes=1 wbytes=2 rios=3 wios=4 …` → bytes and operations. */
export function blockIo(text: string | undefined): { [key: string]: BlockEntry[] | undefined } {
  const bytes: BlockEntry[] = [];
  const operations: BlockEntry[] = [];
  for (const line of (text ?? "").split("\n")) {
    const [device = "", ...fields] = line.split(" ");
    const [major, minor] = device.split(":");
    if (major === undefined || minor === undefined) continue;
    for (const field of fields) {
      const [key = "", value = "0"] = field.split("=");
      const op = key.startsWith("r") ? "Read" : "Write";
      const list =
        key === "rbytes" || key === "wbytes" ? bytes : key === "rios" || key === "wios" ? operations : undefined;
      list?.push({
        major: unlessNone(BigInt(major)),
        minor: unlessNone(BigInt(minor)),
        op,
        value: unlessNone(BigInt(value)),
      });
    }
  }
  return {
    ioServiceBytesRecursive: bytes.length === 0 ? undefined : bytes,
    ioServicedRecursive: operations.length === 0 ? undefined : operations,
  };
}

/** `some avg10=0.12 avg60=… avg300=… total=9`; undefined where the kernel has no PSI. */
export function pressure(text: string | undefined): Pressure | undefined {
  if (text === undefined || text === "") return undefined;
  const result: Pressure = {};
  for (const line of text.split("\n")) {
    const [kind, ...fields] = line.split(" ");
    const numbers: Record<string, number | bigint> = {};
    for (const field of fields) {
      const [key = "", value = "0"] = field.split("=");
      if (/^avg[0-9]+$/.test(key)) numbers[key] = Number(value);
      else if (key === "total") numbers[key] = BigInt(value);
    }
    if (kind === "some" || kind === "full") result[kind] = numbers;
  }
  return result;
}

function hugePages(files: StatFiles, size: string): Stats["hugetlb"][string] {
  const usage =
    files.number("hugetlb", `hugetlb.${size}.rsvd.current`) ?? files.number("hugetlb", `hugetlb.${size}.current`);
  return { usage: unlessNone(usage), failcnt: files.keyed("hugetlb", `hugetlb.${size}.events`)["max"] ?? 0n };
}
