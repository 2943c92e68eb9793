/** Whether exec's process can be made with nothing left to give up (init/join.ts). */
import type { ProcessPlan } from "../config/plan-types.ts";
import { filtersEarly } from "../init/early-filter.ts";
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
  SYS_exit_group,
  SYS_ioctl,
  SYS_read,
  SYS_rt_sigprocmask,
  SYS_setsid,
  SYS_write,
  TIOCSCTTY,
} from "../kernel/constants.ts";
import { verdict } from "../seccomp/verdict.ts";
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

/**
 * Whether a filter allows what runJoin() calls from becomeVisible() on, beside what every process that is prepared calls under its filter. clone3 is
 * tried first, and clone where that is refused (native/common/raw.c).
 */
function letsUs(filter: DataView, terminal: boolean): boolean {
  const words = new Uint32Array(16);
  words[1] = ARCH === "x86_64" ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
  const says = (nr: number, first = 0, second = 0): number => {
    words[0] = nr;
    words[4] = first;
    words[6] = second;
    return verdict(filter, words);
  };
  const allows = (nr: number, first?: number, second?: number): boolean =>
    [SECCOMP_RET_ALLOW, SECCOMP_RET_LOG].includes(says(nr, first, second));
  const refuses = (nr: number): boolean => (says(nr) & 0xffff0000) === SECCOMP_RET_ERRNO;
  return (
    (allows(SYS_clone3) || (refuses(SYS_clone3) && allows(SYS_clone, CLONE_PARENT))) &&
    [SYS_rt_sigprocmask, SYS_write, SYS_exit_group, SYS_read, SYS_setsid].every((nr) => allows(nr)) &&
    (!terminal || allows(SYS_ioctl, 0, TIOCSCTTY))
  );
}
