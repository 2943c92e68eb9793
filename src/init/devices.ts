/** Device nodes and the links of /dev (runtime-spec config-linux.md#devices, #default-devices, runtime-linux.md#dev-symbolic-links). */
import type { DevicePlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import {
  EACCES,
  EEXIST,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EPERM,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDWR,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  SYS_mknodat,
  SYS_symlinkat,
  SYS_unlinkat,
} from "../kernel/constants.ts";
import {
  attemptOpen2,
  chownAt,
  close,
  dup,
  makeDevice,
  open2Failure,
  openAt,
  stat,
  statIfPresent,
} from "../kernel/file.ts";
import { attach } from "../kernel/mount.ts";
import { RuntimeError } from "../shared/error.ts";
import { basename, dirname } from "../shared/path.ts";
import { ensureInRoot, findReal } from "./root.ts";
import { step } from "./step.ts";

const TYPES = { c: S_IFCHR, b: S_IFBLK, p: S_IFIFO } as const;

/**
 * Standard streams that are the host's null device become the container's (as runc does): only its own mounts are seen through them, and a
 * checkpoint finds the file again.
 */
export function reopenNull(kernel: Kernel, root: Fd): void {
  let own: Fd | undefined;
  for (const target of [0, 1, 2]) {
    if (!isNull(kernel, target as Fd)) continue;
    own ??= openOwnNull(kernel, root);
    if (own === undefined) return;
    dup(kernel, own, target, false);
  }
  if (own !== undefined) close(kernel, own);
}

function isNull(kernel: Kernel, fd: Fd): boolean {
  const { mode, rdevMajor, rdevMinor } = stat(kernel, fd);
  return (mode & S_IFMT) === S_IFCHR && rdevMajor === 1 && rdevMinor === 3;
}

/** Undefined where the container has no such device, or may not open it: the stream stays as it is. */
function openOwnNull(kernel: Kernel, root: Fd): Fd | undefined {
  const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;
  const result = attemptOpen2(kernel, root, "/dev/null", O_RDWR, resolve);
  // There is none, it is something else, or the container's device rules refuse it.
  if ([-ENOENT, -ENOTDIR, -ELOOP, -ENXIO, -EISDIR, -EACCES, -EPERM].includes(result)) return undefined;
  if (result < 0) throw open2Failure(kernel, result, root, "/dev/null", O_RDWR, resolve);
  if (isNull(kernel, result as Fd)) return result as Fd;
  close(kernel, result as Fd);
  return undefined;
}

/** Makes all nodes. Most share a parent, which is opened once. The umask must be 0. */
export function makeDevices(kernel: Kernel, root: Fd, devices: readonly DevicePlan[]): void {
  let parentPath = "";
  let parent: Fd | undefined;
  for (const device of devices) {
    const wanted = dirname(device.path);
    if (parent === undefined || wanted !== parentPath) {
      if (parent !== undefined) close(kernel, parent);
      parent = openParent(kernel, root, wanted);
      parentPath = wanted;
    }
    const at = parent;
    const words = { what: `make device ${device.path}`, problem: "the kernel refused a call", where: device.where };
    step("devices", words, () => makeDeviceNode(kernel, at, device));
  }
  if (parent !== undefined) close(kernel, parent);
}

/** /dev must be a real directory: nodes and links in a directory that the image linked elsewhere would be made there (CVE-2026-41579, path.5). */
function openParent(kernel: Kernel, root: Fd, path: string): Fd {
  if (path === "/dev" || path.startsWith("/dev/")) {
    const found = findReal(kernel, root, path);
    if (found !== undefined) return found;
    if (path !== "/dev") close(kernel, openParent(kernel, root, "/dev"));
  }
  return ensureInRoot(kernel, root, path, true);
}

function makeDeviceNode(kernel: Kernel, parent: Fd, device: DevicePlan): void {
  const name = basename(device.path);
  if (device.tree >= 0) {
    bindDevice(kernel, parent, name, device);
    return;
  }
  const mode = TYPES[device.type] | device.mode;
  const number = device.type === "p" ? 0 : makeDevice(device.major, device.minor);
  const result = kernel.attempt(SYS_mknodat, parent, name, mode, number);
  if (result === -EEXIST) {
    checkExisting(kernel, parent, name, device);
    return;
  }
  if (result < 0) throw kernel.failure(result, SYS_mknodat, parent, name, mode, number);
  if (device.uid !== 0 || device.gid !== 0) chownAt(kernel, parent, name, device.uid, device.gid);
}

/** What is there already must be that very device; a link or file in its place is the image's trick or mistake. */
function checkExisting(kernel: Kernel, parent: Fd, name: string, device: DevicePlan): void {
  const found = stat(kernel, parent, name);
  const same =
    (found.mode & S_IFMT) === TYPES[device.type] &&
    (device.type === "p" || (found.rdevMajor === device.major && found.rdevMinor === device.minor));
  if (same) return;
  throw new RuntimeError({
    what: `make device ${device.path}`,
    problem: `found another file there (mode 0${found.mode.toString(8)}), want ${device.type} ${device.major}:${device.minor} or nothing`,
    where: device.where,
    hint: "mount a tmpfs on /dev",
  });
}

/** In a user namespace nobody may make nodes: the host's node, cloned by the parent, is bound onto an empty file. */
function bindDevice(kernel: Kernel, parent: Fd, name: string, device: DevicePlan): void {
  const result = kernel.attempt(SYS_mknodat, parent, name, S_IFREG | 0o644, 0);
  if (result < 0 && result !== -EEXIST) throw kernel.failure(result, SYS_mknodat, parent, name, S_IFREG | 0o644, 0);
  const target = openAt(kernel, parent, name, O_PATH | O_NOFOLLOW);
  attach(kernel, device.tree as Fd, target);
  for (const fd of [device.tree as Fd, target]) close(kernel, fd);
}

/** The links every program expects; an existing name stays, but ptmx, which must lead to the container's own devpts. */
export function makeDevLinks(kernel: Kernel, root: Fd): void {
  const dev = findReal(kernel, root, "/dev");
  if (dev === undefined) return;
  try {
    for (const [name, target] of [
      ["fd", "/proc/self/fd"],
      ["stdin", "/proc/self/fd/0"],
      ["stdout", "/proc/self/fd/1"],
      ["stderr", "/proc/self/fd/2"],
    ] as const) {
      link(kernel, target, dev, name);
    }
    const core = statIfPresent(kernel, root, "proc/kcore");
    if (core !== undefined && (core.mode & S_IFMT) === S_IFREG) link(kernel, "/proc/kcore", dev, "core");
    linkPtmx(kernel, dev);
  } finally {
    close(kernel, dev);
  }
}

function linkPtmx(kernel: Kernel, dev: Fd): void {
  const result = kernel.attempt(SYS_symlinkat, "pts/ptmx", dev, "ptmx");
  if (result === 0) return;
  if (result !== -EEXIST) throw kernel.failure(result, SYS_symlinkat, "pts/ptmx", dev, "ptmx");
  const removed = kernel.attempt(SYS_unlinkat, dev, "ptmx", 0);
  if (removed < 0 && removed !== -ENOENT) throw kernel.failure(removed, SYS_unlinkat, dev, "ptmx", 0);
  kernel.call(SYS_symlinkat, "pts/ptmx", dev, "ptmx");
}

function link(kernel: Kernel, target: string, dev: Fd, name: string): void {
  const result = kernel.attempt(SYS_symlinkat, target, dev, name);
  if (result < 0 && result !== -EEXIST) throw kernel.failure(result, SYS_symlinkat, target, dev, name);
}

/** /dev of the container as O_PATH, real. */
export function openDev(kernel: Kernel, root: Fd): Fd {
  return openAt(kernel, root, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}
