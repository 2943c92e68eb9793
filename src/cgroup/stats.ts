/**
 * What a container has used, in the form that `runc events` prints (runc's types/events.go). Values are bigint: the kernel's counters
 * and limits go up to 2^64 - 1, and must be printed exactly.
 */

/** One use of memory: bytes, and how often the limit was hit. */
export interface MemoryEntry {
  limit: bigint;
  usage?: bigint | undefined;
  max?: bigint | undefined;
  failcnt: bigint;
}

/** A counter of a block device. Zero is left out, as Go's omitempty does. */
export interface BlockEntry {
  major?: bigint | undefined;
  minor?: bigint | undefined;
  op?: string | undefined;
  value?: bigint | undefined;
}

/** Pressure stall information (kernel accounting/psi), percentages and microseconds. */
export interface Pressure {
  some?: Record<string, number | bigint>;
  full?: Record<string, number | bigint>;
}

/** The data of an event of type stats. */
export interface Stats {
  cpu: {
    usage: {
      total?: bigint | undefined;
      percpu?: bigint[] | undefined;
      percpu_kernel?: bigint[] | undefined;
      percpu_user?: bigint[] | undefined;
      kernel: bigint;
      user: bigint;
    };
    throttling: {
      periods?: bigint | undefined;
      throttledPeriods?: bigint | undefined;
      throttledTime?: bigint | undefined;
    };
    psi?: Pressure | undefined;
  };
  cpuset: Record<string, bigint | number[] | undefined>;
  memory: {
    cache?: bigint | undefined;
    usage: MemoryEntry;
    swap: MemoryEntry;
    kernel: MemoryEntry;
    kernelTCP: MemoryEntry;
    raw?: Record<string, bigint> | undefined;
    psi?: Pressure | undefined;
  };
  pids: { current?: bigint | undefined; limit?: bigint | undefined };
  blkio: Record<string, BlockEntry[] | Pressure | undefined>;
  hugetlb: Record<string, { usage?: bigint | undefined; max?: bigint | undefined; failcnt: bigint }>;
  intel_rdt: Record<string, never>;
  network_interfaces: null;
}

/** Reads the files of a container's directories; an absent one is undefined. */
export interface StatFiles {
  /** Text of a controller's file, without its end. */
  text(controller: string, file: string): string | undefined;
  /** Its number; `max` and absence are undefined. */
  number(controller: string, file: string): bigint | undefined;
  /** Its `key number` lines. */
  keyed(controller: string, file: string): Record<string, bigint>;
  /** Names of the files of a controller. */
  names(controller: string): string[];
}

export function numberOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
}

/** `key number` lines as an object without a prototype: the kernel chose the keys. */
export function keyedNumbers(text: string): Record<string, bigint> {
  const numbers = Object.create(null) as Record<string, bigint>;
  for (const line of text.split("\n")) {
    const [key = "", value] = line.split(" ");
    const number = numberOf(value);
    if (number !== undefined) numbers[key] = number;
  }
  return numbers;
}

/** Go's omitempty: undefined for zero. */
export function unlessNone(value: bigint | undefined): bigint | undefined {
  return value === 0n ? undefined : value;
}

/** `0-2,5` → 0, 1, 2, 5. */
export function cpuList(text: string | undefined): number[] | undefined {
  if (text === undefined || text === "") return undefined;
  return text.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** What a v1 cpuset says of itself, and zeros on v2, where there is none (as in runc). */
export function cpusetStats(files: StatFiles | undefined): Stats["cpuset"] {
  const number = (file: string) => files?.number("cpuset", `cpuset.${file}`) ?? 0n;
  const level = files?.text("cpuset", "cpuset.sched_relax_domain_level") ?? "0";
  return {
    cpus: cpuList(files?.text("cpuset", "cpuset.cpus")),
    cpu_exclusive: number("cpu_exclusive"),
    mems: cpuList(files?.text("cpuset", "cpuset.mems")),
    mem_hardwall: number("mem_hardwall"),
    mem_exclusive: number("mem_exclusive"),
    memory_migrate: number("memory_migrate"),
    memory_spread_page: number("memory_spread_page"),
    memory_spread_slab: number("memory_spread_slab"),
    memory_pressure: number("memory_pressure"),
    sched_load_balance: number("sched_load_balance"),
    sched_relax_domain_level: /^-?[0-9]{1,4}$/.test(level) ? BigInt(level) : 0n,
  };
}

/** Page sizes that have a file: `2MB` of `hugetlb.2MB.SUFFIX`. */
export function pageSizes(files: StatFiles, suffix: string): string[] {
  return files
    .names("hugetlb")
    .flatMap((name) => {
      const parts = name.split(".");
      return parts.length === 3 && parts[0] === "hugetlb" && parts[2] === suffix ? [parts[1] ?? ""] : [];
    })
    .sort();
}

/** JSON with bigints as the numbers that they are. */
export function statsJson(value: unknown): string {
  // No text of ours or the kernel's begins so: ids, words for operations and page sizes are letters, digits and a few signs.
  const text = JSON.stringify(value, (_, entry: unknown) => (typeof entry === "bigint" ? `@bigint ${entry}` : entry));
  return text.replace(/"@bigint (-?[0-9]+)"/g, "$1");
}
