/**
 * The fault-injecting host (test build only): counts every call of this process, and makes one of them fail. A call is named by role and
 * number: `main:17` is the eighteenth call of the command, `init:3` the fourth of the container's init, or of exec's stage, whose list of calls
 * as data counts too, and `joined:3` that of the process which this stage makes. The lists of the hooks that either runs count for themselves, as `main-hook:0` and so on, over all hooks of that process.
 */
import { givenWords, type Host, type Word } from "./host.ts";

/** Whose call it is. */
export type FaultRole = "main" | "init" | "joined" | "main-hook" | "init-hook" | "joined-hook";

/** What happens to one call. */
export interface Fault {
  role: FaultRole;
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
  numbers: Record<"kill" | "getpid" | "write" | "close" | "close_range" | "execve" | "exit_group", number>;
  describeCall(number: number, args: readonly Word[]): string;
  /** Descriptor of the record of calls; undefined: none is kept. */
  log: number | undefined;
  encode(text: string): Uint8Array;
}

/** Words of a record: its arguments, addresses and slot numbers as they are. */
function recordArgs(view: DataView, at: number): bigint[] {
  return Array.from({ length: 6 }, (_, index) => view.getBigInt64(at + 8 + index * 8, true));
}

/** Wraps a host. */
export function faultHost(inner: Host, fault: Fault | undefined, tools: FaultTools): Host {
  const { numbers } = tools;
  let role: "main" | "init" | "joined" = "main";
  let count = 0;
  let hookCount = 0;

  /** Without a fault every call is written down; with one only the call that it hit: numbers shift a little from run to run. */
  function note(owner: FaultRole, index: number, text: string): void {
    if (tools.log === undefined || (fault !== undefined && !isDue(owner, index))) return;
    const line = tools.encode(`${owner} ${index} ${text}\n`);
    inner.syscall(numbers.write, tools.log, line, line.length);
  }
  /** The answer of a call that fails; for KILL the process ends here. Pid 1 of a namespace is deaf to its own signals: it exits, without a word. */
  function fail(): number {
    if (fault?.errno === 0) {
      inner.syscall(numbers.kill, inner.syscall(numbers.getpid), 9);
      inner.syscall(numbers.exit_group, 137);
    }
    return -(fault?.errno ?? 0);
  }
  function isDue(owner: FaultRole, index: number): boolean {
    return fault !== undefined && fault.role === owner && fault.call === index;
  }
  /** Writes the fault into a list, whose calls count for `owner`, beginning with `first`. */
  function mark(calls: Uint8Array, owner: FaultRole, first: number): void {
    const view = new DataView(calls.buffer, calls.byteOffset, calls.byteLength);
    for (let at = 0; at + RECORD <= calls.length; at += RECORD) {
      const number = view.getUint32(at, true);
      const index = first + at / RECORD;
      if (tools.log !== undefined) note(owner, index, `list ${tools.describeCall(number, recordArgs(view, at))}`);
      // The record of calls must outlive init's closing of descriptors; it is close-on-exec all the same.
      if (tools.log !== undefined && number === numbers.close_range && view.getUint32(at + 16, true) === EVERYTHING) {
        view.setBigUint64(at + 16, 1000n, true);
      }
      if (fault === undefined || !isDue(owner, index)) continue;
      const value = fault.errno === 0 ? LIST_KILL : fault.errno === EINTR ? number + LIST_INTERRUPT : -fault.errno;
      view.setBigInt64(at, BigInt(value), true);
    }
  }
  /** Whether a list ends in execve: then its child is a hook. */
  function isHook(calls: Uint8Array): boolean {
    const last = calls.length - RECORD;
    return (
      last >= 0 &&
      new DataView(calls.buffer, calls.byteOffset, calls.byteLength).getUint32(last, true) === numbers.execve
    );
  }

  return {
    addressOf: (memory) => inner.addressOf(memory),
    syscall(number: number, ...words: (Word | undefined)[]): number {
      const args = givenWords(words);
      const index = count++;
      if (tools.log !== undefined) note(role, index, tools.describeCall(number, args));
      // The end of a process is no call that could fail.
      if (!isDue(role, index) || (number === numbers.exit_group && fault?.errno !== 0)) {
        return inner.syscall(number, ...args);
      }
      // close(2) has closed whatever it answers: a descriptor that stays would be a fault that no kernel makes.
      if (number === numbers.close && fault?.errno !== 0) inner.syscall(number, ...args);
      return fail();
    },
    clone(args: Uint8Array, calls: Uint8Array, slots: Uint8Array, report: number): number {
      const records = calls.length / RECORD;
      if (args.length === 0) {
        mark(calls, role, count);
        count += records;
        return inner.clone(args, calls, slots, report);
      }
      const index = count++;
      note(role, index, "clone3");
      if (isDue(role, index)) return fail();
      if (isHook(calls)) {
        mark(calls, `${role}-hook`, hookCount);
        hookCount += records;
        return inner.clone(args, calls, slots, report);
      }
      const child = role === "main" ? "init" : "joined";
      mark(calls, child, 0);
      const result = inner.clone(args, calls, slots, report);
      if (result === 0) {
        role = child;
        count = records;
        hookCount = 0;
      }
      return result;
    },
  };
}
