/** Making, filling, emptying and removing a container's cgroups, by descriptor. */
import { attachDeviceProgram, loadDeviceProgram } from "../kernel/bpf.ts";
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  AT_REMOVEDIR,
  CGROUP_SUPER_MAGIC,
  CGROUP2_SUPER_MAGIC,
  EACCES,
  EBUSY,
  EEXIST,
  ENODEV,
  ENOENT,
  ENOTEMPTY,
  EPERM,
  EROFS,
  ESRCH,
  O_DIRECTORY,
  O_RDONLY,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  SIGKILL,
  SYS_kill,
  SYS_mkdirat,
  SYS_unlinkat,
} from "../kernel/constants.ts";
import {
  attemptOpen2,
  close,
  fileSystemOf,
  listDirectory,
  open2,
  open2Failure,
  openAt,
  openIfPresent,
  poll,
  readText,
  stat,
  statIfPresent,
  writeFile,
  writeOnce,
} from "../kernel/file.ts";
import { effectiveUid } from "../kernel/identity.ts";
import { RuntimeError } from "../shared/error.ts";
import { twice } from "../shared/twice.ts";
import type { CgroupPlace, CgroupRecord } from "./path.ts";
import { placeOf } from "./path.ts";

const PARENT = "..";
const BELOW = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;

/** The directories of a container, open while it is being made. */
export interface OpenCgroup {
  record: CgroupRecord;
  /** One descriptor for each place. */
  fds: Fd[];
}

/** The verified mount point of a hierarchy (cgroup.1). */
function openHierarchy(kernel: Kernel, place: CgroupPlace): Fd {
  const fd = openAt(kernel, AT_CWD, place.mountPoint, O_RDONLY | O_DIRECTORY);
  const want = place.controllers.length === 0 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  if (fileSystemOf(kernel, fd).type !== want) {
    close(kernel, fd);
    throw new RuntimeError({
      what: "open cgroup",
      problem: "found another file system, want cgroup",
      where: place.mountPoint,
    });
  }
  return fd;
}

/** Opens a container's directory of one hierarchy; undefined when it is gone. */
export function openPlace(kernel: Kernel, place: CgroupPlace): Fd | undefined {
  const hierarchy = openHierarchy(kernel, place);
  try {
    const result = attemptOpen2(kernel, hierarchy, place.path, O_RDONLY | O_DIRECTORY, BELOW);
    if (result === -ENOENT || result === -ENODEV) return undefined;
    if (result < 0) throw open2Failure(kernel, result, hierarchy, place.path, O_RDONLY | O_DIRECTORY, BELOW);
    return result as Fd;
  } finally {
    close(kernel, hierarchy);
  }
}

/**
 * Makes the directories. `made` of each place is counted as they are made, so that the caller's clean-up knows.
 *
 * @throws RuntimeError when one exists that holds processes: it is somebody else's (cgroup.2).
 */
export function makeCgroup(kernel: Kernel, record: CgroupRecord): OpenCgroup {
  const fds: Fd[] = [];
  for (const place of record.places) {
    const hierarchy = openHierarchy(kernel, place);
    try {
      fds.push(makePlace(kernel, hierarchy, place, record.version === 2));
    } finally {
      close(kernel, hierarchy);
    }
  }
  return { record, fds };
}

function makePlace(kernel: Kernel, hierarchy: Fd, place: CgroupPlace, delegate: boolean): Fd {
  const parts = place.path.split("/");
  // A parent may vanish while somebody else's container of the same parent is deleted: begin again then.
  for (let tries = 0; ; tries++) {
    place.made = 0;
    try {
      return descend(kernel, hierarchy, place, parts, delegate);
    } catch (error) {
      if (tries >= 8 || !(error instanceof SyscallError) || (error.errno !== ENOENT && error.errno !== ENODEV))
        throw error;
    }
  }
}

function descend(kernel: Kernel, hierarchy: Fd, place: CgroupPlace, parts: readonly string[], delegate: boolean): Fd {
  let directory = hierarchy;
  for (const part of parts) {
    if (delegate) enableControllers(kernel, directory);
    const result = kernel.attempt(SYS_mkdirat, directory, part, 0o755);
    if (result < 0 && result !== -EEXIST)
      throw mayNotMake(kernel, directory, place, kernel.failure(result, SYS_mkdirat, directory, part, 0o755));
    place.made = result === 0 ? place.made + 1 : 0;
    const next = open2(kernel, directory, part, O_RDONLY | O_DIRECTORY, BELOW);
    if (result === 0 && place.controllers.includes("cpuset")) inheritCpuset(kernel, directory, next);
    if (directory !== hierarchy) close(kernel, directory);
    directory = next;
  }
  if (place.made === 0) refuseUsed(kernel, directory, place);
  return directory;
}

/** Who has no right to make a cgroup is told whose it is. */
function mayNotMake(kernel: Kernel, directory: Fd, place: CgroupPlace, error: SyscallError): Error {
  if (error.errno !== EACCES && error.errno !== EPERM && error.errno !== EROFS) return error;
  const { uid, gid } = stat(kernel, directory);
  return new RuntimeError({
    what: "create cgroup",
    problem: `${error.code}: found one of ${uid}:${gid} above it, we are ${effectiveUid(kernel)}, want one that we may write`,
    where: `${place.mountPoint}/${place.path}`,
    hint: "containers are made by root",
    step: "cgroup",
    call: error.call,
    errno: error.code,
  });
}

function refuseUsed(kernel: Kernel, directory: Fd, place: CgroupPlace): void {
  const pids = ownPids(kernel, directory);
  if (pids.length === 0) return;
  throw new RuntimeError({
    what: "create cgroup",
    problem: `found ${pids.length} processes in it (${pids.slice(0, 5).join(" ")}), want an empty one`,
    where: `${place.mountPoint}/${place.path}`,
    hint: "give another config.json#/linux/cgroupsPath",
  });
}

/** v1: a new cpuset has no CPUs and no memory nodes and takes no process until it has; a copy of the parent's is what one expects. */
function inheritCpuset(kernel: Kernel, parent: Fd, child: Fd): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    writeFile(kernel, child, file, readText(kernel, parent, file).trim());
}

/** v2: makes all controllers of a directory usable in its children. One that cannot be is reported when a limit of it is set. */
function enableControllers(kernel: Kernel, directory: Fd): void {
  const present = words(readText(kernel, directory, "cgroup.controllers"));
  const enabled = new Set(words(readText(kernel, directory, "cgroup.subtree_control")));
  const missing = present.filter((controller) => !enabled.has(controller)).map((controller) => `+${controller}`);
  if (missing.length === 0) return;
  try {
    writeFile(kernel, directory, "cgroup.subtree_control", missing.join(" "));
  } catch {
    for (const controller of missing) {
      try {
        writeFile(kernel, directory, "cgroup.subtree_control", controller);
      } catch {
        // Reported where a limit of it is set, with the file that is then missing.
      }
    }
  }
}

function words(text: string): string[] {
  return text
    .trim()
    .split(" ")
    .filter((word) => word !== "");
}

/** v1: writes device rules; must precede the joins, or init's mknod falls between deny and allow (ENGINE.md section 5). */
export function writeDevices(
  kernel: Kernel,
  cgroup: OpenCgroup,
  writes: readonly { file: string; value: string }[],
): void {
  const directory = cgroup.fds[cgroup.record.places.findIndex((place) => place.controllers.includes("devices"))];
  if (directory === undefined) return;
  // A dozen rules, two files: each is opened once.
  const files = new Map<string, Fd>();
  try {
    for (const { file, value } of writes) {
      const fd = files.get(file) ?? openAt(kernel, directory, file, O_WRONLY);
      files.set(file, fd);
      writeOnce(kernel, fd, value);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "set device rules",
      problem: "the kernel refused a rule, want one that the devices controller takes",
      where: "config.json#/linux/resources/devices",
      step: "cgroup",
      call: error.call,
      errno: error.code,
    });
  } finally {
    for (const fd of files.values()) close(kernel, fd);
  }
}

/** v2: attaches the device program to the container's directory. */
export function attachDevices(kernel: Kernel, cgroup: OpenCgroup, program: Uint8Array): void {
  const fd = cgroup.fds[0];
  if (fd === undefined) return;
  try {
    const loaded = loadDeviceProgram(kernel, program);
    attachDeviceProgram(kernel, fd, loaded);
    close(kernel, loaded);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "set device rules",
      problem: "the kernel refused the eBPF program, want CONFIG_CGROUP_BPF and CAP_BPF or CAP_SYS_ADMIN",
      where: "config.json#/linux/resources/devices",
      step: "cgroup",
      call: error.call,
      errno: error.code,
    });
  }
}

/**
 * v1: the doors into a container's directories, for a process to go through by itself. To write 0 to `tasks` moves the writing thread alone,
 * the one case in which the kernel does not lock all thread groups (cgroup_procs_write_start, Linux 5.4): a write of a pid, or to
 * cgroup.procs, waits for a grace period of RCU after idle time, 5 to 15 ms. The process must have one thread.
 */
export function openDoors(kernel: Kernel, { record, fds }: OpenCgroup): { fd: Fd; path: string }[] {
  return record.places.flatMap((place, index) => {
    const directory = fds[index];
    if (place.controllers.length === 0 || directory === undefined) return [];
    return [{ fd: openAt(kernel, directory, "tasks", O_WRONLY), path: `${place.mountPoint}/${place.path}` }];
  });
}

/** The directory of the unified hierarchy, into which a process is born (CLONE_INTO_CGROUP); undefined: there is no such hierarchy. */
export function birthplace({ record, fds }: OpenCgroup): Fd | undefined {
  return fds[record.places.findIndex((place) => place.controllers.length === 0)];
}

/** Host pids of a container's processes, also of cgroups that it made itself; none when its cgroup is gone. */
export function cgroupPids(kernel: Kernel, record: CgroupRecord): number[] {
  const place = placeOf(record, "freezer") ?? placeOf(record, "pids") ?? record.places[0];
  const fd = place === undefined ? undefined : openPlace(kernel, place);
  if (fd === undefined) return [];
  try {
    return allPids(kernel, fd);
  } finally {
    close(kernel, fd);
  }
}

function ownPids(kernel: Kernel, directory: Fd): number[] {
  return readText(kernel, directory, "cgroup.procs", 1 << 24)
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
}

/** Pids in a directory and those below it. */
export function allPids(kernel: Kernel, directory: Fd): number[] {
  const pids = ownPids(kernel, directory);
  const take = (below: Fd): void => {
    try {
      pids.push(...ownPids(kernel, below));
    } catch (error) {
      // Removed by the container meanwhile.
      if (!(error instanceof SyscallError) || (error.errno !== ENODEV && error.errno !== ENOENT)) throw error;
    }
  };
  walkBelow(kernel, directory, take, () => undefined);
  return pids;
}

/**
 * Goes through all directories below one: `enter` on the way down, `leave` with the parent and the name on the way up. Two descriptors are held
 * however deep it is: a container that may write its cgroup can nest more than we may have open, and must not be out of reach by that. The way up is
 * the entry of the parent: directories of cgroups cannot be moved elsewhere (cgroup1_rename, kernfs).
 */
function walkBelow(
  kernel: Kernel,
  top: Fd,
  enter: (directory: Fd) => void,
  leave: (parent: Fd, name: string) => void,
): void {
  let here = openAt(kernel, top, ".", O_RDONLY | O_DIRECTORY);
  const names: string[] = [];
  const waiting = [listDirectory(kernel, here, true)];
  const move = (to: Fd): void => {
    close(kernel, here);
    here = to;
  };
  try {
    for (let level = waiting.at(-1); level !== undefined; level = waiting.at(-1)) {
      const name = level.pop();
      if (name === undefined) {
        waiting.pop();
        const left = names.pop();
        if (left === undefined) return;
        const above = openIfPresent(kernel, here, PARENT, O_RDONLY | O_DIRECTORY);
        if (above === undefined) return;
        move(above);
        leave(here, left);
        continue;
      }
      const next = attemptOpen2(kernel, here, name, O_RDONLY | O_DIRECTORY, BELOW);
      // Gone meanwhile.
      if (next < 0) continue;
      move(next as Fd);
      names.push(name);
      enter(here);
      waiting.push(listDirectory(kernel, here, true));
    }
  } finally {
    close(kernel, here);
  }
}

/** Sends a signal to every process of the container; SIGKILL also reaches those that are forked meanwhile. */
export function signalCgroup(kernel: Kernel, record: CgroupRecord, signal: number): void {
  const place = placeOf(record, "freezer") ?? placeOf(record, "pids") ?? record.places[0];
  const fd = place === undefined ? undefined : openPlace(kernel, place);
  if (place === undefined || fd === undefined) return;
  try {
    if (signal === SIGKILL && record.version === 2 && statIfPresent(kernel, fd, "cgroup.kill") !== undefined) {
      writeFile(kernel, fd, "cgroup.kill", "1");
      return;
    }
    if (signal === SIGKILL) tryFreeze(kernel, record);
    for (const pid of allPids(kernel, fd)) {
      const result = kernel.attempt(SYS_kill, pid, signal);
      if (result < 0 && result !== -ESRCH) throw kernel.failure(result, SYS_kill, pid, signal);
    }
  } finally {
    // A frozen process of v1 dies only once it is thawed; and nothing stays frozen because something failed.
    if (signal === SIGKILL) twice(() => setFrozen(kernel, record, false));
    close(kernel, fd);
  }
}

/** Freezes, so that nothing forks while its pids are read; where that fails the killing goes on without. */
function tryFreeze(kernel: Kernel, record: CgroupRecord): void {
  try {
    setFrozen(kernel, record, true);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}

/** Freezes or thaws without waiting; nothing where there is no freezer. */
function setFrozen(kernel: Kernel, record: CgroupRecord, frozen: boolean): void {
  const place = placeOf(record, "freezer");
  const fd = place === undefined ? undefined : openPlace(kernel, place);
  if (fd === undefined) return;
  try {
    if (record.version === 2) writeFile(kernel, fd, "cgroup.freeze", frozen ? "1" : "0");
    else writeFile(kernel, fd, "freezer.state", frozen ? "FROZEN" : "THAWED");
  } finally {
    close(kernel, fd);
  }
}

/** Whether the container is frozen; a missing file means it is not. */
export function isFrozen(kernel: Kernel, record: CgroupRecord): boolean {
  const place = placeOf(record, "freezer");
  const fd = place === undefined ? undefined : openPlace(kernel, place);
  if (fd === undefined) return false;
  try {
    if (record.version === 2) return readText(kernel, fd, "cgroup.freeze").trim() === "1";
    return readText(kernel, fd, "freezer.state").trim() !== "THAWED";
  } catch (error) {
    if (error instanceof SyscallError && (error.errno === ENOENT || error.errno === ENODEV)) return false;
    throw error;
  } finally {
    close(kernel, fd);
  }
}

/** Milliseconds that a removal waits for processes that are ending. */
const REMOVE_TIMEOUT_MS = 10_000;

/**
 * Removes the directories of a container, children first, with those above it that we made and nobody uses.
 *
 * @throws RuntimeError that names what is left when processes do not end in time.
 */
export function removeCgroup(kernel: Kernel, record: CgroupRecord): void {
  for (const place of record.places) {
    const hierarchy = openHierarchy(kernel, place);
    try {
      removeTree(kernel, hierarchy, place);
      const parts = place.path.split("/");
      for (let level = 1; level < place.made; level++) {
        const parent = parts.slice(0, parts.length - level).join("/");
        if (kernel.attempt(SYS_unlinkat, hierarchy, parent, AT_REMOVEDIR) < 0) break;
      }
    } finally {
      close(kernel, hierarchy);
    }
  }
}

function removeTree(kernel: Kernel, hierarchy: Fd, place: CgroupPlace): void {
  const { path } = place;
  let waited = 0;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const result = kernel.attempt(SYS_unlinkat, hierarchy, path, AT_REMOVEDIR);
    if (result === 0 || result === -ENOENT || result === -ENODEV) return;
    if (result !== -EBUSY && result !== -ENOTEMPTY)
      throw kernel.failure(result, SYS_unlinkat, hierarchy, path, AT_REMOVEDIR);
    const fd = attemptOpen2(kernel, hierarchy, path, O_RDONLY | O_DIRECTORY, BELOW);
    if (fd >= 0) {
      try {
        if (removeBelow(kernel, fd as Fd) > 0) pauseMs = 1;
        if (waited >= REMOVE_TIMEOUT_MS) throw leftOver(kernel, fd as Fd, place);
      } finally {
        close(kernel, fd as Fd);
      }
    }
    // v1 has no event for "empty": an exiting process leaves its cgroup a moment after it can be reaped.
    poll(kernel, [], pauseMs);
    waited += pauseMs;
  }
}

/** Removes what is empty below a directory. Returns how many that were. */
function removeBelow(kernel: Kernel, directory: Fd): number {
  let removed = 0;
  walkBelow(
    kernel,
    directory,
    () => undefined,
    (parent, name) => {
      if (kernel.attempt(SYS_unlinkat, parent, name, AT_REMOVEDIR) === 0) removed++;
    },
  );
  return removed;
}

function leftOver(kernel: Kernel, fd: Fd, place: CgroupPlace): RuntimeError {
  const pids = allPids(kernel, fd);
  return new RuntimeError({
    what: "remove cgroup",
    problem: `found ${pids.length} processes in it after ${REMOVE_TIMEOUT_MS / 1000} s (${pids.slice(0, 10).join(" ")}), want none`,
    where: `${place.mountPoint}/${place.path}`,
    hint: "state kept, call delete again",
  });
}
