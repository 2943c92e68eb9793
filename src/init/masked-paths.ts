/** maskedPaths and readonlyPaths, after pivot_root and all mounts, on descriptors (mount.4). */
import type { InitPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { MOUNT_ATTR_RDONLY, S_IFCHR, S_IFMT } from "../kernel/constants.ts";
import { close, isDirectory, stat } from "../kernel/file.ts";
import { attach, cloneTree, fsCreate, fsMount, fsOpen, fsSet, setAttributes } from "../kernel/mount.ts";
import { RuntimeError } from "../shared/error.ts";
import { findInRoot, findReal } from "./root.ts";

/** Covers each path: a file with /dev/null, a directory with one empty read-only tmpfs for all. A path that is missing needs no mask. */
export function maskPaths(kernel: Kernel, root: Fd, plan: InitPlan): void {
  let nothing: Fd | undefined;
  let empty: Fd | undefined;
  for (const path of plan.maskedPaths) {
    const target = findInRoot(kernel, root, path);
    if (target === undefined) continue;
    if (isDirectory(stat(kernel, target))) {
      if (empty === undefined) {
        empty = emptyDirectory(kernel);
        attach(kernel, empty, target);
      } else attachCopy(kernel, empty, target);
    } else {
      nothing ??= openNull(kernel, root);
      attachCopy(kernel, nothing, target);
    }
    close(kernel, target);
  }
  for (const fd of [nothing, empty]) if (fd !== undefined) close(kernel, fd);
}

function attachCopy(kernel: Kernel, source: Fd, target: Fd): void {
  const tree = cloneTree(kernel, source, "", false);
  attach(kernel, tree, target);
  close(kernel, tree);
}

/** Nothing can be made in it: one inode, its root. */
function emptyDirectory(kernel: Kernel): Fd {
  const context = fsOpen(kernel, "tmpfs");
  fsSet(kernel, context, "source", "tmpfs");
  fsSet(kernel, context, "nr_blocks", "1");
  fsSet(kernel, context, "nr_inodes", "1");
  fsSet(kernel, context, "mode", "755");
  fsSet(kernel, context, "ro", undefined);
  fsCreate(kernel, context);
  const tree = fsMount(kernel, context, MOUNT_ATTR_RDONLY);
  close(kernel, context);
  return tree;
}

/**
 * The container's null device, by what it is and not by its name: the image or a racing process may have put another file there
 * (CVE-2025-31133). The descriptor that was checked is the one that is bound.
 */
export function openNull(kernel: Kernel, root: Fd): Fd {
  const fd = findReal(kernel, root, "/dev/null");
  const status = fd === undefined ? undefined : stat(kernel, fd);
  if (
    fd !== undefined &&
    status !== undefined &&
    (status.mode & S_IFMT) === S_IFCHR &&
    status.rdevMajor === 1 &&
    status.rdevMinor === 3
  )
    return fd;
  throw new RuntimeError({
    what: "mask paths",
    problem: `found ${status === undefined ? "no" : "another"} file at /dev/null, want the character device 1:3`,
    where: "config.json#/linux/maskedPaths",
    hint: "mount a tmpfs on /dev, then the runtime makes it",
  });
}

/** Makes each path read-only with all below it. */
export function protectPaths(kernel: Kernel, root: Fd, plan: InitPlan): void {
  for (const path of plan.readonlyPaths) {
    const target = findInRoot(kernel, root, path);
    if (target === undefined) continue;
    const tree = cloneTree(kernel, target, "", true);
    setAttributes(kernel, tree, { set: MOUNT_ATTR_RDONLY }, true);
    attach(kernel, tree, target);
    for (const fd of [tree, target]) close(kernel, fd);
  }
}
