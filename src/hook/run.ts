/**
 * Running hooks (runtime-spec config.md#posix-platform-hooks): the state on stdin, a timeout, nothing else handed on (fd.5). The
 * child is a list of system calls, so that both hosts run hooks alike and a seccomp filter can be its last call before execve.
 */
import type { HookPlan } from "../config/plan-types.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import { monotonicMs } from "../kernel/clock.ts";
import {
  EAGAIN,
  EBADF,
  EPIPE,
  ESRCH,
  F_SETFL,
  O_NONBLOCK,
  O_WRONLY,
  POLLHUP,
  POLLIN,
  POLLOUT,
  SECCOMP_SET_MODE_FILTER,
  SIG_SETMASK,
  SIGCHLD,
  SIGKILL,
  SIGSTOP,
  SYS_chdir,
  SYS_clone3,
  SYS_close,
  SYS_close_range,
  SYS_dup3,
  SYS_execve,
  SYS_fcntl,
  SYS_kill,
  SYS_read,
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
  SYS_seccomp,
  SYS_setpgid,
  SYS_write,
} from "../kernel/constants.ts";
import { close, pipe, poll } from "../kernel/file.ts";
import { cloneArgs, openPid, stringTable, wait } from "../kernel/process.ts";
import { filterProgram } from "../kernel/seccomp.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode, encode } from "../shared/text.ts";

/** What surrounds the hooks of one kind. */
export interface HookContext {
  /** JSON of the container's state. */
  state: string;
  /** Working directory: the bundle in the runtime's namespaces, else undefined (as it is). */
  directory: string | undefined;
  /** Filter that each hook's child loads last (startContainer, under no_new_privs). */
  filter?: { program: Uint8Array; flags: number } | undefined;
  /** What the child closes one by one, where a filter that we run under refuses close_range. */
  closing?: readonly number[] | undefined;
}

/** How much of a hook's output is kept for the error line, bytes. */
const KEEP_OUTPUT = 2048;

/** Runs hooks one after the other. @throws RuntimeError of the first that fails. */
export function runHooks(kernel: Kernel, hooks: readonly HookPlan[], context: HookContext): void {
  for (const hook of hooks) runHook(kernel, hook, context);
}

/** Runs one hook to its end. */
export function runHook(kernel: Kernel, hook: HookPlan, context: HookContext): void {
  const [stateRead, stateWrite] = pipe(kernel);
  // Our end only: the hook must find an ordinary stdin.
  kernel.call(SYS_fcntl, stateWrite, F_SETFL, O_NONBLOCK | O_WRONLY);
  const [outputRead, outputWrite] = pipe(kernel);
  const [reportRead, reportWrite] = pipe(kernel);
  const started = monotonicMs(kernel);
  let spawned: { pid: Pid; list: CallList };
  try {
    spawned = spawn(kernel, hook, context, stateRead, outputWrite, reportWrite);
  } finally {
    for (const fd of [stateRead, outputWrite, reportWrite]) close(kernel, fd);
  }
  const child = { pid: spawned.pid, ended: false };
  const watch = new Watch(kernel, hook, context.state, stateWrite, outputRead);
  try {
    checkStarted(kernel, hook, child, spawned.list, reportRead);
    const status = watch.untilEnd(child, started);
    if (status === 0) return;
    const seconds = ((monotonicMs(kernel) - started) / 1000).toFixed(1);
    const how = status > 128 ? `signal ${status - 128}` : `exit ${status}`;
    throw hookError(hook, `${how} after ${seconds} s, want exit 0${watch.outputText()}`);
  } finally {
    if (!child.ended) {
      kernel.attempt(SYS_kill, -child.pid, SIGKILL);
      kernel.attempt(SYS_kill, child.pid, SIGKILL);
      wait(kernel, child.pid, 0);
    }
    watch.closeInput();
    for (const fd of [outputRead, reportRead]) close(kernel, fd);
  }
}

function hookError(hook: HookPlan, problem: string): RuntimeError {
  return new RuntimeError({ what: `hook ${hook.where} ${hook.path}`, problem, where: hook.where });
}

/** The child's list: own process group, streams, nothing else open, default signals, filter, execve. */
function spawn(
  kernel: Kernel,
  hook: HookPlan,
  context: HookContext,
  input: Fd,
  output: Fd,
  report: Fd,
): { pid: Pid; list: CallList } {
  const list = new CallList(kernel);
  const byDefault = new Uint8Array(32);
  for (let signal = 1; signal <= 64; signal++) {
    if (signal !== SIGKILL && signal !== SIGSTOP) list.add({}, SYS_rt_sigaction, signal, byDefault, 0, 8);
  }
  list.add({}, SYS_setpgid, 0, 0);
  list.add({}, SYS_dup3, input, 0, 0);
  list.add({}, SYS_dup3, output, 1, 0);
  list.add({}, SYS_dup3, output, 2, 0);
  // Only the report pipe stays, close-on-exec: its end of file says that the hook runs.
  if (context.closing === undefined) {
    if (report > 3) list.add({}, SYS_close_range, 3, report - 1, 0);
    list.add({}, SYS_close_range, report + 1, 0xffffffff, 0);
  } else {
    // The pipes are close-on-exec; a number of the list may have become one of them.
    for (const fd of context.closing) if (fd !== report) list.add({ accept: EBADF }, SYS_close, fd);
  }
  list.add({}, SYS_rt_sigprocmask, SIG_SETMASK, new Uint8Array(8), 0, 8);
  if (context.directory !== undefined) list.add({}, SYS_chdir, context.directory);
  const args = stringTable(kernel, hook.args);
  const env = stringTable(kernel, hook.env);
  list.keep(args.keep, env.keep);
  if (context.filter !== undefined) {
    list.add(
      {},
      SYS_seccomp,
      SECCOMP_SET_MODE_FILTER,
      context.filter.flags,
      filterProgram(kernel, context.filter.program),
    );
  }
  list.add({}, SYS_execve, hook.path, args.table, env.table);
  const clone = cloneArgs(0n, SIGCHLD, undefined);
  const result = kernel.host.clone(clone, list.bytes(), list.slots, report);
  if (result < 0) {
    const { call, code } = kernel.failure(result, SYS_clone3, clone, clone.length);
    throw new RuntimeError({
      what: `hook ${hook.where} ${hook.path}`,
      problem: "the kernel made no process for it",
      where: hook.where,
      step: "hook",
      call,
      errno: code,
    });
  }
  return { pid: result as Pid, list };
}

/** Reads the report: end of file once execve has succeeded. */
function checkStarted(
  kernel: Kernel,
  hook: HookPlan,
  child: { pid: Pid; ended: boolean },
  list: CallList,
  report: Fd,
): void {
  const buffer = new Uint8Array(12);
  const length = kernel.call(SYS_read, report, buffer, buffer.length);
  if (length === 0) return;
  const view = viewOf(buffer);
  wait(kernel, child.pid, 0);
  child.ended = true;
  const failed = list.at(view.getInt32(4, true));
  const failure = kernel.failure(-view.getInt32(8, true), failed?.number ?? SYS_execve, ...(failed?.args ?? []));
  throw new RuntimeError({
    what: `hook ${hook.where} ${hook.path}`,
    problem: `${failure.code}: it could not be run, want an executable file on the host`,
    where: `${hook.where}/path`,
    step: "hook",
    call: failure.call,
    errno: failure.code,
  });
}

/** Feeds and drains a running hook. */
class Watch {
  readonly #kernel: Kernel;
  readonly #hook: HookPlan;
  readonly #output: Fd;
  readonly #input: Fd;
  #rest: Uint8Array;
  #kept = new Uint8Array(0);
  #outputOpen = true;
  #inputOpen = true;

  constructor(kernel: Kernel, hook: HookPlan, state: string, input: Fd, output: Fd) {
    this.#kernel = kernel;
    this.#hook = hook;
    this.#rest = encode(state);
    this.#input = input;
    this.#output = output;
  }

  /** Waits for the hook's own process, however long its children keep the output open. Returns its status. */
  untilEnd(child: { pid: Pid; ended: boolean }, started: number): number {
    const pidfd = openPid(this.#kernel, child.pid);
    try {
      for (;;) {
        const events = poll(
          this.#kernel,
          [
            { fd: pidfd ?? (-1 as Fd), events: POLLIN },
            { fd: this.#rest.length > 0 ? this.#input : (-1 as Fd), events: POLLOUT },
            { fd: this.#outputOpen ? this.#output : (-1 as Fd), events: POLLIN },
          ],
          this.#remainingMs(started),
        );
        if ((events[1] ?? 0) !== 0) this.#feed();
        if ((events[2] ?? 0) !== 0) this.#drain(events[2] ?? 0);
        if ((events[0] ?? 0) !== 0) {
          const ended = wait(this.#kernel, child.pid, 0);
          child.ended = true;
          if (this.#outputOpen && (poll(this.#kernel, [{ fd: this.#output, events: POLLIN }], 0)[0] ?? 0) & POLLIN)
            this.#drain(POLLIN);
          return ended?.status ?? 0;
        }
      }
    } finally {
      if (pidfd !== undefined) close(this.#kernel, pidfd);
    }
  }

  outputText(): string {
    const text = decode(this.#kept).trim();
    return text === "" ? "" : `: ${quoteForeign(text)}`;
  }

  #remainingMs(started: number): number | undefined {
    if (this.#hook.timeout <= 0) return undefined;
    const rest = started + this.#hook.timeout * 1000 - monotonicMs(this.#kernel);
    if (rest <= 0)
      throw hookError(
        this.#hook,
        `still running after its timeout of ${this.#hook.timeout} s, want it ended${this.outputText()}`,
      );
    return Math.ceil(rest);
  }

  #feed(): void {
    const result = this.#kernel.attempt(SYS_write, this.#input, this.#rest, this.#rest.length);
    // A hook that does not read its stdin is no failure.
    if (result === -EPIPE || result === -ESRCH) this.#rest = new Uint8Array(0);
    else if (result >= 0) this.#rest = this.#rest.subarray(result);
    else if (result !== -EAGAIN)
      throw this.#kernel.failure(result, SYS_write, this.#input, this.#rest, this.#rest.length);
    if (this.#rest.length === 0) this.closeInput();
  }

  /** Closes the hook's stdin, once. */
  closeInput(): void {
    if (this.#inputOpen) close(this.#kernel, this.#input);
    this.#inputOpen = false;
  }

  #drain(events: number): void {
    const buffer = new Uint8Array(4096);
    const count = this.#kernel.attempt(SYS_read, this.#output, buffer, buffer.length);
    if (count <= 0) {
      // What it says is wanted for messages only: where it cannot be read it is not.
      if (count !== -EAGAIN || (events & POLLHUP) !== 0) this.#outputOpen = false;
      return;
    }
    const joined = new Uint8Array(this.#kept.length + count);
    joined.set(this.#kept);
    joined.set(buffer.subarray(0, count), this.#kept.length);
    this.#kept = joined.subarray(Math.max(0, joined.length - KEEP_OUTPUT));
  }
}

/**
 * Foreign text in an error line: managers look for words in it, so those that would change its class are hyphenated (USERS.md section 3).
 */
export function quoteForeign(text: string): string {
  const words =
    /no such file or directory|permission denied|operation not permitted|is a directory|not a directory|executable file not found|does not exist|not found|no such process|container not running/gi;
  return JSON.stringify(text.replace(words, (match) => match.replace(/ /g, "-")));
}
