/**
 * The only way to files of procfs (proc.1–4). A handle is a descriptor of a procfs root that was verified; every open below it refuses
 * to cross a mount or follow a link, so nothing that somebody put over a file of procfs can take its place (CVE-2025-52881).
 */
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import { AT_CWD, type Fd, type Kernel, type Pid, SyscallError } from "./call.ts";
import {
  ENOENT,
  ESRCH,
  EXDEV,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  NSFS_MAGIC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  PROC_SUPER_MAGIC,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "./constants.ts";
import {
  attemptOpen2,
  close,
  fileSystemOf,
  open2Failure,
  openAt,
  openIfPresent,
  readAll,
  readLinkAt,
  stat,
  writeOnce,
} from "./file.ts";
import { fsCreate, fsMount, fsOpen, fsSet } from "./mount.ts";

/** Descriptor of a verified procfs root. */
export type Procfs = Fd & { readonly __procfs: true };

const BELOW = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;

/** The host's /proc, verified to be the root of a procfs. */
export function openProc(kernel: Kernel): Procfs {
  const fd = openAt(kernel, AT_CWD, "/proc", O_PATH | O_DIRECTORY);
  // PROC_ROOT_INO is 1: a bind of a directory of procfs has another.
  if (fileSystemOf(kernel, fd).type !== PROC_SUPER_MAGIC || stat(kernel, fd).ino !== 1) {
    throw new RuntimeError({ what: "open /proc", problem: "found another file system, want procfs", where: "/proc" });
  }
  return fd as Procfs;
}

/** A procfs of our own that no path leads to (Linux 5.8 for subset=pid): for use inside a container. */
export function openPrivateProc(kernel: Kernel, pidsOnly: boolean): Procfs {
  const context = fsOpen(kernel, "proc");
  try {
    if (pidsOnly) fsSet(kernel, context, "subset", "pid");
    fsCreate(kernel, context);
    return fsMount(kernel, context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC) as Procfs;
  } finally {
    close(kernel, context);
  }
}

/** Opens a file below a handle; undefined when missing (also: process gone). */
export function openProcFile(kernel: Kernel, proc: Procfs, path: string, flags: number): Fd | undefined {
  const result = attemptOpen2(kernel, proc, path, flags, BELOW);
  if (result === -ENOENT || result === -ESRCH) return undefined;
  if (result === -EXDEV) {
    throw new RuntimeError({
      what: `open /proc/${path}`,
      problem: "something is mounted over it, want the kernel's own file",
      hint: "unmount it, or run outside of the container that masks it",
    });
  }
  if (result < 0) throw open2Failure(kernel, result, proc, path, flags, BELOW);
  const fd = result as Fd;
  if (fileSystemOf(kernel, fd).type !== PROC_SUPER_MAGIC) {
    throw new RuntimeError({ what: `open /proc/${path}`, problem: "found a file of another file system, want procfs" });
  }
  return fd;
}

/** Name of this process's directory below the handle, as that procfs numbers it. */
export function selfName(kernel: Kernel, proc: Procfs): string {
  return readLinkAt(kernel, proc, "self") ?? "self";
}

/**
 * Text of a file below the handle; undefined when missing (also: its process gone, before or after the open).
 *
 * @param plain it has a single record (readAll).
 */
export function readProc(
  kernel: Kernel,
  proc: Procfs,
  path: string,
  limit = 1 << 22,
  plain = false,
): string | undefined {
  const fd = openProcFile(kernel, proc, path, O_RDONLY);
  if (fd === undefined) return undefined;
  try {
    return decode(readAll(kernel, fd, limit, plain) ?? new Uint8Array(0));
  } catch (error) {
    // The file of a process that was reaped since it was opened.
    if (error instanceof SyscallError && error.code === "ESRCH") return undefined;
    throw error;
  } finally {
    close(kernel, fd);
  }
}

/**
 * A namespace of a process, by its name below /proc/PID/ns. The last step is a magic link and cannot be refused as the others are: what it leads
 * to is checked. Undefined when the process is gone.
 */
export function openProcNamespace(kernel: Kernel, proc: Procfs, pid: Pid | string, name: string): Fd | undefined {
  const folder = attemptOpen2(kernel, proc, `${pid}/ns`, O_PATH | O_DIRECTORY, BELOW);
  if (folder === -ENOENT || folder === -ESRCH) return undefined;
  if (folder < 0) throw open2Failure(kernel, folder, proc, `${pid}/ns`, O_PATH | O_DIRECTORY, BELOW);
  try {
    const fd = openIfPresent(kernel, folder as Fd, name, O_RDONLY);
    if (fd !== undefined && fileSystemOf(kernel, fd).type !== NSFS_MAGIC) {
      throw new RuntimeError({ what: `open /proc/${pid}/ns/${name}`, problem: "found a file, want a namespace" });
    }
    return fd;
  } finally {
    close(kernel, folder as Fd);
  }
}

/** Writes a value in one call (proc.4). */
export function writeProc(kernel: Kernel, proc: Procfs, path: string, value: string): void {
  const fd = openProcFile(kernel, proc, path, O_WRONLY);
  if (fd === undefined)
    throw new RuntimeError({ what: `write /proc/${path}`, problem: "the kernel has no such file", errno: "ENOENT" });
  try {
    writeOnce(kernel, fd, value);
  } finally {
    close(kernel, fd);
  }
}
