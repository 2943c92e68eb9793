/** The container's terminal (runtime-spec config.md#process, runc's docs/terminals.md for the socket). */
import type { ProcessPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import {
  DEVPTS_SUPER_MAGIC,
  EEXIST,
  ENOENT,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDWR,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  S_IFCHR,
  S_IFMT,
  S_IFREG,
  SYS_mknodat,
} from "../kernel/constants.ts";
import { attemptOpen2, close, fchown, fileSystemOf, open2Failure, openAt, stat } from "../kernel/file.ts";
import { attach, cloneTree } from "../kernel/mount.ts";
import { openPeer, setWindowSize } from "../kernel/terminal.ts";
import { RuntimeError } from "../shared/error.ts";
import { openDev } from "./devices.ts";

/** Both ends of the container's terminal. */
export interface Console {
  master: Fd;
  peer: Fd;
}

/** Makes a terminal in the container's own devpts, which is verified to be one: its root is inode 1, ptmx inode 2 (console.1). */
export function openConsole(kernel: Kernel, root: Fd, plan: ProcessPlan): Console {
  const flags = O_RDWR | O_NOCTTY | O_NOFOLLOW;
  const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;
  // First without opening it: what looks like ptmx may be a FIFO that would block.
  const looked = attemptOpen2(kernel, root, "/dev/pts/ptmx", O_PATH | O_NOFOLLOW, resolve);
  if (looked === -ENOENT) throw noDevpts("nothing");
  if (looked < 0) throw open2Failure(kernel, looked, root, "/dev/pts/ptmx", O_PATH | O_NOFOLLOW, resolve);
  checkPtmx(kernel, looked as Fd);
  close(kernel, looked as Fd);
  const opened = attemptOpen2(kernel, root, "/dev/pts/ptmx", flags, resolve);
  if (opened < 0) throw open2Failure(kernel, opened, root, "/dev/pts/ptmx", flags, resolve);
  const master = opened as Fd;
  checkPtmx(kernel, master);
  const peer = openPeer(kernel, master);
  const status = stat(kernel, peer);
  if ((status.mode & S_IFMT) !== S_IFCHR || status.rdevMajor < 136 || status.rdevMajor > 143)
    throw noDevpts("a peer that is no terminal");
  if (plan.consoleSize !== null) setWindowSize(kernel, peer, plan.consoleSize);
  fchown(kernel, peer, plan.uid, status.gid);
  return { master, peer };
}

function checkPtmx(kernel: Kernel, fd: Fd): void {
  const status = stat(kernel, fd);
  const isPtmx =
    (status.mode & S_IFMT) === S_IFCHR && status.rdevMajor === 5 && status.rdevMinor === 2 && status.ino === 2;
  if (!isPtmx || fileSystemOf(kernel, fd).type !== DEVPTS_SUPER_MAGIC) throw noDevpts("another file");
}

function noDevpts(found: string): RuntimeError {
  return new RuntimeError({
    what: "make terminal",
    problem: `found ${found} at /dev/pts/ptmx, want a mount of type devpts on /dev/pts`,
    where: "config.json#/process/terminal",
    hint: 'add {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666", "mode=0620"]} to mounts',
  });
}

/** Binds the peer, as a clone of its descriptor, onto /dev/console, an inode that we make or that is no link (console.2). */
export function bindConsole(kernel: Kernel, root: Fd, peer: Fd): void {
  const dev = openDev(kernel, root);
  const result = kernel.attempt(SYS_mknodat, dev, "console", S_IFREG | 0o644, 0);
  if (result < 0 && result !== -EEXIST) throw kernel.failure(result, SYS_mknodat, dev, "console", S_IFREG | 0o644, 0);
  const target = openAt(kernel, dev, "console", O_PATH | O_NOFOLLOW);
  const kind = stat(kernel, target).mode & S_IFMT;
  if (kind !== S_IFREG && kind !== S_IFCHR) {
    throw new RuntimeError({
      what: "bind /dev/console",
      problem: "found a link or folder, want a file or nothing",
      where: "/dev/console",
    });
  }
  const tree = cloneTree(kernel, peer, "", false);
  attach(kernel, tree, target);
  for (const fd of [tree, target, dev]) close(kernel, fd);
}
