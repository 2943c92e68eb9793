/** Steps of init: a failed system call becomes an error that names the step, the call and the errno. */
import { SyscallError } from "../kernel/call.ts";
import { type ErrorParts, RuntimeError } from "../shared/error.ts";

/** What an error of a step is called when nothing better is known. */
export type Words = Pick<ErrorParts, "what" | "problem"> & Partial<Pick<ErrorParts, "where" | "hint">>;

/** Runs `body`; a SyscallError of it is thrown on as a RuntimeError with these words. */
export function step<T>(name: string, words: Words, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw withStep(name, words, error);
  }
}

/** The error of a step: errors that have their words keep them. */
export function withStep(name: string, words: Words, error: unknown): unknown {
  if (error instanceof RuntimeError) {
    return error.parts.step !== undefined ? error : new RuntimeError({ ...error.parts, step: name });
  }
  if (error instanceof SyscallError) {
    return new RuntimeError({ ...words, step: name, call: error.call, errno: error.code });
  }
  return error;
}

/** The kernel's sentence for an errno: said of exec, cwd and mounts alone, where managers' exit codes hang on it (USERS.md). */
export function sentence(code: string): string {
  return SENTENCES.get(code) ?? code;
}

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file or directory"],
  ["EACCES", "permission denied"],
  ["EPERM", "operation not permitted"],
  ["ENOTDIR", "not a directory"],
  ["EROFS", "read-only file system"],
  ["EINVAL", "invalid argument"],
  ["EBUSY", "device or resource busy"],
  ["ENODEV", "no such device"],
  ["ELOOP", "too many symbolic links"],
  ["ENOEXEC", "exec format error"],
  ["ENOMEM", "cannot allocate memory"],
]);
