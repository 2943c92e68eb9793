/** Whether exec's process can be made with nothing left to give up (init/join.ts). */
import type { ProcessPlan } from "../config/plan-types.ts";
import { filtersEarly } from "../init/early-filter.ts";
import { VISIBLE_CALLS, VISIBLE_TERMINAL_CALLS } from "../init/visible.ts";
import {
  ARCH,
  AUDIT_ARCH_AARCH64,
  AUDIT_ARCH_X86_64,
  CLONE_PARENT,
  SCHED_DEADLINE,
  SCHED_FLAG_RESET_ON_FORK,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_LOG,
  SYS_clone,
  SYS_clone3,
} from "../kernel/constants.ts";
import { dataWords, verdict } from "../seccomp/verdict.ts";
import { viewOf } from "../shared/bytes.ts";

/**
 * Whether the stage can do all that takes rights, so that the process which the container sees has its own from the beginning. Two things stand
 * against it: a scheduler that is not passed on to children, and a filter, loaded before the rights are given up (seccomp.1), that would not let us
 * make a process then, or asks somebody about it.
 */
export function preparesHidden(plan: ProcessPlan, filter: Uint8Array | undefined): boolean {
  const { scheduler } = plan;
  if (scheduler !== null && (scheduler.policy === SCHED_DEADLINE || (scheduler.flags & SCHED_FLAG_RESET_ON_FORK) !== 0))
    return false;
  if (!filtersEarly(plan)) return true;
  return filter !== undefined && !plan.seccompNotifies && letsUs(viewOf(filter), plan.terminal);
}

/** Whether a filter allows what becomeVisible() and what follows it ask. */
function letsUs(filter: DataView, terminal: boolean): boolean {
  const arch = ARCH === "x86_64" ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
  const says = (nr: number, ...args: number[]): number =>
    verdict(filter, dataWords({ nr, arch, args: args.map(BigInt) }));
  const allows = (nr: number, ...args: number[]): boolean =>
    [SECCOMP_RET_ALLOW, SECCOMP_RET_LOG].includes(says(nr, ...args));
  // clone3 is tried first, and clone where that is refused (native/common/raw.c).
  const refuses = (nr: number): boolean => (says(nr) & 0xffff0000) === SECCOMP_RET_ERRNO;
  const clones = allows(SYS_clone3) || (refuses(SYS_clone3) && allows(SYS_clone, CLONE_PARENT));
  const calls = terminal ? [...VISIBLE_CALLS, ...VISIBLE_TERMINAL_CALLS] : VISIBLE_CALLS;
  return clones && calls.every((call) => allows(...call));
}
