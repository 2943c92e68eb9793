/** update: its flags. What it does is in a chunk of its own. */
import type { Command, Flag } from "./command.ts";
import { loadManage } from "./load.ts";

/** A flag that is one field of LinuxResources. */
export interface LimitFlag extends Flag {
  /** `memory/limit`. */
  field: string;
  /** What its value may be: bytes may have a unit. */
  kind: "number" | "bytes" | "text";
}

const limit = (name: string, field: string, kind: LimitFlag["kind"], help: string, hidden = false): LimitFlag => ({
  name,
  value: kind,
  help,
  field,
  kind,
  ...(hidden ? { hidden } : {}),
});

export const LIMITS: readonly LimitFlag[] = [
  limit("blkio-weight", "blockIO/weight", "number", "share of block I/O, 10 to 1000"),
  limit("cpu-period", "cpu/period", "number", "microseconds in which --cpu-quota may be used"),
  limit("cpu-quota", "cpu/quota", "number", "microseconds of CPU time a period, -1: no limit"),
  limit("cpu-burst", "cpu/burst", "number", "microseconds of quota that may be saved for later periods"),
  limit("cpu-share", "cpu/shares", "number", "weight against other containers, 2 to 262144"),
  limit("cpu-rt-period", "cpu/realtimePeriod", "number", "microseconds in which --cpu-rt-runtime may be used"),
  limit("cpu-rt-runtime", "cpu/realtimeRuntime", "number", "microseconds of realtime CPU time a period"),
  limit("cpuset-cpus", "cpu/cpus", "text", "CPUs to run on, such as 0-3,7"),
  limit("cpuset-mems", "cpu/mems", "text", "memory nodes to use, such as 0"),
  limit("cpu-idle", "cpu/idle", "number", "1: run only when nobody else wants the CPU; 0: as usual"),
  limit("memory", "memory/limit", "bytes", "most memory, -1: no limit; k, m, g, t may follow the number"),
  limit("memory-reservation", "memory/reservation", "bytes", "memory that is kept when others need it"),
  limit("memory-swap", "memory/swap", "bytes", "most memory and swap together, -1: no limit"),
  limit("kernel-memory", "memory/kernel", "bytes", "obsolete: only old kernels have it", true),
  limit("kernel-memory-tcp", "memory/kernelTCP", "bytes", "obsolete: only cgroup v1 has it", true),
  limit("pids-limit", "pids/limit", "number", "most processes, -1: no limit"),
];

/** Flags for the container's group in resctrl, by field of linux.intelRdt. */
export const SCHEMATA: readonly LimitFlag[] = [
  limit("l3-cache-schema", "l3CacheSchema", "text", "Intel RDT: the L3 cache's part, such as L3:0=7f0;1=1f"),
  limit("mem-bw-schema", "memBwSchema", "text", "Intel RDT: memory bandwidth, such as MB:0=20;1=70"),
];

export const updateCommand: Command = {
  name: "update",
  args: ["<container-id>"],
  help: "change the limits of a container; what is not given stays",
  flags: [
    {
      name: "resources",
      short: "r",
      value: "file",
      help: "JSON of linux.resources, - for stdin; the flags for single limits are then ignored",
    },
    ...LIMITS,
    ...SCHEMATA,
  ],
  run: (context) => {
    loadManage().runUpdate(context);
    return 0;
  },
};
