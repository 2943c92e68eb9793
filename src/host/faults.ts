/**
 * The fault-injecting host (test build only): counts every call of this process, and makes one of them fail. A call is named by role and
 * number: `main:17` is the eighteenth call of the command, `init:3` the fourth of the container's init, whose list of calls as data counts too.
 */
import type { Host, Word } from "./host.ts";

/** What happens to one call. */
export interface Fault {
  role: "main" | "init";
  call: number;
  /** Positive errno with which it fails; 0: the process is killed in its place. */
  errno: number;
}

/** Values of native/common/raw.c. */
const LIST_KILL = -4096;
const LIST_INTERRUPT = 2 ** 20;
const EINTR = 4;
const RECORD = 80;
const EVERYTHING = 0xffffffff;

/** What the wrapper needs beside the host. */
export interface FaultTools {
  numbers: { kill: number; getpid: number; write: number; close_range: number; exit_group: number };
  nameOf(number: number): string;
  /** Descriptor of the record of calls; undefined: none is kept. */
  log: number | undefined;
  encode(text: string): Uint8Array;
}

/** Wraps a host. */
export function faultHost(inner: Host, fault: Fault | undefined, tools: FaultTools): Host {
  const { numbers } = tools;
  let role: Fault["role"] = "main";
  let count = 0;

  function note(name: string, at: string, index: number): void {
    if (tools.log === undefined) return;
    const line = tools.encode(`${at} ${index} ${name}\n`);
    inner.syscall(numbers.write, tools.log, line, line.length);
  }
  function die(): void {
    inner.syscall(numbers.kill, inner.syscall(numbers.getpid), 9);
  }
  /** Whether the fault is this call's. EINTR comes once: the repeated call is another one. */
  function isDue(index: number): boolean {
    return fault !== undefined && fault.role === role && fault.call === index;
  }
  /** Writes the fault into a list, whose calls count for `owner`, beginning with `first`. */
  function mark(calls: Uint8Array, owner: Fault["role"], first: number): void {
    const view = new DataView(calls.buffer, calls.byteOffset, calls.byteLength);
    for (let at = 0; at + RECORD <= calls.length; at += RECORD) {
      const number = view.getUint32(at, true);
      const index = first + at / RECORD;
      note(`list:${tools.nameOf(number)}`, owner, index);
      // The record of calls must outlive init's closing of descriptors; what is above 1000 is closed before execve all the same.
      if (tools.log !== undefined && number === numbers.close_range && view.getUint32(at + 16, true) === EVERYTHING) {
        view.setBigUint64(at + 16, 1000n, true);
      }
      if (fault === undefined || fault.role !== owner || fault.call !== index) continue;
      const value = fault.errno === 0 ? LIST_KILL : fault.errno === EINTR ? number + LIST_INTERRUPT : -fault.errno;
      view.setBigInt64(at, BigInt(value), true);
    }
  }

  return {
    addressOf: (memory) => inner.addressOf(memory),
    syscall(number: number, ...args: Word[]): number {
      const index = count++;
      note(tools.nameOf(number), role, index);
      // The end of a process is no call that could fail.
      if (!isDue(index) || (number === numbers.exit_group && fault?.errno !== 0)) return inner.syscall(number, ...args);
      if (fault?.errno === 0) die();
      return -(fault?.errno ?? 0);
    },
    clone(args: Uint8Array, calls: Uint8Array, slots: Uint8Array, report: number): number {
      const here = args.length === 0;
      const index = count++;
      note(here ? "list" : "clone3", role, index);
      if (isDue(index) && !here) {
        if (fault?.errno === 0) die();
        return -(fault?.errno ?? 0);
      }
      mark(calls, here ? role : "init", here ? count : 0);
      const result = inner.clone(args, calls, slots, report);
      if (result === 0 && !here) {
        role = "init";
        count = calls.length / RECORD;
      }
      return result;
    },
  };
}
