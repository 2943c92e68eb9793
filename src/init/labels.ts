/** AppArmor's and SELinux' labels: named before execve, taken on by it (so that they also hold under no_new_privs). */
import type { ProcessPlan } from "../config/plan-types.ts";
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  ENOENT,
  F_DUPFD_CLOEXEC,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  SYS_fcntl,
} from "../kernel/constants.ts";
import { attemptOpen2, close, open2, writeOnce } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";

/** Descriptors of the files of /proc/self/attr that the labels are written to. */
export interface LabelFiles {
  apparmor: Fd | undefined;
  selinux: Fd | undefined;
}

const BELOW = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;

/**
 * Opens them, before the credentials are given up: afterwards they would be somebody else's.
 *
 * @param own our own directory in a procfs that no image can reach (proc.1).
 * @param above the descriptors must lie above this one, which is wanted for something else.
 */
export function openLabels(kernel: Kernel, plan: ProcessPlan, own: Fd, above: number): LabelFiles {
  const open = (path: string): Fd => {
    const fd = open2(kernel, own, path, O_WRONLY, BELOW);
    const high = kernel.call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, above + 1) as Fd;
    close(kernel, fd);
    return high;
  };
  // Its own file since Linux 5.8; the shared one belongs to the first module that has it.
  const probe =
    plan.apparmorProfile === "" ? -ENOENT : attemptOpen2(kernel, own, "attr/apparmor/exec", O_WRONLY, BELOW);
  if (probe >= 0) close(kernel, probe as Fd);
  return {
    apparmor: plan.apparmorProfile === "" ? undefined : open(probe >= 0 ? "attr/apparmor/exec" : "attr/exec"),
    selinux: plan.selinuxLabel === "" ? undefined : open("attr/exec"),
  };
}

/** Writes them: the next execve takes them on. After the hooks, which run without. */
export function writeLabels(kernel: Kernel, plan: ProcessPlan, files: LabelFiles): void {
  if (files.apparmor !== undefined) {
    writeLabel(kernel, files.apparmor, `exec ${plan.apparmorProfile}`, {
      what: `AppArmor profile ${JSON.stringify(plan.apparmorProfile)}`,
      missing: "it is not loaded, want one of /sys/kernel/security/apparmor/profiles",
      where: "config.json#/process/apparmorProfile",
    });
  }
  if (files.selinux !== undefined) {
    writeLabel(kernel, files.selinux, plan.selinuxLabel, {
      what: `SELinux label ${JSON.stringify(plan.selinuxLabel)}`,
      missing: "the kernel refused it, want one that the policy has",
      where: "config.json#/process/selinuxLabel",
    });
  }
}

function writeLabel(
  kernel: Kernel,
  file: Fd,
  text: string,
  words: { what: string; missing: string; where: string },
): void {
  try {
    writeOnce(kernel, file, text);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: words.what,
      problem: error.errno === ENOENT ? words.missing : `${error.code}: the kernel refused it`,
      where: words.where,
      step: "labels",
      call: error.call,
      errno: error.code,
    });
  }
  close(kernel, file);
}
