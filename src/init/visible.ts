/**
 * How a process comes into a pid namespace that others are in already: last. Whoever is there may look into it as soon as it is seen, with CAP_SYS_PTRACE
 * even though it is not dumpable; so until it stands in the container's root, with no descriptor of the host's and (in exec) no right that it is
 * not to have, a stage does the work that the namespace does not contain: setns(2) changes only that of its children (exec.2, fd.4).
 */
import { AT_CWD, type Fd, type Kernel, type SyscallError } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  CLONE_PARENT,
  O_RDONLY,
  PR_SET_DUMPABLE,
  PR_SET_PDEATHSIG,
  SIG_SETMASK,
  SIGKILL,
  SYS_clone3,
  SYS_close,
  SYS_prctl,
  SYS_rt_sigprocmask,
  SYS_write,
} from "../kernel/constants.ts";
import { close, openAt, read } from "../kernel/file.ts";
import { cloneArgs, exit, hideArguments, prctl } from "../kernel/process.ts";
import { type Procfs, readProc, selfName } from "../kernel/procfs.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";

/** Command line and environment of the runtime are not the container's to read. While the host's procfs and /dev/zero can be opened. */
export function hideOurselves(kernel: Kernel, proc: Procfs): void {
  const zeros = openAt(kernel, AT_CWD, "/dev/zero", O_RDONLY);
  hideArguments(kernel, readProc(kernel, proc, `${selfName(kernel, proc)}/stat`) ?? "", zeros);
  close(kernel, zeros);
}

/**
 * Makes the process that the container sees, a child of our parent's, tells its pid on `tell` and ends; returns in that process, once the parent
 * knows it.
 */
export function becomeVisible(kernel: Kernel, link: Fd, tell: Fd): void {
  // Ids that changed may have made us dumpable again (fs.suid_dumpable).
  prctl(kernel, PR_SET_DUMPABLE, 0, 0, 0, 0);
  const list = new CallList(kernel);
  list.add({}, SYS_close, tell);
  list.add({}, SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  list.add({}, SYS_rt_sigprocmask, SIG_SETMASK, new Uint8Array(8), 0, 8);
  const args = cloneArgs(BigInt(CLONE_PARENT), 0, undefined);
  const pid = kernel.host.clone(args, list.bytes(), list.slots, link);
  if (pid < 0) throw refused(kernel.failure(pid, SYS_clone3, args, args.length));
  if (pid > 0) {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setUint32(0, pid, true);
    kernel.call(SYS_write, tell, bytes, bytes.length);
    exit(kernel, 0);
  }
  // The parent has to know us before we go on: end of file says that it never will.
  if (read(kernel, link, 1).length === 0) exit(kernel, 1);
}

function refused({ code, call }: SyscallError): RuntimeError {
  return new RuntimeError({
    what: "make process",
    problem: `${code}: the kernel made none`,
    hint: code === "EAGAIN" ? "a limit on processes is reached (RLIMIT_NPROC, pids.max)" : undefined,
    step: "clone",
    call,
    errno: code,
  });
}
