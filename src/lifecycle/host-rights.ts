/** What a new process gets from its parent, because it needs the host's rights. */
import type { ProcessPlan } from "../config/plan-types.ts";
import { type Kernel, type Pid, SyscallError } from "../kernel/call.ts";
import { RLIMIT_NPROC } from "../kernel/constants.ts";
import { getLimit, setLimit } from "../kernel/limits.ts";
import { type Procfs, writeProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";

/** Writes oom_score_adj of a process (proc_pid_oom_score_adj(5)). */
export function setOomScore(kernel: Kernel, proc: Procfs, pid: Pid, score: number): void {
  try {
    writeProc(kernel, proc, `${pid}/oom_score_adj`, String(score));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "set oom_score_adj",
      problem: `${error.code}: the kernel refused ${score}; lowering it needs CAP_SYS_RESOURCE`,
      where: "config.json#/process/oomScoreAdj",
      step: "oom-score",
      call: error.call,
      errno: error.code,
    });
  }
}

/**
 * Hard limits that must rise are raised by us, who have the host's rights; final values are set by init, last (USERS.md row 22). That of processes is
 * raised at once: exec's stage still makes one when it has the process's user.
 */
export function raiseLimits(kernel: Kernel, pid: Pid, plan: ProcessPlan): void {
  for (const limit of plan.limits) {
    const now = getLimit(kernel, limit.resource);
    const hard = larger(now.hard, limit.hard);
    const soft = limit.resource === RLIMIT_NPROC ? larger(now.soft, limit.soft) : now.soft;
    if (hard === now.hard && soft === now.soft) continue;
    try {
      setLimit(kernel, pid, limit.resource, soft, hard);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw new RuntimeError({
        what: `rlimit ${limit.name}`,
        problem: `${error.code}: asked hard ${limit.hard}, ours ${now.hard}`,
        where: `${limit.where}/hard`,
        hint: "raising a hard limit needs CAP_SYS_RESOURCE",
        step: "limits",
        call: error.call,
        errno: error.code,
      });
    }
  }
}

function larger(now: bigint, wanted: string): bigint {
  const value = BigInt(wanted);
  return value > now ? value : now;
}
