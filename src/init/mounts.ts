/** The mounts of config.json, in their order (runtime-spec config.md#mounts). */
import type { MountPlan } from "../config/plan-types.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { SyscallError } from "../kernel/call.ts";
import {
  EPERM,
  MOUNT_ATTR_RDONLY,
  MS_DIRSYNC,
  MS_I_VERSION,
  MS_LAZYTIME,
  MS_MANDLOCK,
  MS_REC,
  MS_REMOUNT,
  MS_SYNCHRONOUS,
  PROC_SUPER_MAGIC,
} from "../kernel/constants.ts";
import { close, fchdir, fileSystemOf, isDirectory, stat } from "../kernel/file.ts";
import { attach, fsCreate, fsMessage, fsMount, fsOpen, fsSet, mount, setAttributes } from "../kernel/mount.ts";
import { RuntimeError } from "../shared/error.ts";
import type { Sources } from "./binds.ts";
import { mountCgroup1, mountCgroup2 } from "./cgroup-mounts.ts";
import { copyUp } from "./copy-up.ts";
import { ensureInRoot, findInRoot, findReal } from "./root.ts";
import { sentence } from "./step.ts";

/** Directories that must be real ones, or what is made below them lands elsewhere (path.5). */
const REAL_DIRECTORIES: ReadonlySet<string> = new Set(["/dev", "/dev/pts", "/proc", "/sys", "/sys/fs/cgroup"]);

/** Files of procfs that a mount may cover: what lxcfs and the like provide (proc.5). */
const COVERABLE: ReadonlySet<string> = new Set(
  [
    "cpuinfo",
    "diskstats",
    "meminfo",
    "stat",
    "swaps",
    "uptime",
    "loadavg",
    "slabinfo",
    "sys/kernel/ns_last_pid",
    "sys/crypto/fips_enabled",
  ].map((name) => `/proc/${name}`),
);

/** fsconfig(2) takes values of at most this many bytes. */
const MAX_VALUE = 255;

/** Options of the superblock as flags of mount(2). fsconfig(2) knows all but iversion, which only few file systems read. */
const SUPERBLOCK_FLAGS: ReadonlyMap<string, number> = new Map([
  ["sync", MS_SYNCHRONOUS],
  ["dirsync", MS_DIRSYNC],
  ["lazytime", MS_LAZYTIME],
  ["mand", MS_MANDLOCK],
  ["iversion", MS_I_VERSION],
]);

/**
 * Mounts all. A read-only tmpfs becomes so last, so that targets of later mounts can still be made in it.
 *
 * @param sources of the binds; undefined: each has been cloned.
 */
export function applyMounts(
  kernel: Kernel,
  root: Fd,
  mounts: readonly MountPlan[],
  sources: Sources | undefined,
  enterCgroup: () => void,
): void {
  const readOnlyLater: { tree: Fd; plan: MountPlan }[] = [];
  for (const plan of mounts) {
    // What it shows depends on where we are; and what is copied has to be billed to the container.
    if (plan.kind === "cgroup1" || plan.kind === "cgroup2" || plan.copyUp) enterCgroup();
    try {
      const tree = applyMount(kernel, root, plan, sources);
      if (tree === undefined) continue;
      if (delaysReadOnly(plan)) readOnlyLater.push({ tree, plan });
      else close(kernel, tree);
    } catch (error) {
      throw explain(plan, error);
    }
  }
  for (const { tree, plan } of readOnlyLater) {
    try {
      setAttributes(kernel, tree, { set: MOUNT_ATTR_RDONLY }, false);
    } catch (error) {
      throw explain(plan, error);
    }
    close(kernel, tree);
  }
}

function delaysReadOnly(plan: MountPlan): boolean {
  return plan.kind === "new" && plan.type === "tmpfs" && (plan.set & MOUNT_ATTR_RDONLY) !== 0;
}

function explain(plan: MountPlan, error: unknown): unknown {
  if (!(error instanceof SyscallError)) return error;
  return new RuntimeError({
    what: `mount ${plan.where}`,
    problem: `${sentence(error.code)}: ${plan.kind === "bind" ? `source ${plan.source}` : `type ${plan.type}`}, target ${plan.destination}`,
    where: plan.where,
    step: "mounts",
    call: error.call,
    errno: error.code,
  });
}

/** One mount; returns the descriptor of its root when the caller has more to do with it. */
function applyMount(kernel: Kernel, root: Fd, plan: MountPlan, sources: Sources | undefined): Fd | undefined {
  if (plan.destination === "/") {
    throw new RuntimeError({
      what: `mount ${plan.where}`,
      problem: "target is the root itself, want a path below it",
      where: `${plan.where}/destination`,
    });
  }
  if (plan.kind === "remount") return remount(kernel, root, plan);
  // Asked before the target is made: a fresh directory's mode is ours, not one that the image wants kept.
  const asksMode = plan.kind === "new" && plan.type === "tmpfs" && !plan.data.some(([name]) => name === "mode");
  const keepsMode = asksMode && isThere(kernel, root, plan.destination);
  const bind = plan.kind === "bind" ? (sources?.tree(plan) ?? (plan.tree as Fd)) : undefined;
  const target = openTarget(kernel, root, plan);
  try {
    guardProc(kernel, target, plan, bind);
    if (plan.kind === "cgroup1") return mountCgroup1(kernel, target, plan);
    if (plan.kind === "cgroup2") return mountCgroup2(kernel, target, plan);
    const tree = bind ?? makeFileSystem(kernel, root, target, plan, keepsMode);
    if (tree === undefined) return undefined;
    if (plan.copyUp) copyUp(kernel, target, tree, plan.where);
    if (plan.kind === "new") propagate(kernel, tree, plan.propagation);
    attach(kernel, tree, target);
    return tree;
  } finally {
    close(kernel, target);
  }
}

function isThere(kernel: Kernel, root: Fd, path: string): boolean {
  const found = findInRoot(kernel, root, path);
  if (found !== undefined) close(kernel, found);
  return found !== undefined;
}

/** Propagation of a mount, each change on its own. */
export function propagate(kernel: Kernel, tree: Fd, flags: readonly number[]): void {
  for (const flag of flags) setAttributes(kernel, tree, { propagation: flag & ~MS_REC }, (flag & MS_REC) !== 0);
}

function openTarget(kernel: Kernel, root: Fd, plan: MountPlan): Fd {
  if (REAL_DIRECTORIES.has(plan.destination)) {
    const found = findReal(kernel, root, plan.destination);
    if (found !== undefined) return found;
  }
  const target = ensureInRoot(kernel, root, plan.destination, plan.directory);
  const isFolder = isDirectory(stat(kernel, target));
  if (isFolder === plan.directory) return target;
  const kind = (folder: boolean) => (folder ? "folder" : "file");
  throw new RuntimeError({
    what: `mount ${plan.where}`,
    problem: `not a directory: source ${plan.source} = ${kind(plan.directory)}, target ${plan.destination} = ${kind(isFolder)}`,
    where: plan.where,
    hint: plan.directory
      ? "the host file was missing and a manager made an empty folder, or the target is wrong"
      : "name a file as target",
  });
}

/**
 * proc.5: only procfs itself goes onto /proc, and below it only files that are known to be harmless: labels, sysctls and masks are written
 * through it. Decided on what the target is, not on what its path says.
 */
function guardProc(kernel: Kernel, target: Fd, plan: MountPlan, bind: Fd | undefined): void {
  const isProc = () => (bind === undefined ? plan.kind === "new" && plan.type === "proc" : isProcRoot(kernel, bind));
  const refuseTarget = (found: string) => {
    throw new RuntimeError({
      what: `mount ${plan.where}`,
      problem: `${found}, want type proc on /proc, or below it one of ${[...COVERABLE].join(" ")}`,
      where: `${plan.where}/destination`,
    });
  };
  if (plan.destination === "/proc" && !isProc()) refuseTarget(`found type "${plan.type}" on /proc`);
  if (fileSystemOf(kernel, target).type !== PROC_SUPER_MAGIC) return;
  if (stat(kernel, target).ino === 1) {
    if (!isProc()) refuseTarget(`found type "${plan.type}" over procfs`);
  } else if (!COVERABLE.has(plan.destination)) refuseTarget(`found target ${plan.destination} in procfs`);
}

function isProcRoot(kernel: Kernel, tree: Fd): boolean {
  return fileSystemOf(kernel, tree).type === PROC_SUPER_MAGIC && stat(kernel, tree).ino === 1;
}

/** A new file system as a detached mount; undefined when it had to be mounted by path (long options, iversion). */
function makeFileSystem(kernel: Kernel, root: Fd, target: Fd, plan: MountPlan, keepsMode: boolean): Fd | undefined {
  const data = plan.data.slice();
  if (keepsMode) {
    // An existing directory keeps its mode under the tmpfs (runc and Docker's --tmpfs); over a fresh one it is the file system's 1777.
    data.push(["mode", (stat(kernel, target).mode & 0o7777).toString(8)]);
  }
  if (plan.superblock.includes("iversion") || data.some(([, value]) => value !== null && value.length > MAX_VALUE)) {
    mountByPath(kernel, root, target, plan, data);
    return undefined;
  }
  const attributes = delaysReadOnly(plan) ? plan.set & ~MOUNT_ATTR_RDONLY : plan.set;
  let context: Fd | undefined;
  try {
    context = fsOpen(kernel, plan.type);
    if (plan.source !== "") fsSet(kernel, context, "source", plan.source);
    for (const name of plan.superblock) fsSet(kernel, context, name, undefined);
    for (const [name, value] of data) fsSet(kernel, context, name, value ?? undefined);
    // mount(8)'s ro also makes the superblock read-only; not where it is shared with other mounts or still to be filled.
    if ((attributes & MOUNT_ATTR_RDONLY) !== 0 && plan.type !== "proc") fsSet(kernel, context, "ro", undefined);
    fsCreate(kernel, context);
    const tree = fsMount(kernel, context, attributes);
    // What the parent has prepared in its place shows the host's (fd.4).
    if (plan.tree >= 0) close(kernel, plan.tree as Fd);
    return tree;
  } catch (error) {
    // A user namespace without its own network may not mount sysfs: the parent has prepared the host's (crun does alike).
    if (plan.tree >= 0 && error instanceof SyscallError && error.errno === EPERM) {
      setAttributes(kernel, plan.tree as Fd, { set: plan.set }, true);
      return plan.tree as Fd;
    }
    throw context === undefined || !(error instanceof SyscallError)
      ? error
      : withKernelMessage(kernel, context, plan, error);
  } finally {
    if (context !== undefined) close(kernel, context);
  }
}

/** The kernel tells in words what it did not like about an option. */
function withKernelMessage(kernel: Kernel, context: Fd, plan: MountPlan, error: SyscallError): unknown {
  const message = fsMessage(kernel, context);
  if (message === "") return error;
  return new RuntimeError({
    what: `mount ${plan.where}`,
    problem: `${sentence(error.code)}: type ${plan.type}, target ${plan.destination}: the kernel says ${JSON.stringify(message)}`,
    where: `${plan.where}/options`,
    step: "mounts",
    call: error.call,
    errno: error.code,
  });
}

function superblockFlags({ superblock }: MountPlan): number {
  return superblock.reduce((flags, name) => flags | (SUPERBLOCK_FLAGS.get(name) ?? 0), 0);
}

/**
 * mount(2) onto the current directory: fsconfig cannot carry long values (many overlay layers). "." is the target, whatever its path says.
 * Flags and propagation are set on the new mount, which the target's path leads to now.
 */
function mountByPath(
  kernel: Kernel,
  root: Fd,
  target: Fd,
  plan: MountPlan,
  data: readonly (readonly [string, string | null])[],
): void {
  fchdir(kernel, target);
  const text = data.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(",");
  mount(kernel, plan.source === "" ? plan.type : plan.source, ".", plan.type, superblockFlags(plan), text);
  const top = findInRoot(kernel, root, plan.destination);
  if (top === undefined) return;
  if (plan.copyUp) copyUp(kernel, target, top, plan.where);
  setAttributes(kernel, top, { set: plan.set }, false);
  propagate(kernel, top, plan.propagation);
  close(kernel, top);
}

function remount(kernel: Kernel, root: Fd, plan: MountPlan): Fd | undefined {
  const target = findInRoot(kernel, root, plan.destination);
  if (target === undefined) {
    throw new RuntimeError({
      what: `mount ${plan.where}`,
      problem: `no such file or directory: target ${plan.destination} of a remount`,
      where: `${plan.where}/destination`,
    });
  }
  if (plan.data.length > 0 || plan.superblock.length > 0) {
    fchdir(kernel, target);
    const text = plan.data.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(",");
    mount(kernel, "", ".", "", MS_REMOUNT | superblockFlags(plan), text);
  }
  setAttributes(kernel, target, { set: plan.set, clear: plan.clear }, false);
  propagate(kernel, target, plan.propagation);
  close(kernel, target);
  return undefined;
}
