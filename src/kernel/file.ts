/** Files and descriptors. Every open has O_CLOEXEC (fd.1); where untrusted names are met, openat2 with a resolve mask (path.1). */
import { viewOf } from "../shared/bytes.ts";
import { decode, encode } from "../shared/text.ts";
import type { Fd, Kernel, SyscallError } from "./call.ts";
import { AT_CWD } from "./call.ts";
import {
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  EAGAIN,
  ENOENT,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_SETFD,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  S_IFDIR,
  S_IFMT,
  STATX_BASIC_STATS,
  STATX_MNT_ID,
  SYS_close,
  SYS_close_range,
  SYS_dup3,
  SYS_fchdir,
  SYS_fchmod,
  SYS_fchown,
  SYS_fchownat,
  SYS_fcntl,
  SYS_flock,
  SYS_fstatfs,
  SYS_getcwd,
  SYS_getdents64,
  SYS_mkdirat,
  SYS_mknodat,
  SYS_openat,
  SYS_openat2,
  SYS_pipe2,
  SYS_ppoll,
  SYS_read,
  SYS_readlinkat,
  SYS_renameat2,
  SYS_statx,
  SYS_symlinkat,
  SYS_unlinkat,
  SYS_write,
} from "./constants.ts";

/** openat(2) with O_CLOEXEC. `mode` only matters with O_CREAT. */
export function openAt(kernel: Kernel, directory: Fd, path: string, flags: number, mode = 0): Fd {
  return kernel.call(SYS_openat, directory, path, flags | O_CLOEXEC, mode) as Fd;
}

/** As openAt; undefined when the path is missing (ENOENT). */
export function openIfPresent(kernel: Kernel, directory: Fd, path: string, flags: number): Fd | undefined {
  const result = kernel.attempt(SYS_openat, directory, path, flags | O_CLOEXEC, 0);
  if (result === -ENOENT) return undefined;
  if (result < 0) throw kernel.failure(result, SYS_openat, directory, path, flags | O_CLOEXEC, 0);
  return result as Fd;
}

/** struct open_how of openat2(2): flags, mode and resolve, 64 bits each. One for all calls: the kernel has read it when a call returns. */
const HOW = new Uint32Array(6);
const HOW_BYTES = new Uint8Array(HOW.buffer);

function openHow(flags: number, mode: number, resolve: number): Uint8Array {
  HOW[0] = flags;
  HOW[2] = mode;
  HOW[4] = resolve;
  return HOW_BYTES;
}

/**
 * openat2(2) with O_CLOEXEC; the result or -errno. EAGAIN (somebody renames meanwhile, RESOLVE_IN_ROOT) is retried at most 128 times (path.1).
 */
export function attemptOpen2(
  kernel: Kernel,
  directory: Fd,
  path: string,
  flags: number,
  resolve: number,
  mode = 0,
): number {
  const how = openHow(flags | O_CLOEXEC, mode, resolve);
  let result = -EAGAIN;
  for (let tries = 0; tries < 128 && result === -EAGAIN; tries++) {
    result = kernel.attempt(SYS_openat2, directory, path, how, how.length);
  }
  return result;
}

/** As attemptOpen2, throwing. */
export function open2(kernel: Kernel, directory: Fd, path: string, flags: number, resolve: number, mode = 0): Fd {
  const result = attemptOpen2(kernel, directory, path, flags, resolve, mode);
  if (result < 0) throw open2Failure(kernel, result, directory, path, flags, resolve, mode);
  return result as Fd;
}

/** The error for a result of attemptOpen2. */
export function open2Failure(
  kernel: Kernel,
  result: number,
  directory: Fd,
  path: string,
  flags: number,
  resolve: number,
  mode = 0,
): SyscallError {
  return kernel.failure(result, SYS_openat2, directory, path, openHow(flags | O_CLOEXEC, mode, resolve), 24);
}

/** close(2); errors have no remedy and are not looked at. */
export function close(kernel: Kernel, fd: Fd): void {
  kernel.attempt(SYS_close, fd);
}

/** close_range(2), Linux 5.9. `flags`: CLOSE_RANGE_CLOEXEC marks instead of closing. */
export function closeRange(kernel: Kernel, first: number, last: number, flags: number): void {
  kernel.call(SYS_close_range, first, last, flags);
}

/** Does something in another working directory, and comes back. */
export function inDirectory<T>(kernel: Kernel, folder: Fd, act: () => T): T {
  const here = openAt(kernel, AT_CWD, ".", O_PATH | O_DIRECTORY);
  try {
    fchdir(kernel, folder);
    return act();
  } finally {
    fchdir(kernel, here);
    close(kernel, here);
  }
}

/** Closes all; those that follow each other with one call, or where that fails one by one. */
export function closeAll(kernel: Kernel, fds: readonly Fd[]): void {
  for (let at = 0; at < fds.length; ) {
    const first = fds[at] as number;
    let count = 1;
    while (fds[at + count] === first + count) count++;
    const closed = kernel.attempt(SYS_close_range, first, first + count - 1, 0) === 0;
    for (let fd = first; !closed && fd < first + count; fd++) close(kernel, fd as Fd);
    at += count;
  }
}

/** read(2): bytes read; an empty array at the end. */
export function read(kernel: Kernel, fd: Fd, size: number): Uint8Array {
  const buffer = new Uint8Array(size);
  return buffer.subarray(0, kernel.call(SYS_read, fd, buffer, size));
}

/**
 * Reads to the end.
 *
 * @param limit bytes; more is an error of the caller's wording (undefined is returned).
 * @param plain a read that leaves room has reached the end, and no second one need say so: true of regular files, and of the kernel's
 * files of a single record, but not of those of many (mountinfo).
 * @param expected bytes that the file has, where it is known.
 */
export function readAll(kernel: Kernel, fd: Fd, limit: number, plain = false, expected = 0): Uint8Array | undefined {
  // A page at least, which the allocator has ready; most files are shorter.
  let buffer = new Uint8Array(Math.min(Math.max(4096, expected + 1), limit + 1));
  let used = 0;
  for (;;) {
    if (used === buffer.length) {
      if (used > limit) return undefined;
      const larger = new Uint8Array(Math.min(buffer.length * 4, limit + 1));
      larger.set(buffer);
      buffer = larger;
    }
    const room = buffer.subarray(used);
    const count = kernel.call(SYS_read, fd, room, room.length);
    used += count;
    if (count === 0 || (plain && count < room.length)) return buffer.subarray(0, used);
  }
}

/** Content of a small file as text (kernel files, our own state). */
export function readText(kernel: Kernel, directory: Fd, path: string, limit = 1 << 20): string {
  const fd = openAt(kernel, directory, path, O_RDONLY);
  try {
    return decode(readAll(kernel, fd, limit) ?? new Uint8Array(0));
  } finally {
    close(kernel, fd);
  }
}

/** One write(2) of everything; a short write is an error (proc.4: one value, one write). */
export function writeOnce(kernel: Kernel, fd: Fd, data: string | Uint8Array): void {
  const bytes = writable(data);
  const count = kernel.call(SYS_write, fd, bytes, bytes.length);
  if (count !== bytes.length) throw new Error(`write of ${bytes.length} bytes wrote ${count}`);
}

/** Writes everything, in as many calls as it takes. */
export function writeAll(kernel: Kernel, fd: Fd, data: string | Uint8Array): void {
  const bytes = writable(data);
  const count = kernel.call(SYS_write, fd, bytes, bytes.length);
  if (count === bytes.length) return;
  let rest = (typeof bytes === "string" ? encode(bytes) : bytes).subarray(count);
  while (rest.length > 0) rest = rest.subarray(kernel.call(SYS_write, fd, rest, rest.length));
}

/** ASCII text goes to the host as it is, so that a trace shows it; of other text the length in bytes must be known. */
function writable(data: string | Uint8Array): string | Uint8Array {
  if (typeof data !== "string") return data;
  const bytes = encode(data);
  return bytes.length === data.length ? data : bytes;
}

/** Opens `path` O_WRONLY, writes `value` in one call, closes: how a kernel file is set. */
export function writeFile(kernel: Kernel, directory: Fd, path: string, value: string): void {
  const fd = openAt(kernel, directory, path, O_WRONLY);
  try {
    writeOnce(kernel, fd, value);
  } finally {
    close(kernel, fd);
  }
}

/** mkdirat(2). */
export function mkdirAt(kernel: Kernel, directory: Fd, name: string, mode: number): void {
  kernel.call(SYS_mkdirat, directory, name, mode);
}

/** mknodat(2). `device`: as makeDevice gives it. */
export function mknodAt(kernel: Kernel, directory: Fd, name: string, mode: number, device: number): void {
  kernel.call(SYS_mknodat, directory, name, mode, device);
}

/** New device number in the kernel's 32-bit form (makedev(3)): 12 bits of major, 20 of minor. */
export function makeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export function symlinkAt(kernel: Kernel, target: string, directory: Fd, name: string): void {
  kernel.call(SYS_symlinkat, target, directory, name);
}

/** unlinkat(2); `removeDirectory` as rmdir. */
export function unlinkAt(kernel: Kernel, directory: Fd, name: string, removeDirectory = false): void {
  kernel.call(SYS_unlinkat, directory, name, removeDirectory ? AT_REMOVEDIR : 0);
}

export function renameAt(kernel: Kernel, directory: Fd, from: string, to: string): void {
  kernel.call(SYS_renameat2, directory, from, directory, to, 0);
}

/** readlinkat(2) as text; undefined when it is no link or missing. */
export function readLinkAt(kernel: Kernel, directory: Fd, name: string): string | undefined {
  const buffer = new Uint8Array(4096);
  const length = kernel.attempt(SYS_readlinkat, directory, name, buffer, buffer.length);
  return length < 0 ? undefined : decode(buffer.subarray(0, length));
}

const STATX_SIZE = 256;
const ASKED = STATX_BASIC_STATS | STATX_MNT_ID;

/** What the runtime asks of a file: fields of struct statx (linux/stat.h), each decoded when it is asked for, as most callers want one of them. */
export class Stat {
  readonly #words: Uint32Array;

  /** @param buffer its STATX_SIZE bytes, at the beginning of their memory. */
  constructor(buffer: Uint8Array) {
    this.#words = new Uint32Array(buffer.buffer, 0, STATX_SIZE / 4);
  }

  #word(offset: number): number {
    return this.#words[offset / 4] ?? 0;
  }

  /** Type and permission bits. */
  get mode(): number {
    return this.#word(28) & 0xffff;
  }
  /** Names of the file. */
  get links(): number {
    return this.#word(16);
  }
  get uid(): number {
    return this.#word(20);
  }
  get gid(): number {
    return this.#word(24);
  }
  get ino(): number {
    return this.#word(32) + this.#word(36) * 0x100000000;
  }
  get size(): number {
    return this.#word(40) + this.#word(44) * 0x100000000;
  }
  /** Time of the last change of its inode, and of its content; of a directory: of its names. */
  get changed(): { seconds: number; nanoseconds: number } {
    return { seconds: this.#word(96) + this.#word(100) * 0x100000000, nanoseconds: this.#word(104) };
  }
  get modified(): { seconds: number; nanoseconds: number } {
    return { seconds: this.#word(112) + this.#word(116) * 0x100000000, nanoseconds: this.#word(120) };
  }
  /** Of a device node. */
  get rdevMajor(): number {
    return this.#word(128);
  }
  get rdevMinor(): number {
    return this.#word(132);
  }
  /** Device of the file system that holds it: major, minor. */
  get device(): string {
    return `${this.#word(136)}:${this.#word(140)}`;
  }
  /** Of the mount that it was reached by (STATX_MNT_ID, Linux 5.8). */
  get mountId(): number {
    return this.#word(144) + this.#word(148) * 0x100000000;
  }
  /** Equal for two descriptors of one file on one mount, however they were opened. */
  get identity(): string {
    return `${this.mountId} ${this.device} ${this.ino}`;
  }
}

/** statx(2) of what `fd` is (path "") or of a name below it, not following a link in the last component. */
export function stat(kernel: Kernel, directory: Fd, path = "", follow = false): Stat {
  const buffer = new Uint8Array(STATX_SIZE);
  const flags = (path === "" ? AT_EMPTY_PATH : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
  kernel.call(SYS_statx, directory, path, flags, ASKED, buffer);
  return new Stat(buffer);
}

/** As stat; undefined when missing. */
export function statIfPresent(kernel: Kernel, directory: Fd, path: string, follow = false): Stat | undefined {
  const buffer = new Uint8Array(STATX_SIZE);
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
  const result = kernel.attempt(SYS_statx, directory, path, flags, ASKED, buffer);
  if (result === -ENOENT) return undefined;
  if (result < 0) throw kernel.failure(result, SYS_statx, directory, path, flags, ASKED, buffer);
  return new Stat(buffer);
}

/** Goes from a directory up to the root of all. `visit` gets each, what it is and what the one above it is, until it returns true. */
export function climb(kernel: Kernel, from: Fd, visit: (directory: Fd, is: Stat, above: Stat) => boolean): void {
  let at = openAt(kernel, from, ".", O_PATH | O_DIRECTORY);
  let is = stat(kernel, at);
  for (let done = false; !done; ) {
    const up = openAt(kernel, at, "..", O_PATH | O_DIRECTORY);
    const above = stat(kernel, up);
    done = visit(at, is, above) || above.identity === is.identity;
    close(kernel, at);
    at = up;
    is = above;
  }
  close(kernel, at);
}

export function isDirectory(status: Stat): boolean {
  return (status.mode & S_IFMT) === S_IFDIR;
}

/** Type of file system that holds `fd` (fstatfs(2), f_type) and its mount flags (f_flags). */
export function fileSystemOf(kernel: Kernel, fd: Fd): { type: number; flags: number } {
  kernel.call(SYS_fstatfs, fd, STATFS_BYTES);
  return { type: STATFS[0] ?? 0, flags: STATFS[20] ?? 0 };
}

/** struct statfs, 120 bytes; its fields have 64 bits. One for all calls: what is asked of it is copied at once. */
const STATFS = new Uint32Array(30);
const STATFS_BYTES = new Uint8Array(STATFS.buffer);

/** d_type of a directory, readdir(3). */
const DT_UNKNOWN = 0;
const DT_DIR = 4;

/** Names in a directory, without `.` and `..`. The descriptor must be readable and at its start. */
export function listDirectory(kernel: Kernel, fd: Fd, onlyDirectories = false): string[] {
  const names: string[] = [];
  const buffer = new Uint8Array(8192);
  const view = viewOf(buffer);
  for (;;) {
    const count = kernel.attempt(SYS_getdents64, fd, buffer, buffer.length);
    // ENOENT: the directory was removed after it was opened, so it is empty.
    if (count === 0 || count === -ENOENT) return names;
    if (count < 0) throw kernel.failure(count, SYS_getdents64, fd, buffer, buffer.length);
    for (let at = 0; at < count; ) {
      const length = view.getUint16(at + 16, true);
      const name = buffer.subarray(at + 19, at + length);
      const end = name.indexOf(0);
      const text = decode(name.subarray(0, end < 0 ? name.length : end));
      const wanted = !onlyDirectories || isDirectoryEntry(kernel, fd, text, buffer[at + 18] ?? 0);
      if (wanted && text !== "." && text !== "..") names.push(text);
      at += length;
    }
  }
}

/** Some file systems do not say what an entry is (getdents(2), DT_UNKNOWN). */
function isDirectoryEntry(kernel: Kernel, fd: Fd, name: string, type: number): boolean {
  if (type !== DT_UNKNOWN) return type === DT_DIR;
  const status = statIfPresent(kernel, fd, name);
  return status !== undefined && isDirectory(status);
}

/** Creates a new file; an existing one, also a dangling link, is an error (path.2). */
export function createFile(kernel: Kernel, directory: Fd, name: string, mode: number): Fd {
  return openAt(kernel, directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

export function fchmod(kernel: Kernel, fd: Fd, mode: number): void {
  kernel.call(SYS_fchmod, fd, mode);
}

export function fchown(kernel: Kernel, fd: Fd, uid: number, gid: number): void {
  kernel.call(SYS_fchown, fd, uid, gid);
}

/** fchownat(2) of a name below a directory, not following a link. */
export function chownAt(kernel: Kernel, directory: Fd, name: string, uid: number, gid: number): void {
  kernel.call(SYS_fchownat, directory, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

export function fchdir(kernel: Kernel, fd: Fd): void {
  kernel.call(SYS_fchdir, fd);
}

/** getcwd(2): `(unreachable)…` when the directory is outside the root (fd.7). */
export function getCwd(kernel: Kernel): string {
  const buffer = new Uint8Array(4096);
  const length = kernel.call(SYS_getcwd, buffer, buffer.length);
  return decode(buffer.subarray(0, length - 1));
}

/** dup3(2): `to` becomes a copy of `from`, close-on-exec if asked. */
export function dup(kernel: Kernel, from: Fd, to: number, closeOnExec: boolean): Fd {
  if (from === to) {
    kernel.call(SYS_fcntl, from, F_SETFD, closeOnExec ? FD_CLOEXEC : 0);
    return from;
  }
  return kernel.call(SYS_dup3, from, to, closeOnExec ? O_CLOEXEC : 0) as Fd;
}

/** A copy at `least` or above, close-on-exec. */
export function dupAbove(kernel: Kernel, fd: Fd, least: number): Fd {
  return kernel.call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least) as Fd;
}

/** Whether the descriptor is open; with `closeOnExec` false one that is marked so does not count. */
export function isOpen(kernel: Kernel, fd: number, closeOnExec = true): boolean {
  const flags = kernel.attempt(SYS_fcntl, fd, F_GETFD);
  return flags >= 0 && (closeOnExec || (flags & FD_CLOEXEC) === 0);
}

/** A pipe, close-on-exec: [read end, write end]. */
export function pipe(kernel: Kernel, flags = 0): [Fd, Fd] {
  const pair = new Uint8Array(8);
  kernel.call(SYS_pipe2, pair, flags | O_CLOEXEC);
  const view = viewOf(pair);
  return [view.getInt32(0, true) as Fd, view.getInt32(4, true) as Fd];
}

/** flock(2). `operation`: LOCK_EX, LOCK_SH, LOCK_NB, LOCK_UN. Returns 0 or -errno, so that a busy lock can be told. */
export function flock(kernel: Kernel, fd: Fd, operation: number): number {
  return kernel.attempt(SYS_flock, fd, operation);
}

/** A descriptor to wait for, and for what (POLLIN …). */
export interface Poll {
  readonly fd: Fd;
  readonly events: number;
}

/**
 * ppoll(2): the returned events of each, in order.
 *
 * @param timeoutMs undefined: no bound.
 */
export function poll(kernel: Kernel, what: readonly Poll[], timeoutMs: number | undefined): number[] {
  const buffer = new Uint8Array(what.length * 8);
  const view = viewOf(buffer);
  what.forEach((entry, index) => {
    view.setInt32(index * 8, entry.fd, true);
    view.setUint16(index * 8 + 4, entry.events, true);
  });
  let timeout: Uint8Array | number = 0;
  if (timeoutMs !== undefined) {
    timeout = new Uint8Array(16);
    const time = viewOf(timeout);
    time.setUint32(0, Math.floor(timeoutMs / 1000), true);
    time.setUint32(8, (timeoutMs % 1000) * 1_000_000, true);
  }
  kernel.call(SYS_ppoll, buffer, what.length, timeout, 0, 8);
  return what.map((_, index) => view.getUint16(index * 8 + 6, true));
}
