/** How the process runs: scheduler, I/O priority, memory policy, execution domain (runtime-spec config.md#linux-process). */
import type { ProcessPlan } from "../config/plan-types.ts";
import { type Kernel, SyscallError } from "../kernel/call.ts";
import { EINVAL, ENOSYS, EPERM } from "../kernel/constants.ts";
import { setIoPriority, setMemoryPolicy, setPersonality, setScheduler } from "../kernel/scheduling.ts";
import { RuntimeError } from "../shared/error.ts";

/** All four, while the rights for them are still there. */
export function applyScheduling(kernel: Kernel, plan: ProcessPlan): void {
  const { scheduler, ioPriority, memoryPolicy, personality } = plan;
  if (scheduler !== null) {
    const { policy, flags, nice, priority, name } = scheduler;
    const times = {
      runtime: BigInt(scheduler.runtime),
      deadline: BigInt(scheduler.deadline),
      period: BigInt(scheduler.period),
    };
    const found = `${name}${priority > 0 ? ` priority ${priority}` : nice !== 0 ? ` nice ${nice}` : ""}`;
    apply("scheduler", "config.json#/process/scheduler", found, schedulerHint, () =>
      setScheduler(kernel, { policy, flags, nice, priority, ...times }),
    );
  }
  if (ioPriority !== null) {
    apply(
      "I/O priority",
      "config.json#/process/ioPriority",
      `class ${ioPriority >> 13} priority ${ioPriority & 7}`,
      ioHint,
      () => setIoPriority(kernel, ioPriority),
    );
  }
  if (memoryPolicy !== null) {
    const nodes = memoryPolicy.nodes.length > 0 ? ` nodes ${memoryPolicy.nodes.join(",")}` : "";
    apply("memory policy", "config.json#/linux/memoryPolicy", `mode ${memoryPolicy.mode}${nodes}`, memoryHint, () =>
      setMemoryPolicy(kernel, memoryPolicy.mode, memoryPolicy.nodes),
    );
  }
  if (personality !== null) {
    apply(
      "personality",
      "config.json#/linux/personality",
      String(personality),
      () => undefined,
      () => setPersonality(kernel, personality),
    );
  }
}

function schedulerHint(errno: number): string | undefined {
  if (errno === EPERM)
    return "it needs CAP_SYS_NICE, and where the kernel shares realtime out, linux.resources.cpu.realtimeRuntime";
  return errno === EINVAL ? "SCHED_DEADLINE wants runtime <= deadline <= period; SCHED_ISO is in no kernel" : undefined;
}

function ioHint(errno: number): string | undefined {
  return errno === EPERM ? "IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN" : undefined;
}

function memoryHint(errno: number): string | undefined {
  if (errno === ENOSYS) return "this kernel has no NUMA support";
  return errno === EINVAL
    ? "name nodes of /sys/devices/system/node/online that linux.resources.cpu.mems allows"
    : undefined;
}

function apply(
  what: string,
  where: string,
  found: string,
  hint: (errno: number) => string | undefined,
  body: () => void,
): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: `set ${what}`,
      problem: `${error.code}: the kernel refused ${found}`,
      where,
      hint: hint(error.errno),
      step: "scheduling",
      call: error.call,
      errno: error.code,
    });
  }
}
