/**
 * What init does under the container's own filter. Without no_new_privs it is loaded before the credentials (seccomp.1), and may be older
 * than the calls that we would rather use: profiles written before Linux 5.6 list neither openat2 nor close_range, and one that
 * knows a newer call makes the answer to both the profile's errno instead of ENOSYS.
 */
import type { ProcessPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { O_DIRECTORY, O_RDONLY, SYS_close_range } from "../kernel/constants.ts";
import { close, listDirectory, openAt } from "../kernel/file.ts";

/** The filter is loaded before the credentials are dropped; false: as the last call before execve, or there is none. */
export function filtersEarly(plan: ProcessPlan): boolean {
  return plan.hasSeccomp && !plan.noNewPrivileges;
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
