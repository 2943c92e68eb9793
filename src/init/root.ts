/**
 * Names inside the root file system. They belong to the image and are hostile: every one is resolved by openat2 below the root's descriptor
 * (path.1), what is missing is made one component at a time (path.2), and the answer is a descriptor (path.3).
 */
import type { Fd, Kernel } from "../kernel/call.ts";
import {
  EEXIST,
  ELOOP,
  ENOENT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  PROC_SUPER_MAGIC,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  S_IFREG,
  SYS_mkdirat,
  SYS_mknodat,
} from "../kernel/constants.ts";
import { attemptOpen2, close, fileSystemOf, open2, open2Failure, openAt, readLinkAt } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { basename, clean, dirname, join } from "../shared/path.ts";

const INSIDE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
/** Links that are followed by hand while something missing is made; the kernel's own bound for a path. */
const MAX_LINKS = 40;

/** An O_PATH descriptor of what `path` names inside the root; undefined when missing. */
export function findInRoot(kernel: Kernel, root: Fd, path: string, flags = O_PATH): Fd | undefined {
  const result = attemptOpen2(kernel, root, path, flags, INSIDE);
  if (result === -ENOENT) return undefined;
  if (result < 0) throw open2Failure(kernel, result, root, path, flags, INSIDE);
  return result as Fd;
}

/** As findInRoot for a path that must be made of real directories: a link in it is an error before anything is made (path.5). */
export function findReal(kernel: Kernel, root: Fd, path: string): Fd | undefined {
  // Without O_NOFOLLOW: with it a link in the last place would be opened itself (openat2(2)), not refused.
  const flags = O_PATH;
  const result = attemptOpen2(kernel, root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
  if (result === -ENOENT) return undefined;
  if (result === -ELOOP) {
    throw new RuntimeError({
      what: `open ${path} in the root`,
      problem: "found a symbolic link, want a real directory",
      where: path,
      hint: "the image must not make it a link",
    });
  }
  if (result < 0) throw open2Failure(kernel, result, root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
  return result as Fd;
}

/** Finds `path` inside the root or makes it, as directory or as empty file, with missing parents (mode 0755, files 0644 before umask 0). */
export function ensureInRoot(kernel: Kernel, root: Fd, path: string, directory: boolean, links = 0): Fd {
  const wanted = clean(`/${path}`);
  const found = findInRoot(kernel, root, wanted);
  if (found !== undefined) return found;
  if (links > MAX_LINKS) {
    throw new RuntimeError({
      what: `make ${path} in the root`,
      problem: "found too many symbolic links, want fewer than 40",
      where: path,
    });
  }
  const parent = ensureInRoot(kernel, root, dirname(wanted), true, links);
  try {
    const name = basename(wanted);
    const result = directory
      ? kernel.attempt(SYS_mkdirat, parent, name, 0o755)
      : kernel.attempt(SYS_mknodat, parent, name, S_IFREG | 0o644, 0);
    if (result === -EEXIST) {
      // It was missing when resolved and exists now: a dangling link, whose target is made inside the root, or somebody was faster.
      const target = readLinkAt(kernel, parent, name);
      // A magic link that our own descriptor brought to life: its text names nothing that the config could mean (CVE-2024-21626).
      if (target !== undefined && fileSystemOf(kernel, parent).type === PROC_SUPER_MAGIC)
        throw kernel.failure(-ELOOP, SYS_mkdirat, parent, name, 0o755);
      if (target === undefined) return openAt(kernel, parent, name, O_PATH | O_NOFOLLOW);
      const next = target.startsWith("/") ? target : join(dirname(wanted), target);
      return ensureInRoot(kernel, root, next, directory, links + 1);
    }
    if (result < 0) {
      throw directory
        ? kernel.failure(result, SYS_mkdirat, parent, name, 0o755)
        : kernel.failure(result, SYS_mknodat, parent, name, S_IFREG | 0o644, 0);
    }
    return openAt(kernel, parent, name, O_PATH | O_NOFOLLOW | (directory ? O_DIRECTORY : 0));
  } finally {
    close(kernel, parent);
  }
}

/** The root directory of this process, as O_PATH. */
export function openRootDirectory(kernel: Kernel, directory: Fd, path: string): Fd {
  return open2(kernel, directory, path, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
}
