/** Mount options of config.json (runtime-spec config.md#linux-mount-options, mount(8)) as what the kernel's calls take. */
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_RELATIME,
  MOUNT_ATTR_STRICTATIME,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../kernel/constants.ts";
import { isIdmapOption } from "./idmap.ts";

/** What a list of options asks for. */
export interface MountOptions {
  bind: boolean;
  /** The bind takes the mounts below along. */
  recursiveBind: boolean;
  remount: boolean;
  /** MOUNT_ATTR_* to set, and to clear first. */
  set: number;
  clear: number;
  /** The same for all mounts below (mount_setattr with AT_RECURSIVE). */
  recursiveSet: number;
  recursiveClear: number;
  /** MS_SHARED …, with MS_REC; in order. */
  propagation: number[];
  /** A tmpfs begins with what it covers. */
  copyUp: boolean;
  /** Options of the superblock that every file system knows: sync, dirsync, lazytime, mand … */
  superblock: string[];
  /** What is left goes to the file system: name, or name and value. */
  data: [name: string, value: string | undefined][];
}

/** [attribute to set, attributes to clear] of each name; the atime family is one field of which exactly one value holds. */
const ATTRIBUTES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["ro", [MOUNT_ATTR_RDONLY, 0]],
  ["rw", [0, MOUNT_ATTR_RDONLY]],
  ["nosuid", [MOUNT_ATTR_NOSUID, 0]],
  ["suid", [0, MOUNT_ATTR_NOSUID]],
  ["nodev", [MOUNT_ATTR_NODEV, 0]],
  ["dev", [0, MOUNT_ATTR_NODEV]],
  ["noexec", [MOUNT_ATTR_NOEXEC, 0]],
  ["exec", [0, MOUNT_ATTR_NOEXEC]],
  ["nodiratime", [MOUNT_ATTR_NODIRATIME, 0]],
  ["diratime", [0, MOUNT_ATTR_NODIRATIME]],
  ["nosymfollow", [MOUNT_ATTR_NOSYMFOLLOW, 0]],
  ["symfollow", [0, MOUNT_ATTR_NOSYMFOLLOW]],
  ["noatime", [MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME]],
  ["atime", [MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME]],
  ["relatime", [MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME]],
  ["norelatime", [MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME]],
  ["strictatime", [MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME]],
  ["nostrictatime", [MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME]],
]);

const PROPAGATION: ReadonlyMap<string, number> = new Map([
  ["shared", MS_SHARED],
  ["rshared", MS_SHARED | MS_REC],
  ["slave", MS_SLAVE],
  ["rslave", MS_SLAVE | MS_REC],
  ["private", MS_PRIVATE],
  ["rprivate", MS_PRIVATE | MS_REC],
  ["unbindable", MS_UNBINDABLE],
  ["runbindable", MS_UNBINDABLE | MS_REC],
]);

/** Superblock options that the kernel takes from every file system, and those that take one of them back. */
const SUPERBLOCK: ReadonlySet<string> = new Set(["sync", "dirsync", "lazytime", "mand", "iversion"]);
const NOT_SUPERBLOCK: ReadonlyMap<string, string> = new Map([
  ["async", "sync"],
  ["nolazytime", "lazytime"],
  ["nomand", "mand"],
  ["noiversion", "iversion"],
]);
const BINDS: readonly string[] = ["bind", "rbind"];
const NOTHING: ReadonlySet<string> = new Set(["defaults", "silent", "loud"]);

/** Every option that is known by name, sorted; what else is given goes to the file system. For `features`. */
export const knownMountOptions = (): string[] =>
  [
    ...ATTRIBUTES.keys(),
    ...[...ATTRIBUTES.keys()].map((name) => `r${name}`),
    ...PROPAGATION.keys(),
    ...SUPERBLOCK,
    ...NOT_SUPERBLOCK.keys(),
    ...NOTHING,
    ...BINDS,
    "remount",
  ].sort();

/** MS_… flags of a `rootfsPropagation` or propagation option; undefined for an unknown word. */
export function propagationFlag(word: string): number | undefined {
  return PROPAGATION.get(word);
}

/** Sorts a list of options; the last of two that contradict each other wins. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const result: MountOptions = {
    bind: false,
    recursiveBind: false,
    remount: false,
    set: 0,
    clear: 0,
    recursiveSet: 0,
    recursiveClear: 0,
    propagation: [],
    copyUp: false,
    superblock: [],
    data: [],
  };
  for (const option of options) addOption(result, option);
  return result;
}

function addOption(result: MountOptions, option: string): void {
  const attribute = ATTRIBUTES.get(option);
  if (attribute !== undefined) {
    const [set, clear] = attribute;
    result.set = (result.set & ~(clear | set)) | set;
    result.clear = (result.clear & ~set) | clear;
    return;
  }
  const recursive = option.startsWith("r") ? ATTRIBUTES.get(option.slice(1)) : undefined;
  if (recursive !== undefined) {
    const [set, clear] = recursive;
    result.recursiveSet = (result.recursiveSet & ~(clear | set)) | set;
    result.recursiveClear = (result.recursiveClear & ~set) | clear;
    return;
  }
  const propagation = PROPAGATION.get(option);
  if (propagation !== undefined) result.propagation.push(propagation);
  else if (BINDS.includes(option)) {
    result.bind = true;
    result.recursiveBind = option === "rbind";
  } else if (option === "remount") result.remount = true;
  else if (option === "tmpcopyup") result.copyUp = true;
  else if (SUPERBLOCK.has(option)) result.superblock.push(option);
  else if (NOT_SUPERBLOCK.has(option)) {
    result.superblock = result.superblock.filter((name) => name !== NOT_SUPERBLOCK.get(option));
  } else if (!NOTHING.has(option) && !isIdmapOption(option)) {
    const equals = option.indexOf("=");
    result.data.push(equals < 0 ? [option, undefined] : [option.slice(0, equals), option.slice(equals + 1)]);
  }
}
