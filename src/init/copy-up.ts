/**
 * The mount option tmpcopyup (runtime-spec config.md#linux-mount-options): a new tmpfs begins with what the image has in its place. The image is
 * hostile: its names are only ever opened below descriptors, one component at a time, and no link is followed.
 */
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  EINVAL,
  ENODATA,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  SEEK_DATA,
  SEEK_HOLE,
  SEEK_SET,
  SYS_fchownat,
  SYS_fgetxattr,
  SYS_flistxattr,
  SYS_fsetxattr,
  SYS_ftruncate,
  SYS_linkat,
  SYS_lseek,
  SYS_sendfile,
} from "../kernel/constants.ts";
import {
  close,
  createFile,
  fchmod,
  isDirectory,
  listDirectory,
  makeDevice,
  mkdirAt,
  mknodAt,
  openAt,
  readLinkAt,
  type Stat,
  stat,
  symlinkAt,
} from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";

/** One copy under way. */
interface Copy {
  kernel: Kernel;
  /** `config.json#/mounts/3`, for errors. */
  where: string;
  /** Root of the tmpfs, from which earlier copies are found again. */
  root: Fd;
  /** Files with several names, by file system and inode number, with the path of the first copy below the root. */
  copied: Map<string, string>;
}

/** A name on its way from one directory to another. */
interface Entry {
  from: Fd;
  to: Fd;
  name: string;
  /** From the root of the tmpfs. */
  path: string;
  depth: number;
}

/** Folders within each other: each holds two descriptors while what is in it is copied, of 1024 that a process often has. */
const MAX_DEPTH = 256;
/** sendfile(2) copies at most this many bytes in one call. */
const MAX_COPY = 0x7ffff000;
/** Largest list of names and largest value, xattr(7). */
const MAX_ATTRIBUTES = 65_536;

/**
 * Copies everything below `from` (also a path descriptor) into `to`, the root of a tmpfs that nothing else uses yet: contents with their holes,
 * modes, owners, links of both kinds, device nodes, and extended attributes as far as a tmpfs and our privileges allow them. The mode and
 * owner of `to` itself are the tmpfs's, as in runc.
 */
export function copyUp(kernel: Kernel, from: Fd, to: Fd, where: string): void {
  // An O_PATH descriptor cannot be listed.
  const source = openAt(kernel, from, ".", O_RDONLY | O_DIRECTORY);
  try {
    copyEntries({ kernel, where, root: to, copied: new Map() }, source, to, "", 0);
  } finally {
    close(kernel, source);
  }
}

function copyEntries(copy: Copy, from: Fd, to: Fd, path: string, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new RuntimeError({
      what: `mount ${copy.where}`,
      problem: `found more than ${MAX_DEPTH} folders within each other to copy up, want fewer`,
      where: copy.where,
    });
  }
  for (const name of listDirectory(copy.kernel, from)) {
    const below = path === "" ? name : `${path}/${name}`;
    try {
      copyEntry(copy, { from, to, name, path: below, depth });
    } catch (error) {
      throw error instanceof SyscallError ? refused(copy, below, error) : error;
    }
  }
}

function refused(copy: Copy, path: string, error: SyscallError): RuntimeError {
  return new RuntimeError({
    what: `mount ${copy.where}`,
    where: copy.where,
    problem: `${error.code}: the kernel refused to copy ${JSON.stringify(path)} into the tmpfs`,
    hint: error.code === "ENOSPC" ? "a larger size= in the options" : undefined,
    step: "mounts",
    call: error.call,
    errno: error.code,
  });
}

function copyEntry(copy: Copy, entry: Entry): void {
  const { kernel } = copy;
  const { from, to, name, path } = entry;
  const status = stat(kernel, from, name);
  const key = `${status.device} ${status.ino}`;
  const several = status.links > 1 && !isDirectory(status);
  const first = several ? copy.copied.get(key) : undefined;
  // Every directory of the path was made here, so none is a link.
  if (first !== undefined) kernel.call(SYS_linkat, copy.root, first, to, name, 0);
  else {
    if (several) copy.copied.set(key, path);
    copyFirst(copy, entry, status);
  }
}

function copyFirst(copy: Copy, entry: Entry, status: Stat): void {
  const { kernel } = copy;
  const { from, to, name } = entry;
  switch (status.mode & S_IFMT) {
    case S_IFDIR:
      copyDirectory(copy, entry);
      break;
    case S_IFREG:
      copyFile(copy, entry);
      break;
    case S_IFLNK:
      symlinkAt(kernel, readLinkAt(kernel, from, name) ?? "", to, name);
      giveOwner(kernel, to, name, status);
      break;
    default:
      // Init's umask is 0 here.
      mknodAt(kernel, to, name, status.mode, makeDevice(status.rdevMajor, status.rdevMinor));
      giveOwner(kernel, to, name, status);
  }
}

function copyDirectory(copy: Copy, { from, to, name, path, depth }: Entry): void {
  const { kernel } = copy;
  const source = openAt(kernel, from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    mkdirAt(kernel, to, name, 0o700);
    const target = openAt(kernel, to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      copyEntries(copy, source, target, path, depth + 1);
      finish(kernel, source, target);
    } finally {
      close(kernel, target);
    }
  } finally {
    close(kernel, source);
  }
}

function copyFile({ kernel, where }: Copy, { from, to, name }: Entry): void {
  // Without blocking: what was a file when it was looked at may be a FIFO by now, if another container shares the image.
  const source = openAt(kernel, from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if ((stat(kernel, source).mode & S_IFMT) !== S_IFREG)
      throw new RuntimeError({
        what: `mount ${where}`,
        problem: `${name} changed under the copy, want an image at rest`,
        where,
      });
    const target = createFile(kernel, to, name, 0o600);
    try {
      copyContent(kernel, source, target);
      finish(kernel, source, target);
    } finally {
      close(kernel, target);
    }
  } finally {
    close(kernel, source);
  }
}

/** Data only: a hole stays one, or a sparse file of the image would fill the memory. */
function copyContent(kernel: Kernel, source: Fd, target: Fd): void {
  const { size } = stat(kernel, source);
  for (let at = 0; at < size; ) {
    const start = kernel.attempt(SYS_lseek, source, at, SEEK_DATA);
    if (start === -ENXIO) break;
    if (start < 0) throw kernel.failure(start, SYS_lseek, source, at, SEEK_DATA);
    const next = kernel.call(SYS_lseek, source, start, SEEK_HOLE);
    kernel.call(SYS_lseek, source, start, SEEK_SET);
    kernel.call(SYS_lseek, target, start, SEEK_SET);
    for (at = start; at < next; ) {
      const count = kernel.call(SYS_sendfile, target, source, 0, Math.min(next - at, MAX_COPY));
      if (count === 0) return;
      at += count;
    }
  }
  kernel.call(SYS_ftruncate, target, size);
}

/** Owner, then mode (the owner's change takes set-user-ID away), then attributes (it takes capabilities away too). */
function finish(kernel: Kernel, source: Fd, target: Fd): void {
  const status = stat(kernel, source);
  giveOwner(kernel, target, "", status);
  fchmod(kernel, target, status.mode & 0o7777);
  copyAttributes(kernel, source, target);
}

/** An owner that the user namespace does not map cannot be given: the copy then stays root's. */
function giveOwner(kernel: Kernel, directory: Fd, name: string, { uid, gid }: Stat): void {
  const flags = name === "" ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  const result = kernel.attempt(SYS_fchownat, directory, name, uid, gid, flags);
  if (result < 0 && result !== -EINVAL) throw kernel.failure(result, SYS_fchownat, directory, name, uid, gid, flags);
}

function copyAttributes(kernel: Kernel, source: Fd, target: Fd): void {
  const names = new Uint8Array(MAX_ATTRIBUTES);
  const length = kernel.attempt(SYS_flistxattr, source, names, names.length);
  if (length <= 0) return;
  const value = new Uint8Array(MAX_ATTRIBUTES);
  for (const name of decode(names.subarray(0, length)).split("\0")) {
    // The label of a new file is the policy's.
    if (name === "" || name === "security.selinux") continue;
    const size = kernel.attempt(SYS_fgetxattr, source, name, value, value.length);
    if (size === -ENODATA || size === -EPERM) continue;
    if (size < 0) throw kernel.failure(size, SYS_fgetxattr, source, name, value, value.length);
    const result = kernel.attempt(SYS_fsetxattr, target, name, value, size, 0);
    if (result < 0 && result !== -EOPNOTSUPP && result !== -EPERM)
      throw kernel.failure(result, SYS_fsetxattr, target, name, value, size, 0);
  }
}
