/** Words for system calls: name, arguments as flags and paths, result. For error lines and traces; loaded only then. */
import type { Word } from "../host/host.ts";
import { getU64, viewOf } from "../shared/bytes.ts";
import { decode } from "../shared/text.ts";
import * as constants from "./all-constants.ts";
import { errnoName } from "./call.ts";
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "./constants.ts";

/** [bit, name] pairs of a flag word. */
type Flags = readonly (readonly [number, string])[];

/** All integer constants, [name, value]. */
function numbers(): [string, number][] {
  return Object.entries<unknown>({ ...constants }).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
}

/** All constants whose name begins with a prefix and that are one bit; built on first use. */
function bits(prefix: string): () => Flags {
  let table: Flags | undefined;
  return () => {
    table ??= numbers()
      .filter(([name, value]) => name.startsWith(prefix) && value > 0 && Number.isInteger(Math.log2(value)))
      .map(([name, value]) => [value, name] as const);
    return table;
  };
}

/** Constants of a prefix by value, for arguments that are one of a list. */
function oneOf(prefix: string): () => ReadonlyMap<number, string> {
  let table: Map<number, string> | undefined;
  return () => {
    if (table === undefined) {
      table = new Map();
      for (const [name, value] of numbers()) {
        // SIG_BLOCK and the like are no signals.
        const belongs = name.startsWith(prefix) && !name.startsWith(`${prefix}_`);
        if (belongs && !table.has(value)) table.set(value, name);
      }
    }
    return table;
  };
}

/** Decoded flags: `MS_RDONLY|MS_BIND|0x…`; unknown bits stay as hex. */
export function flagNames(value: number, flags: Flags): string {
  let rest = value;
  const names: string[] = [];
  for (const [bit, name] of flags) {
    if (bit !== 0 && Math.floor(rest / bit) % 2 === 1) {
      names.push(name);
      rest -= bit;
    }
  }
  if (rest !== 0 || names.length === 0) names.push(rest === 0 ? "0" : `0x${rest.toString(16)}`);
  return names.join("|");
}

const TREE: Flags = [
  [OPEN_TREE_CLONE, "OPEN_TREE_CLONE"],
  [OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC"],
  [AT_EMPTY_PATH, "AT_EMPTY_PATH"],
  [AT_RECURSIVE, "AT_RECURSIVE"],
];
const AT_FLAGS: Flags = [
  [AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"],
  [constants.AT_REMOVEDIR, "AT_REMOVEDIR"],
  [AT_EMPTY_PATH, "AT_EMPTY_PATH"],
  [AT_RECURSIVE, "AT_RECURSIVE"],
];
const MOVE: Flags = [
  [MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"],
  [MOVE_MOUNT_T_EMPTY_PATH, "MOVE_MOUNT_T_EMPTY_PATH"],
];

const OPEN = bits("O_");
const MS = bits("MS_");
const ATTR = bits("MOUNT_ATTR_");
const CLONE = bits("CLONE_");
const RESOLVE = bits("RESOLVE_");
const FSCONFIG = oneOf("FSCONFIG_");
const PRCTL = oneOf("PR_");
const SIGNAL = oneOf("SIG");
const RLIMIT = oneOf("RLIMIT_");

/** How an argument is shown. */
type Show = (value: Word) => string;

const plain: Show = (value) => {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  return String(value);
};
const fd: Show = (value) => (Number(value) === -100 ? "AT_FDCWD" : plain(value));
const octal: Show = (value) => `0${Number(value).toString(8)}`;
const data: Show = (value) => {
  if (!(value instanceof Uint8Array)) return plain(value);
  const printable = value.every((byte) => byte >= 0x20 && byte < 0x7f);
  return printable && value.length <= 80 ? JSON.stringify(decode(value)) : `<${value.length} bytes>`;
};
const path: Show = (value) => {
  if (!(value instanceof Uint8Array)) return plain(value);
  const end = value.indexOf(0);
  return JSON.stringify(decode(end < 0 ? value : value.subarray(0, end)));
};
const flags =
  (table: () => Flags): Show =>
  (value) =>
    typeof value === "number" || typeof value === "bigint" ? flagNames(Number(value), table()) : plain(value);
const named =
  (table: () => ReadonlyMap<number, string>): Show =>
  (value) =>
    table().get(Number(value)) ?? plain(value);
const how: Show = (value) => {
  if (!(value instanceof Uint8Array) || value.length < 24) return plain(value);
  const view = viewOf(value);
  return `{${flagNames(view.getUint32(0, true), OPEN())}, ${flagNames(view.getUint32(16, true), RESOLVE())}}`;
};
const attributes: Show = (value) => {
  if (!(value instanceof Uint8Array) || value.length < 32) return plain(value);
  const view = viewOf(value);
  return `{set ${flagNames(view.getUint32(0, true), ATTR())}, clear ${flagNames(view.getUint32(8, true), ATTR())}, ${flagNames(view.getUint32(16, true), MS())}}`;
};
const cloneFlags: Show = (value) =>
  value instanceof Uint8Array && value.length >= 8 ? `{${flagNames(getU64(viewOf(value), 0), CLONE())}}` : plain(value);

const SHAPES: Readonly<Record<string, readonly Show[]>> = {
  openat: [fd, path, flags(OPEN), octal],
  openat2: [fd, path, how],
  mkdirat: [fd, path, octal],
  mknodat: [fd, path, octal, plain],
  unlinkat: [fd, path, flags(() => AT_FLAGS)],
  symlinkat: [path, fd, path],
  renameat2: [fd, path, fd, path],
  readlinkat: [fd, path],
  statx: [fd, path, flags(() => AT_FLAGS)],
  write: [plain, data, plain],
  mount: [path, path, path, flags(MS), plain],
  umount2: [path, plain],
  pivot_root: [path, path],
  open_tree: [fd, path, flags(() => TREE)],
  move_mount: [fd, path, fd, path, flags(() => MOVE)],
  mount_setattr: [fd, path, flags(() => AT_FLAGS), attributes],
  fsopen: [path, plain],
  fsconfig: [plain, named(FSCONFIG), plain, plain],
  fsmount: [plain, plain, flags(ATTR)],
  clone3: [cloneFlags],
  unshare: [flags(CLONE)],
  setns: [plain, flags(CLONE)],
  prctl: [named(PRCTL), plain, plain],
  kill: [plain, named(SIGNAL)],
  pidfd_send_signal: [plain, named(SIGNAL)],
  rt_sigaction: [named(SIGNAL)],
  prlimit64: [plain, named(RLIMIT), plain],
  setresuid: [plain, plain, plain],
  setresgid: [plain, plain, plain],
  sethostname: [data],
  setdomainname: [data],
  execve: [path],
  chdir: [path],
  chroot: [path],
  fchownat: [fd, path, plain, plain],
  fchmodat: [fd, path, octal],
  close: [plain],
  read: [plain],
};

let names: Map<number, string> | undefined;

/** Name of a system call number. */
export function syscallName(number: number): string {
  if (names === undefined) {
    names = new Map();
    for (const [name, value] of numbers()) if (name.startsWith("SYS_")) names.set(value, name.slice(4));
  }
  return names.get(number) ?? `syscall_${number}`;
}

/** A call as text: `openat2(3, "etc", {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT})`. */
export function describeCall(number: number, args: readonly Word[]): string {
  const name = syscallName(number);
  const shapes = SHAPES[name];
  const shown = (shapes === undefined ? args : args.slice(0, shapes.length)).map((value, index) =>
    (shapes?.[index] ?? plain)(value),
  );
  return `${name}(${shown.join(", ")})`;
}

/** A result as text: the number, or the errno's name. */
export function describeResult(result: number): string {
  return result < 0 && result > -4096 ? `-${errnoName(-result)}` : String(result);
}
