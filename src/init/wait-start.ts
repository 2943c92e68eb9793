/** From "created" to the user's program: the wait for start, its answer, execve. */
import type { ExecAnnouncement } from "../channel/message.ts";
import type { InitPlan, ProcessPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  EBADF,
  F_SETFD,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  SECCOMP_SET_MODE_FILTER,
  SIGPIPE,
  SIGXFSZ,
  SYS_close,
  SYS_close_range,
  SYS_execve,
  SYS_fcntl,
  SYS_rt_sigaction,
  SYS_seccomp,
} from "../kernel/constants.ts";
import { close, dup, open2, openAt, writeAll } from "../kernel/file.ts";
import { stringTable } from "../kernel/process.ts";
import { openPrivateProc, openProc, type Procfs, selfName } from "../kernel/procfs.ts";
import { filterProgram } from "../kernel/seccomp.ts";
import type { ErrorParts } from "../shared/error.ts";
import { twice } from "../shared/twice.ts";
import { filtersLast } from "./early-filter.ts";

/**
 * Our own directory in a procfs that no image can reach: exec.fifo was passed as O_PATH and is opened through its fd/N, labels are written
 * below it. Where a user namespace may not make one, through the host's, which must be opened before pivot_root.
 */
export function openSelf(kernel: Kernel, host: Procfs | undefined): Fd {
  const proc = host ?? openPrivateProc(kernel, true);
  try {
    const below = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
    return open2(kernel, proc, selfName(kernel, proc), O_PATH | O_DIRECTORY, below);
  } finally {
    close(kernel, proc);
  }
}

/** The host's /proc, for openSelf. */
export function hostProc(kernel: Kernel): Procfs {
  return openProc(kernel);
}

/** Waits until `start` opens the fifo for reading. Tried twice: without the fifo nobody could be told why it failed. */
export function waitForStart(kernel: Kernel, plan: InitPlan, own: Fd): Fd {
  const opened = twice(() => openAt(kernel, own, `fd/${plan.fifo}`, O_WRONLY));
  close(kernel, own);
  close(kernel, plan.fifo as Fd);
  return opened;
}

/**
 * Tells `start` that we are on the way. The fifo's end stays open, close-on-exec, just above the descriptors that the process gets: end of
 * file then says that execve succeeded.
 */
export function greetStart(kernel: Kernel, plan: ProcessPlan, opened: Fd): Fd {
  const fifo = dup(kernel, opened, 3 + plan.preserved, true);
  if (opened !== fifo) close(kernel, opened);
  writeAll(kernel, fifo, "0");
  return fifo;
}

/** Tells `start` why a step before the last calls failed. */
export function reportFailure(kernel: Kernel, fifo: Fd, parts: ErrorParts): void {
  writeAll(kernel, fifo, `${JSON.stringify({ error: parts })}\n`);
}

/** Tells `start` what the last calls are, so that it can word a native report of one of them. */
export function announceExec(kernel: Kernel, fifo: Fd, announcement: ExecAnnouncement): void {
  writeAll(kernel, fifo, `${JSON.stringify({ exec: announcement })}\n`);
}

/** What the last calls need, made beforehand: after the filter is loaded nothing may be allocated. */
export interface LastCalls {
  list: Uint8Array;
  slots: Uint8Array;
  keep: CallList;
  announcement: ExecAnnouncement;
}

/**
 * The last calls as one list: every signal to its default, all other descriptors closed (not only marked: args[0] may name one, fd.2),
 * the filter where no_new_privs allows it so late, execve. In one native call, so that a tight filter meets nothing of the engine's own.
 *
 * @param closing what to close one by one, where a filter that is loaded already refuses close_range (listForClosing).
 */
export function prepareExec(
  kernel: Kernel,
  plan: ProcessPlan,
  program: string,
  env: readonly string[],
  filter: Uint8Array | undefined,
  closing: readonly number[] | undefined,
): LastCalls {
  const list = new CallList(kernel);
  const byDefault = new Uint8Array(32);
  // create has set all others to their default; SIGPIPE is ours, SIGXFSZ Node's.
  for (const signal of [SIGPIPE, SIGXFSZ]) list.add({}, SYS_rt_sigaction, signal, byDefault, 0, 8);
  // What the process is meant to have must survive execve, whatever the caller (or Node at its start) marked.
  for (let fd = 0; fd < 3 + plan.preserved; fd++) list.add({ accept: EBADF }, SYS_fcntl, fd, F_SETFD, 0);
  if (closing === undefined) list.add({}, SYS_close_range, 4 + plan.preserved, 0xffffffff, 0);
  for (const fd of closing ?? []) list.add({ accept: EBADF }, SYS_close, fd);
  let filterIndex = -1;
  if (filtersLast(plan) && filter !== undefined) {
    filterIndex = list.length;
    list.add({}, SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan.seccompFlags, filterProgram(kernel, filter));
  }
  const args = stringTable(kernel, plan.args);
  const environment = stringTable(kernel, env);
  list.keep(args.keep, environment.keep);
  list.add({}, SYS_execve, program, args.table, environment.table);
  const { uid, cwd, hasSeccomp: filtered } = plan;
  const announcement = { program, uid, cwd, index: list.length - 1, filter: filterIndex, filtered };
  return { list: list.bytes(), slots: list.slots, keep: list, announcement };
}
