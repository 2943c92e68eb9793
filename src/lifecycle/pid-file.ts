/** The pid file: decimal digits, no newline (go-runc parses the whole file), complete before it has its name (input.4). */
import { AT_CWD, type Kernel, SyscallError } from "../kernel/call.ts";
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, SYS_renameat2, SYS_unlinkat } from "../kernel/constants.ts";
import { close, openAt, writeAll } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { basename, dirname } from "../shared/path.ts";

/** Writes it beside its place and renames it: no link there is followed, no reader sees half of it. */
export function writePidFile(kernel: Kernel, path: string, pid: number): void {
  const temporary = `${dirname(path)}/.${basename(path)}.${pid}`;
  try {
    const fd = openAt(kernel, AT_CWD, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      writeAll(kernel, fd, String(pid));
      kernel.call(SYS_renameat2, AT_CWD, temporary, AT_CWD, path, 0);
    } catch (error) {
      kernel.attempt(SYS_unlinkat, AT_CWD, temporary, 0);
      throw error;
    } finally {
      close(kernel, fd);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "write pid file",
      problem: `${error.code}: want a path in a folder that is there and may be written`,
      where: `--pid-file ${path}`,
      step: "pid-file",
      call: error.call,
      errno: error.code,
    });
  }
}

/** Takes a pid file back: its container was given up. */
export function removePidFile(kernel: Kernel, path: string): void {
  kernel.attempt(SYS_unlinkat, AT_CWD, path, 0);
}
