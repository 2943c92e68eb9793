/**
 * The one FFI seam. Everything native that the runtime needs is these three members; all else is TypeScript over typed buffers. (What the engine
 * host has besides, text to bytes and back, is there for speed: shared/text.ts has it in TypeScript as well.)
 */

/** An argument of a system call: an integer, a string (sent as UTF-8 with a closing NUL) or memory (its address is sent). */
export type Word = number | bigint | string | Uint8Array;

export interface Host {
  /**
   * libc's `syscall`: result, or -errno taken in the same native call. Never throws for what the kernel answers.
   * Arguments end at the first that is undefined, so that the gate (kernel/call.ts) need not count them.
   * Throws TypeError for a string that holds NUL (input.2).
   */
  syscall(number: number, ...args: (Word | undefined)[]): number;

  /** Address of the first byte of `memory`: 47 bits, valid while `memory` is referenced. */
  addressOf(memory: Uint8Array): number;

  /**
   * clone3(2); the child first runs `calls`, which are data (calls.ts writes them).
   *
   * @param args struct clone_args, 88 bytes; of length 0: no new process, the list runs here.
   * @param calls records of 80 bytes, native/common/raw.h.
   * @param slots 64-bit words that calls read and write.
   * @param report descriptor on which a failing child says {0xffffffff, index, errno} before it exits with 127.
   * @returns pid or -errno; 0 in the child when its list has run out (only where the host need not be executed anew).
   */
  clone(args: Uint8Array, calls: Uint8Array, slots: Uint8Array, report: number): number;
}

/** The arguments that a call has: those before the first that is undefined. */
export function givenWords(args: readonly (Word | undefined)[]): Word[] {
  const end = args.indexOf(undefined);
  return (end < 0 ? args : args.slice(0, end)) as Word[];
}
