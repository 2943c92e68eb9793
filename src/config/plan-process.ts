/** The process part of the plan, pure: for init, and for a process that joins (exec). */
import {
  IOPRIO_CLASS_BE,
  IOPRIO_CLASS_IDLE,
  IOPRIO_CLASS_RT,
  IOPRIO_CLASS_SHIFT,
  MPOL_BIND,
  MPOL_DEFAULT,
  MPOL_F_NUMA_BALANCING,
  MPOL_F_RELATIVE_NODES,
  MPOL_F_STATIC_NODES,
  MPOL_INTERLEAVE,
  MPOL_LOCAL,
  MPOL_PREFERRED,
  MPOL_PREFERRED_MANY,
  MPOL_WEIGHTED_INTERLEAVE,
  SCHED_BATCH,
  SCHED_DEADLINE,
  SCHED_FIFO,
  SCHED_FLAG_DL_OVERRUN,
  SCHED_FLAG_KEEP_PARAMS,
  SCHED_FLAG_KEEP_POLICY,
  SCHED_FLAG_RECLAIM,
  SCHED_FLAG_RESET_ON_FORK,
  SCHED_FLAG_UTIL_CLAMP_MAX,
  SCHED_FLAG_UTIL_CLAMP_MIN,
  SCHED_IDLE,
  SCHED_ISO,
  SCHED_OTHER,
  SCHED_RR,
} from "../kernel/constants.ts";
import { CAPABILITY_NUMBERS } from "./capability.ts";
import { parseList } from "./cpu-list.ts";
import type { LimitPlan, ProcessPlan, SchedulerPlan } from "./plan-types.ts";
import { RLIMIT_NUMBERS } from "./rlimit.ts";
import type { Capabilities, IoPriority, Linux, LoadedConfig, MemoryPolicy, Personality, Scheduler } from "./types.ts";

/** What the command line adds to the process. */
export interface ProcessOptions {
  /** Descriptors from 3 on that reach the process. */
  preserved: number;
  /** LISTEN_FDS to hand on, 0: none. */
  listenFds: number;
}

/** Plans a process; `linux` has what is the container's and counts for every process of it. */
export function planProcess(process: LoadedConfig["process"], linux: Linux, options: ProcessOptions): ProcessPlan {
  const user = process.user ?? {};
  return {
    limits: planLimits(process.rlimits ?? []),
    oomScoreAdj: process.oomScoreAdj ?? null,
    noNewPrivileges: process.noNewPrivileges ?? false,
    capabilities: planCapabilities(process.capabilities),
    uid: user.uid ?? 0,
    gid: user.gid ?? 0,
    groups: user.additionalGids ?? [],
    umask: user.umask ?? 0o022,
    cwd: process.cwd,
    args: process.args,
    env: planEnvironment(process.env ?? [], options.listenFds),
    terminal: process.terminal ?? false,
    consoleSize:
      process.consoleSize === undefined
        ? null
        : { height: Number(process.consoleSize.height), width: Number(process.consoleSize.width) },
    scheduler: planScheduler(process.scheduler),
    ioPriority: planIoPriority(process.ioPriority),
    apparmorProfile: process.apparmorProfile ?? "",
    selinuxLabel: process.selinuxLabel ?? "",
    personality: planPersonality(linux.personality),
    memoryPolicy: planMemoryPolicy(linux.memoryPolicy),
    affinity: {
      initial: parseList(process.execCPUAffinity?.initial ?? ""),
      final: parseList(process.execCPUAffinity?.final ?? ""),
    },
    seccompFlags: 0,
    hasSeccomp: false,
    seccompNotifies: false,
    preserved: options.preserved,
    stdio: [-1, -1, -1],
  };
}

function planLimits(rlimits: readonly { type: string; soft: number | bigint; hard: number | bigint }[]): LimitPlan[] {
  return rlimits.map((limit, index) => ({
    resource: RLIMIT_NUMBERS.get(limit.type) ?? -1,
    name: limit.type,
    soft: String(limit.soft),
    hard: String(limit.hard),
    where: `config.json#/process/rlimits/${index}`,
  }));
}

/** Bits of the names that the kernel has; unknown ones were warned of and are not granted (user.3). */
function capabilityBits(names: readonly string[] | undefined): string {
  let bits = 0n;
  for (const name of names ?? []) {
    const number = CAPABILITY_NUMBERS.get(name);
    if (number !== undefined) bits |= 1n << BigInt(number);
  }
  return String(bits);
}

function planCapabilities(capabilities: Capabilities | undefined): ProcessPlan["capabilities"] {
  if (capabilities === undefined) return null;
  return {
    bounding: capabilityBits(capabilities.bounding),
    effective: capabilityBits(capabilities.effective),
    inheritable: capabilityBits(capabilities.inheritable),
    permitted: capabilityBits(capabilities.permitted),
    ambient: capabilityBits(capabilities.ambient),
  };
}

/** Duplicates: the last wins, at the place of the first, as in runc. */
function planEnvironment(env: readonly string[], listenFds: number): string[] {
  const byName = new Map<string, string>();
  for (const entry of env) byName.set(entry.slice(0, entry.indexOf("=")), entry);
  if (listenFds > 0) {
    byName.set("LISTEN_FDS", `LISTEN_FDS=${listenFds}`);
    byName.set("LISTEN_PID", "LISTEN_PID=1");
  }
  return [...byName.values()];
}

const POLICIES: Readonly<Record<Scheduler["policy"], number>> = {
  SCHED_OTHER,
  SCHED_FIFO,
  SCHED_RR,
  SCHED_BATCH,
  SCHED_ISO,
  SCHED_IDLE,
  SCHED_DEADLINE,
};

const SCHEDULER_FLAGS: Readonly<Record<NonNullable<Scheduler["flags"]>[number], number>> = {
  SCHED_FLAG_RESET_ON_FORK,
  SCHED_FLAG_RECLAIM,
  SCHED_FLAG_DL_OVERRUN,
  SCHED_FLAG_KEEP_POLICY,
  SCHED_FLAG_KEEP_PARAMS,
  SCHED_FLAG_UTIL_CLAMP_MIN,
  SCHED_FLAG_UTIL_CLAMP_MAX,
};

function planScheduler(scheduler: Scheduler | undefined): SchedulerPlan | null {
  if (scheduler === undefined) return null;
  return {
    policy: POLICIES[scheduler.policy],
    name: scheduler.policy,
    flags: (scheduler.flags ?? []).reduce((bits, flag) => bits | SCHEDULER_FLAGS[flag], 0),
    nice: scheduler.nice ?? 0,
    priority: scheduler.priority ?? 0,
    runtime: String(scheduler.runtime ?? 0),
    deadline: String(scheduler.deadline ?? 0),
    period: String(scheduler.period ?? 0),
  };
}

const IO_CLASSES: Readonly<Record<IoPriority["class"], number>> = {
  IOPRIO_CLASS_RT,
  IOPRIO_CLASS_BE,
  IOPRIO_CLASS_IDLE,
};

/** ioprio_set(2): class in the upper bits. */
function planIoPriority(priority: IoPriority | undefined): number | null {
  if (priority === undefined) return null;
  return (IO_CLASSES[priority.class] << IOPRIO_CLASS_SHIFT) | (priority.priority ?? 0);
}

/** PER_LINUX and PER_LINUX32 of personality(2). */
function planPersonality(personality: Personality | undefined): number | null {
  if (personality === undefined) return null;
  return personality.domain === "LINUX32" ? 8 : 0;
}

const MEMORY_MODES: Readonly<Record<NonNullable<MemoryPolicy["mode"]>, number>> = {
  MPOL_DEFAULT,
  MPOL_BIND,
  MPOL_INTERLEAVE,
  MPOL_WEIGHTED_INTERLEAVE,
  MPOL_PREFERRED,
  MPOL_PREFERRED_MANY,
  MPOL_LOCAL,
};

const MEMORY_FLAGS: Readonly<Record<NonNullable<MemoryPolicy["flags"]>[number], number>> = {
  MPOL_F_NUMA_BALANCING,
  MPOL_F_RELATIVE_NODES,
  MPOL_F_STATIC_NODES,
};

function planMemoryPolicy(policy: MemoryPolicy | undefined): ProcessPlan["memoryPolicy"] {
  if (policy?.mode === undefined) return null;
  const flags = (policy.flags ?? []).reduce((bits, flag) => bits | MEMORY_FLAGS[flag], 0);
  return { mode: MEMORY_MODES[policy.mode] | flags, nodes: parseList(policy.nodes ?? "") };
}
