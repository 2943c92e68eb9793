/** Running a program of the host to its end: ps (criu has criu-run.ts). Its child is a list of system calls, so that both hosts run it alike. */
import { AT_CWD, type Fd, type Kernel, type Pid } from "../kernel/call.ts";
import { CallList } from "../kernel/calls.ts";
import {
  O_RDONLY,
  SIG_SETMASK,
  SIGCHLD,
  SIGKILL,
  SIGSTOP,
  SYS_chdir,
  SYS_clone3,
  SYS_close_range,
  SYS_dup3,
  SYS_execve,
  SYS_read,
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
} from "../kernel/constants.ts";
import { close, openAt, pipe, readAll } from "../kernel/file.ts";
import { cloneArgs, killChild, stringTable, wait } from "../kernel/process.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";

/** A program and what surrounds it. */
export interface Program {
  /** For the error line: `ps "x"`. */
  what: string;
  /** Absolute path. */
  path: string;
  /** From argv[0] on. */
  args: readonly string[];
  /** All of its environment. */
  env: readonly string[];
  /** Its working directory; undefined: ours. */
  directory?: string;
}

/** How it ended, and all that it printed. */
export interface ProgramEnd {
  /** Exit status; 128 + signal. */
  status: number;
  /** Stdout and stderr as they came. */
  output: string;
}

/** Most that is taken of a program's output, bytes. */
const MAX_OUTPUT = 16 << 20;

/** Runs a program to its end, with nothing on its stdin. @throws RuntimeError when it cannot be run. */
export function runProgram(kernel: Kernel, program: Program): ProgramEnd {
  const [outputRead, outputWrite] = pipe(kernel);
  const [reportRead, reportWrite] = pipe(kernel);
  const input = openAt(kernel, AT_CWD, "/dev/null", O_RDONLY);
  try {
    let spawned: { pid: Pid; list: CallList };
    try {
      spawned = spawn(kernel, program, input, outputWrite, reportWrite);
    } finally {
      // Ours would keep the pipes from ever ending.
      for (const fd of [input, outputWrite, reportWrite]) close(kernel, fd);
    }
    return finish(kernel, program, spawned, outputRead, reportRead);
  } finally {
    for (const fd of [outputRead, reportRead]) close(kernel, fd);
  }
}

/** Reads all that it prints, then its status; it is reaped whatever happens. */
function finish(
  kernel: Kernel,
  program: Program,
  { pid, list }: { pid: Pid; list: CallList },
  output: Fd,
  report: Fd,
): ProgramEnd {
  let status = 0;
  let bytes: Uint8Array | undefined;
  try {
    checkStarted(kernel, program, list, report);
    bytes = readAll(kernel, output, MAX_OUTPUT);
    if (bytes === undefined) killChild(kernel, pid, SIGKILL);
  } finally {
    status = wait(kernel, pid, 0)?.status ?? 0;
  }
  if (bytes !== undefined) return { status, output: decode(bytes) };
  throw new RuntimeError({ what: program.what, problem: `${program.path} printed more than ${MAX_OUTPUT} bytes` });
}

/** The child's list: streams, nothing else open, default signals, execve. */
function spawn(kernel: Kernel, program: Program, input: Fd, output: Fd, report: Fd): { pid: Pid; list: CallList } {
  const list = new CallList(kernel);
  const byDefault = new Uint8Array(32);
  for (let signal = 1; signal <= 64; signal++) {
    if (signal !== SIGKILL && signal !== SIGSTOP) list.add({}, SYS_rt_sigaction, signal, byDefault, 0, 8);
  }
  list.add({}, SYS_dup3, input, 0, 0);
  list.add({}, SYS_dup3, output, 1, 0);
  list.add({}, SYS_dup3, output, 2, 0);
  if (report > 3) list.add({}, SYS_close_range, 3, report - 1, 0);
  list.add({}, SYS_close_range, report + 1, 0xffffffff, 0);
  list.add({}, SYS_rt_sigprocmask, SIG_SETMASK, new Uint8Array(8), 0, 8);
  if (program.directory !== undefined) list.add({}, SYS_chdir, program.directory);
  const args = stringTable(kernel, program.args);
  const env = stringTable(kernel, program.env);
  list.keep(args.keep, env.keep);
  list.add({}, SYS_execve, program.path, args.table, env.table);
  const clone = cloneArgs(0n, SIGCHLD, undefined);
  const result = kernel.host.clone(clone, list.bytes(), list.slots, report);
  if (result >= 0) return { pid: result as Pid, list };
  const { call, code } = kernel.failure(result, SYS_clone3, clone, clone.length);
  throw new RuntimeError({
    what: program.what,
    problem: `the kernel made no process for ${program.path}`,
    step: "program",
    call,
    errno: code,
  });
}

/** Reads the report: end of file once execve has succeeded. */
function checkStarted(kernel: Kernel, { what, path }: Program, list: CallList, report: Fd): void {
  const buffer = new Uint8Array(12);
  if (kernel.call(SYS_read, report, buffer, buffer.length) === 0) return;
  const view = viewOf(buffer);
  const failed = list.at(view.getInt32(4, true));
  const { call, code } = kernel.failure(-view.getInt32(8, true), failed?.number ?? SYS_execve, ...(failed?.args ?? []));
  throw new RuntimeError({ what, problem: `${code}: ${path} could not be run`, step: "program", call, errno: code });
}
