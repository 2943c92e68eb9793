/** The gate that every system call passes, and the error of a call that failed. */
import type { Host, Word } from "../host/host.ts";
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
  call(number: number, ...args: Word[]): number;
  /** Result of the call or -errno; EINTR is repeated. */
  attempt(number: number, ...args: Word[]): number;
  /** The error for a result of `attempt`. */
  failure(result: number, number: number, ...args: Word[]): SyscallError;
}

/** Wraps a host. `describe` gives the words for errors. */
export function createKernel(host: Host, describe: Describe): Kernel {
  function attempt(number: number, ...args: Word[]): number {
    for (;;) {
      const result = host.syscall(number, ...args);
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
    call(number: number, ...args: Word[]): number {
      const result = attempt(number, ...args);
      if (result < 0) throw failure(result, number, ...args);
      return result;
    },
  };
}
