/**
 * What init does under the container's own filter. Without no_new_privs it is loaded before the credentials (seccomp.1), and may be older
 * than the calls that we would rather use: profiles written before Linux 5.6 list neither openat2 nor close_range, and one that
 * knows a newer call makes the answer to both the profile's errno instead of ENOSYS.
 */
import { frameOf } from "../channel/link.ts";
import type { ProcessPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  MSG_NOSIGNAL,
  O_DIRECTORY,
  O_RDONLY,
  SECCOMP_SET_MODE_FILTER,
  SYS_close,
  SYS_close_range,
  SYS_seccomp,
  SYS_sendmsg,
} from "../kernel/constants.ts";
import { close, listDirectory, openAt } from "../kernel/file.ts";
import { filterProgram, loadFilter } from "../kernel/seccomp.ts";
import { CONTROL_HEADER, messageHeader, putRights } from "../kernel/socket.ts";
import { viewOf } from "../shared/bytes.ts";

/**
 * The filter is in force before "ready": without no_new_privs before the credentials are dropped; with it, if it notifies, after all that can be
 * done before, so that create can still hand the listener over.
 */
export function filtersEarly(plan: ProcessPlan): boolean {
  return plan.hasSeccomp && (!plan.noNewPrivileges || plan.seccompNotifies);
}

/** The filter is loaded as the last call before execve. */
export function filtersLast(plan: ProcessPlan): boolean {
  return plan.hasSeccomp && !filtersEarly(plan);
}

/** Slots of the list below; the first three are one control message, whose descriptor is the kernel's answer. */
const RIGHTS = 0;
const LISTENER = 2;
const SENT = 3;

/**
 * Loads the filter; of one that notifies the parent gets the listener. That is one native call: between the two, whatever the engine
 * might do could be notified, and nobody could answer yet.
 */
export function loadEarly(kernel: Kernel, plan: ProcessPlan, filter: Uint8Array, link: Fd): void {
  if (!plan.seccompNotifies) {
    loadFilter(kernel, filter, plan.seccompFlags);
    return;
  }
  const list = new CallList(kernel);
  putRights(viewOf(list.slots), 1);
  const frame = frameOf({ type: "listener" });
  const header = messageHeader(kernel, frame, list.slotAddress(RIGHTS), CONTROL_HEADER + 4);
  list.keep(filter, frame);
  // A failure is not this list's to report: with no listener the message has no descriptor, and fails with it.
  const load = [SECCOMP_SET_MODE_FILTER, plan.seccompFlags, filterProgram(kernel, filter)] as const;
  list.add({ result: LISTENER, accept: -1 }, SYS_seccomp, ...load);
  const message = [link, header, MSG_NOSIGNAL] as const;
  list.add({ result: SENT, accept: -1 }, SYS_sendmsg, ...message);
  list.add({ accept: -1 }, SYS_close, { slot: LISTENER });
  kernel.host.clone(new Uint8Array(0), list.bytes(), list.slots, link);
  const result = (slot: number): number => Number(viewOf(list.slots).getBigInt64(slot * 8, true));
  if (result(LISTENER) < 0) throw kernel.failure(result(LISTENER), SYS_seccomp, ...load);
  if (result(SENT) < 0) throw kernel.failure(result(SENT), SYS_sendmsg, ...message);
}

/**
 * The descriptors above `last` that are open now, where close_range is refused; undefined where it works.
 *
 * @param own our own directory in procfs (openSelf).
 */
export function listForClosing(kernel: Kernel, plan: ProcessPlan, own: Fd, last: number): number[] | undefined {
  // No descriptor has this number: the call closes nothing.
  if (!filtersEarly(plan) || kernel.attempt(SYS_close_range, 0xffffffff, 0xffffffff, 0) === 0) return undefined;
  const directory = openAt(kernel, own, "fd", O_RDONLY | O_DIRECTORY);
  try {
    return listDirectory(kernel, directory)
      .map(Number)
      .filter((fd) => fd > last && fd !== directory);
  } finally {
    close(kernel, directory);
  }
}
