/** Mounts by descriptor: the calls of Linux 5.2 (fsopen, open_tree, move_mount) and 5.12 (mount_setattr). */
import { putWord } from "../shared/bytes.ts";
import { decode } from "../shared/text.ts";
import { AT_CWD, type Fd, type Kernel } from "./call.ts";
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MNT_DETACH,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  SYS_fsconfig,
  SYS_fsmount,
  SYS_fsopen,
  SYS_mount,
  SYS_mount_setattr,
  SYS_move_mount,
  SYS_open_tree,
  SYS_pivot_root,
  SYS_read,
  SYS_umount2,
} from "./constants.ts";

/** fsopen(2): a context in which a new file system is configured. */
export function fsOpen(kernel: Kernel, type: string): Fd {
  return kernel.call(SYS_fsopen, type, FSOPEN_CLOEXEC) as Fd;
}

/** One option: `name` alone or `name=value` (at most 255 bytes of value). */
export function fsSet(kernel: Kernel, context: Fd, name: string, value: string | undefined): void {
  if (value === undefined) kernel.call(SYS_fsconfig, context, FSCONFIG_SET_FLAG, name, 0, 0);
  else kernel.call(SYS_fsconfig, context, FSCONFIG_SET_STRING, name, value, 0);
}

/** Makes the superblock. */
export function fsCreate(kernel: Kernel, context: Fd): void {
  kernel.call(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

/** What the kernel has to say about the last failure on the context: `tmpfs: Unknown parameter 'x'`; empty when nothing. */
export function fsMessage(kernel: Kernel, context: Fd): string {
  const buffer = new Uint8Array(1024);
  const length = kernel.attempt(SYS_read, context, buffer, buffer.length);
  // Each message begins with its level: "e ", "w " or "i ".
  return length > 2 ? decode(buffer.subarray(2, length)).trim() : "";
}

/** fsmount(2): a detached mount with MOUNT_ATTR_* set from its first moment. */
export function fsMount(kernel: Kernel, context: Fd, attributes: number): Fd {
  return kernel.call(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes) as Fd;
}

/** open_tree(2) OPEN_TREE_CLONE: a detached copy of the mount at a path or descriptor (path ""). */
export function cloneTree(kernel: Kernel, directory: Fd, path: string, recursive: boolean): Fd {
  const flags =
    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (path === "" ? AT_EMPTY_PATH : 0) | (recursive ? AT_RECURSIVE : 0);
  return kernel.call(SYS_open_tree, directory, path, flags) as Fd;
}

/** move_mount(2): attaches the detached mount `tree` onto what `target` is. */
export function attach(kernel: Kernel, tree: Fd, target: Fd): void {
  kernel.call(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/** As attach, onto the entry `name` of a directory that nobody else fills; a link is not followed (no MOVE_MOUNT_T_SYMLINKS). */
export function attachBelow(kernel: Kernel, tree: Fd, directory: Fd, name: string): void {
  kernel.call(SYS_move_mount, tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH);
}

/** As attach, onto a path seen from the current directory. */
export function attachAtPath(kernel: Kernel, tree: Fd, path: string): void {
  attachBelow(kernel, tree, AT_CWD, path);
}

/** move_mount(2) of an attached mount from a path to a path (MS_MOVE). */
export function moveMount(kernel: Kernel, from: string, to: string): void {
  kernel.call(SYS_move_mount, AT_CWD, from, AT_CWD, to, 0);
}

/** What mount_setattr changes. */
export interface MountAttributes {
  /** MOUNT_ATTR_* to set. */
  set?: number;
  /** MOUNT_ATTR_* to clear. */
  clear?: number;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. */
  propagation?: number;
  /** With MOUNT_ATTR_IDMAP: the user namespace whose maps are used. */
  userNamespace?: Fd;
}

/** struct mount_attr: 32 bytes. */
export function mountAttr(attributes: MountAttributes): Uint8Array {
  const words = new Uint32Array(8);
  putWord(words, 0, attributes.set ?? 0);
  putWord(words, 2, attributes.clear ?? 0);
  putWord(words, 4, attributes.propagation ?? 0);
  putWord(words, 6, attributes.userNamespace ?? 0);
  return new Uint8Array(words.buffer);
}

/** mount_setattr(2), Linux 5.12, on the mount that `fd` is on; with `recursive` on all below it too. */
export function setAttributes(kernel: Kernel, fd: Fd, attributes: MountAttributes, recursive: boolean): void {
  const buffer = mountAttr(attributes);
  kernel.call(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), buffer, buffer.length);
}

/** mount(2), where the newer calls cannot say it: remounts, options above 255 bytes. */
export function mount(kernel: Kernel, source: string, target: string, type: string, flags: number, data: string): void {
  kernel.call(SYS_mount, source, target, type === "" ? 0 : type, flags >>> 0, data === "" ? 0 : data);
}

/** pivot_root(2). */
export function pivotRoot(kernel: Kernel, newRoot: string, putOld: string): void {
  kernel.call(SYS_pivot_root, newRoot, putOld);
}

/** umount2(2) with MNT_DETACH. */
export function unmountDetach(kernel: Kernel, path: string): void {
  kernel.call(SYS_umount2, path, MNT_DETACH);
}
