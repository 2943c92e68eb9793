/**
 * Why execve failed: found by the parent after the failure, never guessed before it (DESIGN section 7). The kernel's errno is about the file,
 * its interpreter, its loader or its machine, and does not say which; so the file is looked at, as a hostile one: through one
 * descriptor of the container's root, never following a magic link, never opening what is no regular file (exec.3).
 */

import type { ExecAnnouncement } from "../channel/message.ts";
import { findInRoot } from "../init/root.ts";
import { sentence } from "../init/step.ts";
import { AT_CWD, errnoName, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  ARCH,
  EACCES,
  ENOENT,
  ENOEXEC,
  O_DIRECTORY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../kernel/constants.ts";
import { close, fileSystemOf, openAt, read, type Stat, stat } from "../kernel/file.ts";
import { openProc, selfName } from "../kernel/procfs.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { join } from "../shared/path.ts";
import { decode } from "../shared/text.ts";

/** What is known of a failed last list. */
export interface ExecFailure {
  announcement: ExecAnnouncement;
  /** Which call of the list. */
  index: number;
  errno: number;
  /** Host pid of the lingering init. */
  pid: number;
  rootfs: string;
}

const WHERE = "config.json#/process/args/0";
/** Mount flag of statfs(2), f_flags. */
const ST_NOEXEC = 8;
/** How much of a program is read: a shebang line, an ELF header with its program headers. */
const HEAD = 4096;

/** The error line for a failed execve (or for the filter before it). */
export function explainExec(kernel: Kernel, failure: ExecFailure): RuntimeError {
  const { announcement, errno } = failure;
  const code = errnoName(errno);
  if (failure.index === announcement.filter) {
    return new RuntimeError({
      what: "load seccomp filter",
      problem: `${code}: the kernel refused it`,
      where: "config.json#/linux/seccomp",
      step: "seccomp",
      call: "seccomp(SECCOMP_SET_MODE_FILTER)",
      errno: code,
    });
  }
  if (failure.index !== announcement.index) {
    return new RuntimeError({
      what: `exec ${JSON.stringify(announcement.program)}`,
      problem: `${code}: the kernel or the seccomp filter refused to close a descriptor or to reset a signal`,
      where: "config.json#/linux/seccomp",
      hint: "allow close, fcntl and rt_sigaction",
      step: "exec",
      call: `list[${failure.index}]`,
      errno: code,
    });
  }
  const root = openContainerRoot(kernel, failure);
  let cause: Cause = {};
  try {
    if (root !== undefined) cause = findCause(kernel, root, failure);
  } catch (error) {
    // A root that went away while it was looked at: the errno alone must do.
    if (!(error instanceof SyscallError)) throw error;
  } finally {
    if (root !== undefined) close(kernel, root);
  }
  return new RuntimeError({
    what: `exec ${JSON.stringify(announcement.program)}`,
    problem: `${sentence(code)}${cause.text === undefined ? "" : `: ${cause.text}`}`,
    where: WHERE,
    hint: cause.hint,
    step: "exec",
    call: `execve(${JSON.stringify(announcement.program)})`,
    errno: code,
  });
}

interface Cause {
  text?: string;
  hint?: string;
}

/** The container's root as its init sees it; when that is gone, the bundle's, which lacks the mounts. */
function openContainerRoot(kernel: Kernel, failure: ExecFailure): Fd | undefined {
  for (const path of [`/proc/${failure.pid}/root`, failure.rootfs]) {
    try {
      return openAt(kernel, AT_CWD, path, O_PATH | O_DIRECTORY);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
  }
  return undefined;
}

function findCause(kernel: Kernel, root: Fd, failure: ExecFailure): Cause {
  const { program, cwd } = failure.announcement;
  const path = program.startsWith("/") ? program : join(cwd, program);
  const file = findInRoot(kernel, root, path, O_PATH);
  if (file === undefined) return { text: "it is missing in the root" };
  let head: Uint8Array;
  try {
    const status = stat(kernel, file);
    const noexec = (fileSystemOf(kernel, file).flags & ST_NOEXEC) !== 0;
    if (failure.errno === EACCES) return explainAccess(status, noexec, failure.announcement.uid);
    if ((status.mode & S_IFMT) !== S_IFREG) return { text: "it is no regular file" };
    head = readHead(kernel, file);
  } finally {
    close(kernel, file);
  }
  if (failure.errno === ENOENT) return explainMissing(kernel, root, head);
  if (failure.errno === ENOEXEC) return explainFormat(head);
  return {};
}

function explainAccess(status: Stat, noexec: boolean, uid: number): Cause {
  if ((status.mode & S_IFMT) === S_IFDIR) return { text: "it is a folder, want a program" };
  if (noexec) return { text: "it lies on a mount with noexec, want one without", hint: "remove noexec from its mount" };
  const mode = (status.mode & 0o7777).toString(8).padStart(4, "0");
  return {
    text: `mode ${mode} owner ${status.uid}:${status.gid}, want x for uid ${uid} on the file and on the folders above it`,
  };
}

/** Of the very file that was looked at: its path may lead to a device by now, which the host's rules would let us open (exec.3). */
function readHead(kernel: Kernel, file: Fd): Uint8Array {
  const proc = openProc(kernel);
  try {
    const fd = openAt(kernel, proc, `${selfName(kernel, proc)}/fd/${file}`, O_RDONLY | O_NONBLOCK);
    try {
      return read(kernel, fd, HEAD);
    } finally {
      close(kernel, fd);
    }
  } finally {
    close(kernel, proc);
  }
}

/** ENOENT although the file is there: what it needs to run is missing. */
function explainMissing(kernel: Kernel, root: Fd, head: Uint8Array): Cause {
  const interpreter = shebang(head);
  if (interpreter !== undefined) {
    const windows = interpreter.endsWith("\r");
    if (findInRoot(kernel, root, windows ? interpreter.slice(0, -1) : interpreter) !== undefined && !windows) return {};
    return {
      text: `the file is present, its interpreter ${JSON.stringify(interpreter)} is missing${windows ? " (Windows line ends)" : ""}`,
      ...(windows ? { hint: "dos2unix" } : {}),
    };
  }
  const loader = elfLoader(head);
  if (loader !== undefined && findInRoot(kernel, root, loader) === undefined) {
    return {
      text: `the file is present, its loader ${JSON.stringify(loader)} is missing`,
      hint: "the image lacks that libc (musl or glibc), or link it statically",
    };
  }
  return {};
}

/** First word of a `#!` line, with the carriage return that Windows leaves. */
function shebang(head: Uint8Array): string | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const end = head.indexOf(0x0a);
  return decode(head.subarray(2, end < 0 ? head.length : end))
    .replace(/^[ \t]+/, "")
    .split(/[ \t]/)[0];
}

function isElf(head: Uint8Array): boolean {
  return head.length >= 64 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** PT_INTERP of a 64-bit little-endian ELF file (elf(5)). */
function elfLoader(head: Uint8Array): string | undefined {
  if (!isElf(head) || head[4] !== 2 || head[5] !== 1) return undefined;
  const view = viewOf(head);
  const table = view.getUint32(32, true);
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  for (let index = 0; index < count; index++) {
    const at = table + index * size;
    if (at + 40 > head.length) return undefined;
    if (view.getUint32(at, true) !== 3) continue;
    const from = view.getUint32(at + 8, true);
    const length = view.getUint32(at + 32, true);
    if (length < 1 || from + length > head.length) return undefined;
    return decode(head.subarray(from, from + length - 1));
  }
  return undefined;
}

/** e_machine of what people run (elf(5), linux/elf-em.h). */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, "i386"],
  [8, "mips"],
  [20, "ppc"],
  [21, "ppc64"],
  [22, "s390x"],
  [40, "arm"],
  [62, "x86_64"],
  [183, "aarch64"],
  [243, "riscv64"],
  [258, "loongarch64"],
]);

function explainFormat(head: Uint8Array): Cause {
  if (head.length === 0) return { text: "the file is empty, want a program" };
  if (isElf(head)) {
    const machine = viewOf(head).getUint16(18, head[5] !== 2);
    const name = MACHINES.get(machine) ?? `machine ${machine}`;
    if (name !== ARCH) return { text: `ELF for ${name}, want ${ARCH}, no binfmt_misc handler` };
    return { text: "a damaged ELF file, want a whole one" };
  }
  if (head[0] === 0x23 && head[1] === 0x21) return { text: "its interpreter line is broken, want #!/path" };
  return { text: "neither ELF nor #!, want one of them", hint: "a script begins with a line like #!/bin/sh" };
}
