/** Processes: clone3, waits, signals, identity of a running process. */
import type { Word } from "../host/host.ts";
import { concat, getU64, putU64, viewOf } from "../shared/bytes.ts";
import { encodeZ } from "../shared/text.ts";
import type { Fd, Kernel, Pid } from "./call.ts";
import {
  ECHILD,
  ESRCH,
  P_ALL,
  SFD_CLOEXEC,
  SIG_BLOCK,
  SIG_SETMASK,
  SIGKILL,
  SYS_execve,
  SYS_exit_group,
  SYS_getpid,
  SYS_kill,
  SYS_pidfd_open,
  SYS_pidfd_send_signal,
  SYS_prctl,
  SYS_read,
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
  SYS_setsid,
  SYS_signalfd4,
  SYS_wait4,
  SYS_waitid,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from "./constants.ts";

/** struct clone_args (clone3(2)): 88 bytes. */
export function cloneArgs(flags: bigint, exitSignal: number, cgroup: Fd | undefined): Uint8Array {
  const buffer = new Uint8Array(88);
  const view = viewOf(buffer);
  putU64(view, 0, flags);
  putU64(view, 32, exitSignal);
  if (cgroup !== undefined) putU64(view, 80, cgroup);
  return buffer;
}

/** A NULL-ended table of string addresses; `keep` must stay referenced until the call that reads it. */
export function stringTable(kernel: Kernel, strings: readonly string[]): { table: Uint8Array; keep: Uint8Array } {
  const encoded = strings.map(encodeZ);
  const keep = concat(encoded.length === 0 ? [new Uint8Array(1)] : encoded);
  const table = new Uint8Array((strings.length + 1) * 8);
  const view = viewOf(table);
  let address = kernel.host.addressOf(keep);
  encoded.forEach((bytes, index) => {
    putU64(view, index * 8, address);
    address += bytes.length;
  });
  return { table, keep };
}

/** execve(2): returns only -errno. */
export function execve(kernel: Kernel, path: string, argv: readonly string[], env: readonly string[]): number {
  const args = stringTable(kernel, argv);
  const environment = stringTable(kernel, env);
  const result = kernel.attempt(SYS_execve, path, args.table, environment.table);
  // The strings must live until here: the tables hold bare addresses.
  return args.keep.length + environment.keep.length > 0 ? result : result;
}

/** Ends the process at once, without libc's handlers. */
export function exit(kernel: Kernel, status: number): never {
  for (;;) kernel.host.syscall(SYS_exit_group, status);
}

export function getPid(kernel: Kernel): Pid {
  return kernel.call(SYS_getpid) as Pid;
}

/** prctl(2): result, or throws. */
export function prctl(kernel: Kernel, option: number, ...args: Word[]): number {
  const [a = 0, b = 0, c = 0, d = 0] = args;
  return kernel.call(SYS_prctl, option, a, b, c, d);
}

/** setsid(2): the caller's session, and with it its terminal, is left behind (console.3). */
export function newSession(kernel: Kernel): void {
  kernel.call(SYS_setsid);
}

/** kill(2) of a process that is our own unreaped child. False when it is gone. */
export function killChild(kernel: Kernel, pid: Pid, signal: number): boolean {
  return kernel.attempt(SYS_kill, pid, signal) >= 0;
}

/** Ends a child of ours that has not been reaped, and reaps it. */
export function killAndReap(kernel: Kernel, pid: Pid): void {
  killChild(kernel, pid, SIGKILL);
  wait(kernel, pid, 0);
}

/** pidfd_open(2), Linux 5.3; undefined when there is no such process. */
export function openPid(kernel: Kernel, pid: Pid): Fd | undefined {
  const result = kernel.attempt(SYS_pidfd_open, pid, 0);
  if (result === -ESRCH) return undefined;
  if (result < 0) throw kernel.failure(result, SYS_pidfd_open, pid, 0);
  return result as Fd;
}

/** pidfd_send_signal(2), Linux 5.1. False when the process has ended. */
export function signalPidfd(kernel: Kernel, pidfd: Fd, signal: number): boolean {
  const result = kernel.attempt(SYS_pidfd_send_signal, pidfd, signal, 0, 0);
  if (result === -ESRCH) return false;
  if (result < 0) throw kernel.failure(result, SYS_pidfd_send_signal, pidfd, signal, 0, 0);
  return true;
}

/** How a child ended: exit status, or signal. */
export interface Ended {
  pid: Pid;
  /** 0 to 255; 128 + signal when a signal ended it, as shells say. */
  status: number;
  signal: number | undefined;
}

/** wait4(2). `pid` -1: any child. `options`: WNOHANG, __WALL. undefined when none has ended, or there is no child. */
export function wait(kernel: Kernel, pid: Pid | -1, options: number): Ended | undefined {
  const buffer = new Uint8Array(4);
  const result = kernel.attempt(SYS_wait4, pid, buffer, options, 0);
  if (result === 0 || result === -ECHILD) return undefined;
  if (result < 0) throw kernel.failure(result, SYS_wait4, pid, buffer, options, 0);
  const word = viewOf(buffer).getUint32(0, true);
  const signal = word & 0x7f;
  return signal === 0
    ? { pid: result as Pid, status: (word >> 8) & 0xff, signal: undefined }
    : { pid: result as Pid, status: 128 + signal, signal };
}

/** Pid of a child that has ended, left to be reaped (waitid(2), WNOWAIT); undefined: none. */
export function endedChild(kernel: Kernel): Pid | undefined {
  const info = new Uint8Array(128);
  const result = kernel.attempt(SYS_waitid, P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT, 0);
  // si_pid, after signo, errno, code and padding.
  const pid = viewOf(info).getInt32(16, true);
  return result < 0 || pid === 0 ? undefined : (pid as Pid);
}

/** A kernel signal set: bit (n - 1) for signal n. */
export function signalSet(signals: readonly number[]): Uint8Array {
  const buffer = new Uint8Array(8);
  for (const signal of signals) {
    const at = (signal - 1) >> 3;
    buffer[at] = (buffer[at] as number) | (1 << ((signal - 1) & 7));
  }
  return buffer;
}

/** Blocks signals; returns the mask as it was. */
export function blockSignals(kernel: Kernel, signals: readonly number[]): Uint8Array {
  const before = new Uint8Array(8);
  kernel.call(SYS_rt_sigprocmask, SIG_BLOCK, signalSet(signals), before, 8);
  return before;
}

/** Sets the mask as it was. No failure: it follows work that is done, whose outcome it must not change. */
export function restoreSignals(kernel: Kernel, mask: Uint8Array): void {
  kernel.attempt(SYS_rt_sigprocmask, SIG_SETMASK, mask, 0, 8);
}

/** signalfd4(2): a descriptor that becomes readable when one of the (blocked) signals arrives. */
export function openSignals(kernel: Kernel, signals: readonly number[], flags = 0): Fd {
  return kernel.call(SYS_signalfd4, -1, signalSet(signals), 8, SFD_CLOEXEC | flags) as Fd;
}

/** Sets a signal's disposition: SIG_DFL (0) or SIG_IGN (1). */
export function setDisposition(kernel: Kernel, signal: number, handler: 0 | 1): void {
  const action = new Uint8Array(32);
  action[0] = handler;
  kernel.attempt(SYS_rt_sigaction, signal, action, 0, 8);
}

/** Sets every signal but `except` to its default: what the caller ignores would survive execve (user.7). */
export function resetDispositions(kernel: Kernel, except: readonly number[]): void {
  const action = new Uint8Array(32);
  for (let signal = 1; signal <= 64; signal++) {
    if (!except.includes(signal)) kernel.attempt(SYS_rt_sigaction, signal, action, 0, 8);
  }
}

/** Fields of /proc/PID/stat that are needed; the command may hold any byte, so fields count from the last `)` (proc(5)). */
export interface ProcessStat {
  state: string;
  /** PF_* flags, include/linux/sched.h. */
  flags: number;
  /** Clock ticks after boot, field 22. */
  startTime: number;
}

/** Parses the text of /proc/PID/stat. */
export function parseProcessStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "?", flags: Number(fields[6] ?? 0), startTime: Number(fields[19] ?? 0) };
}

/**
 * Overwrites what /proc/PID/cmdline and environ of this process show, which anybody in its pid namespace, or with CAP_PERFMON or
 * CAP_SYS_ADMIN (Linux 6.16), may read, dumpable or not. Only for a process that has its command line elsewhere.
 *
 * @param stat our own /proc/PID/stat.
 * @param zeros descriptor of /dev/zero. (PR_SET_MM would want CAP_SYS_RESOURCE.)
 */
export function hideArguments(kernel: Kernel, stat: string, zeros: Fd): void {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Fields 48 to 51 of proc_pid_stat(5), counted from 1, of which ours begin with the third: start and end of arguments and environment.
  for (const at of [45, 47]) {
    const [start, end] = [BigInt(fields[at] ?? 0), BigInt(fields[at + 1] ?? 0)];
    if (start > 0n && end > start) kernel.call(SYS_read, zeros, start, Number(end - start));
  }
}

/** The number in a slot of a list of calls. */
export function slotNumber(slots: Uint8Array, index: number): number {
  return getU64(viewOf(slots), index * 8);
}
