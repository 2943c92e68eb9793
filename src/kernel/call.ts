/** The gate that every system call passes, and the error of a call that failed. */
import { givenWords, type Host, type Word } from "../host/host.ts";
import { EINTR, ERRNO_NAMES, SYS_close } from "./constants.ts";

/** An open file descriptor. */
export type Fd = number & { readonly __brand: "fd" };
/** A process id as the caller's pid namespace numbers it. */
export type Pid = number & { readonly __brand: "pid" };

export const AT_CWD = -100 as Fd;

/** Words for a call and its arguments: kernel/decode.ts, loaded only when something failed or is traced. */
export type Describe = (number: number, args: readonly Word[]) => string;

/** A system call that failed: which, with what, and the errno. */
export class SyscallError extends Error {
  readonly number: number;
  readonly args: readonly Word[];
  /** Positive errno. */
  readonly errno: number;
  /** The call with decoded arguments: `openat2(3, "etc", {O_PATH, RESOLVE_IN_ROOT})`. */
  readonly call: string;
  /** `ENOENT`. */
  readonly code: string;

  constructor(number: number, args: readonly Word[], errno: number, call: string) {
    const code = errnoName(errno);
    super(`${call}: ${code}`);
    this.name = "SyscallError";
    this.number = number;
    this.args = args;
    this.errno = errno;
    this.call = call;
    this.code = code;
  }
}

/** Name of an errno: `ENOENT`. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
}

/** What the typed wrappers need: the host behind one gate. Passed as an argument, never global. */
export interface Kernel {
  readonly host: Host;
  /** Result of the call; throws SyscallError. EINTR is repeated. */
  call(number: number, a?: Word, b?: Word, c?: Word, d?: Word, e?: Word, f?: Word): number;
  /** Result of the call or -errno; EINTR is repeated. */
  attempt(number: number, a?: Word, b?: Word, c?: Word, d?: Word, e?: Word, f?: Word): number;
  /** The error for a result of `attempt`. */
  failure(result: number, number: number, ...args: Word[]): SyscallError;
}

/** Wraps a host. `describe` gives the words for errors. */
export function createKernel(host: Host, describe: Describe): Kernel {
  // Spelled out, and handed on as they are: a rest parameter makes an array at every hand-over, which costs more than most calls, of which a
  // container takes some hundred.
  function attempt(number: number, a?: Word, b?: Word, c?: Word, d?: Word, e?: Word, f?: Word): number {
    for (;;) {
      const result = host.syscall(number, a, b, c, d, e, f);
      // close(2) has closed even when it says EINTR: repeating it could close somebody else's descriptor.
      if (result !== -EINTR || number === SYS_close) return result;
    }
  }
  function failure(result: number, number: number, ...args: Word[]): SyscallError {
    return new SyscallError(number, args, -result, describe(number, args));
  }
  return {
    host,
    attempt,
    failure,
    call(number: number, a?: Word, b?: Word, c?: Word, d?: Word, e?: Word, f?: Word): number {
      let result = host.syscall(number, a, b, c, d, e, f);
      if (result >= 0) return result;
      if (result === -EINTR && number !== SYS_close) result = attempt(number, a, b, c, d, e, f);
      if (result >= 0) return result;
      throw failure(result, number, ...givenWords([a, b, c, d, e, f]));
    },
  };
}
