/** Runs criu(8) to its end. */

import { quoteForeign } from "../hook/run.ts";
import { AT_CWD, type Fd, type Kernel, type Pid } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  CLONE_NEWNS,
  MS_BIND,
  MS_REC,
  MS_SLAVE,
  O_NONBLOCK,
  O_RDONLY,
  POLLIN,
  SIG_SETMASK,
  SIGCHLD,
  SIGKILL,
  SIGSTOP,
  SYS_clone3,
  SYS_close_range,
  SYS_dup3,
  SYS_execve,
  SYS_mount,
  SYS_read,
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
  SYS_setpgid,
  SYS_unshare,
  SYS_write,
} from "../kernel/constants.ts";
import { close, dupAbove, openAt, pipe, poll, readAll, statIfPresent } from "../kernel/file.ts";
import { cloneArgs, openPid, stringTable, wait } from "../kernel/process.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import { causeInLog } from "./criu-args.ts";

/** Where criu is looked for. */
const PATHS = ["/usr/local/sbin/criu", "/usr/local/bin/criu", "/usr/sbin/criu", "/usr/bin/criu", "/sbin/criu"];
/** criu runs ip, iptables-restore and others by name. */
const ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
/** How much is kept of what criu prints before it has a log, bytes. */
const KEEP_OUTPUT = 4096;
/** Longest log that is looked at, bytes (input.1). */
const MAX_LOG = 64 << 20;
/** Descriptors of the child from here on are ours to hand to criu: below it opens its own. */
export const FIRST_HANDED = 20;

/** A run of criu. */
export interface CriuRun {
  /** `checkpoint "x"`, for errors. */
  what: string;
  program: string;
  words: readonly string[];
  /** Full path of its log. */
  log: string;
  /** cgroup.procs files, open for writing, that criu joins: what it makes is where it is. */
  cgroups: readonly Fd[];
  /** A folder that is bound onto itself in a mount namespace of criu's own: criu wants a mount as the new root. */
  mountRoot: string | undefined;
  /** Descriptors to hand on: from ours to the number in the words. */
  handed: readonly { from: Fd; to: number }[];
  /** It stays in our process group: a shell's job shares its terminal. */
  sameGroup: boolean;
}

/** Path of the criu program. @throws RuntimeError when it is not installed. */
export function findCriu(kernel: Kernel, what: string): string {
  const found = PATHS.find((path) => statIfPresent(kernel, AT_CWD, path, true) !== undefined);
  if (found !== undefined) return found;
  throw new RuntimeError({ what, problem: "criu is not installed, want it for this command" });
}

/**
 * Runs criu and waits for its end, without a bound: how long it takes depends on the container's memory.
 *
 * @throws RuntimeError with what its log says.
 */
export function runCriu(kernel: Kernel, run: CriuRun): void {
  const [outputRead, outputWrite] = pipe(kernel);
  const [reportRead, reportWrite] = pipe(kernel);
  // Above all numbers that the child gives away.
  const output = dupAbove(kernel, outputWrite, 100);
  const report = dupAbove(kernel, reportWrite, 100);
  const moved = run.handed.map(({ from, to }) => ({ from: dupAbove(kernel, from, 100), to }));
  let child: { pid: Pid; list: CallList };
  try {
    child = spawn(kernel, run, moved, output, report);
  } finally {
    for (const fd of [outputWrite, reportWrite, output, report, ...moved.map(({ from }) => from)]) close(kernel, fd);
  }
  try {
    const printed = drain(kernel, child.pid, outputRead);
    const status = wait(kernel, child.pid, 0)?.status ?? 0;
    checkStarted(kernel, run, child.list, reportRead);
    if (status === 0) return;
    const how = status > 128 ? `signal ${status - 128}` : `exit ${status}`;
    const said = causeInLog(readLog(kernel, run.log) ?? "") || printed;
    throw new RuntimeError({
      what: run.what,
      problem: `criu failed: ${how}, want exit 0: ${quoteForeign(said)}`,
      where: run.log,
    });
  } finally {
    for (const fd of [outputRead, reportRead]) close(kernel, fd);
  }
}

/** The child's list: default signals, streams, cgroups, mount namespace, nothing else open, execve. */
function spawn(
  kernel: Kernel,
  run: CriuRun,
  handed: readonly { from: Fd; to: number }[],
  output: Fd,
  report: Fd,
): { pid: Pid; list: CallList } {
  const list = new CallList(kernel);
  const byDefault = new Uint8Array(32);
  for (let signal = 1; signal <= 64; signal++)
    if (signal !== SIGKILL && signal !== SIGSTOP) list.add({}, SYS_rt_sigaction, signal, byDefault, 0, 8);
  if (!run.sameGroup) list.add({}, SYS_setpgid, 0, 0);
  for (const fd of run.cgroups) list.add({}, SYS_write, fd, "0", 1);
  if (run.mountRoot !== undefined) {
    list.add({}, SYS_unshare, CLONE_NEWNS);
    list.add({}, SYS_mount, 0, "/", 0, MS_REC | MS_SLAVE, 0);
    list.add({}, SYS_mount, run.mountRoot, run.mountRoot, 0, MS_BIND | MS_REC, 0);
  }
  list.add({}, SYS_dup3, output, 1, 0);
  list.add({}, SYS_dup3, output, 2, 0);
  for (const { from, to } of handed) list.add({}, SYS_dup3, from, to, 0);
  const end = Math.max(2, ...handed.map(({ to }) => to)) + 1;
  list.add({}, SYS_close_range, 3, FIRST_HANDED - 1, 0);
  list.add({}, SYS_close_range, Math.max(end, FIRST_HANDED), report - 1, 0);
  list.add({}, SYS_close_range, report + 1, 0xffffffff, 0);
  list.add({}, SYS_rt_sigprocmask, SIG_SETMASK, new Uint8Array(8), 0, 8);
  const args = stringTable(kernel, ["criu", ...run.words]);
  const env = stringTable(kernel, ENVIRONMENT);
  list.keep(args.keep, env.keep);
  list.add({}, SYS_execve, run.program, args.table, env.table);
  const clone = cloneArgs(0n, SIGCHLD, undefined);
  const result = kernel.host.clone(clone, list.bytes(), list.slots, report);
  if (result < 0) throw kernel.failure(result, SYS_clone3, clone, clone.length);
  return { pid: result as Pid, list };
}

/** Reads what criu prints until it has ended (what it leaves behind may hold the pipe open). Returns the last of it. */
function drain(kernel: Kernel, pid: Pid, output: Fd): string {
  const pidfd = openPid(kernel, pid);
  let kept = "";
  for (let open = true; ; ) {
    const events = poll(
      kernel,
      [
        { fd: pidfd ?? (-1 as Fd), events: POLLIN },
        { fd: open ? output : (-1 as Fd), events: POLLIN },
      ],
      undefined,
    );
    if ((events[1] ?? 0) !== 0) {
      const buffer = new Uint8Array(4096);
      const count = kernel.attempt(SYS_read, output, buffer, buffer.length);
      open = count > 0;
      if (open) kept = (kept + decode(buffer.subarray(0, count))).slice(-KEEP_OUTPUT);
    } else if ((events[0] ?? 0) !== 0) break;
  }
  if (pidfd !== undefined) close(kernel, pidfd);
  return kept.trim();
}

/** The report pipe holds 12 bytes when a call of the list has failed. */
function checkStarted(kernel: Kernel, run: CriuRun, list: CallList, report: Fd): void {
  const buffer = new Uint8Array(12);
  if (kernel.call(SYS_read, report, buffer, buffer.length) < buffer.length) return;
  const view = viewOf(buffer);
  const failed = list.at(view.getInt32(4, true));
  const failure = kernel.failure(-view.getInt32(8, true), failed?.number ?? SYS_execve, ...(failed?.args ?? []));
  throw new RuntimeError({
    what: run.what,
    problem: `${failure.code}: criu could not be run`,
    where: run.program,
    step: "criu",
    call: failure.call,
    errno: failure.code,
  });
}

function readLog(kernel: Kernel, path: string): string | undefined {
  if (statIfPresent(kernel, AT_CWD, path, true) === undefined) return undefined;
  const fd = openAt(kernel, AT_CWD, path, O_RDONLY | O_NONBLOCK);
  try {
    const bytes = readAll(kernel, fd, MAX_LOG);
    return bytes === undefined ? undefined : decode(bytes);
  } finally {
    close(kernel, fd);
  }
}
