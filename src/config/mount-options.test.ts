/** Mount options against runtime-spec config.md#linux-mount-options and the kernel's flags. */
import t from "tap";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../kernel/constants.ts";
import { parseMountOptions, propagationFlag } from "./mount-options.ts";

const ATIME = MOUNT_ATTR__ATIME;
const FLAGS: [on: string, off: string, flag: number][] = [
  ["ro", "rw", MOUNT_ATTR_RDONLY],
  ["nosuid", "suid", MOUNT_ATTR_NOSUID],
  ["nodev", "dev", MOUNT_ATTR_NODEV],
  ["noexec", "exec", MOUNT_ATTR_NOEXEC],
  ["nodiratime", "diratime", MOUNT_ATTR_NODIRATIME],
  ["nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW],
];

t.test("flags are set, cleared, and the last of two wins; r… is for all mounts below", (t) => {
  for (const [on, off, flag] of FLAGS) {
    t.match(parseMountOptions([on]), { set: flag, clear: 0, recursiveSet: 0, recursiveClear: 0 }, on);
    t.match(parseMountOptions([off]), { set: 0, clear: flag }, off);
    t.match(parseMountOptions([on, off]), { set: 0, clear: flag }, `${on},${off}`);
    t.match(parseMountOptions([off, on]), { set: flag, clear: 0 }, `${off},${on}`);
    t.match(
      parseMountOptions([`r${on}`]),
      { set: 0, clear: 0, recursiveSet: flag, recursiveClear: 0, data: [] },
      `r${on}`,
    );
    t.match(parseMountOptions([`r${on}`, `r${off}`]), { recursiveSet: 0, recursiveClear: flag }, `r${off}`);
  }
  const all = FLAGS.map(([on]) => on);
  t.equal(
    parseMountOptions(all).set,
    FLAGS.reduce((bits, [, , flag]) => bits | flag, 0),
  );
  t.end();
});

t.test("times of access are one field: what is set, the rest of it cleared", (t) => {
  const cases: [string[], number][] = [
    [["noatime"], MOUNT_ATTR_NOATIME],
    [["strictatime"], MOUNT_ATTR_STRICTATIME],
    [["relatime"], 0],
    [["noatime", "strictatime"], MOUNT_ATTR_STRICTATIME],
    [["strictatime", "noatime"], MOUNT_ATTR_NOATIME],
    [["noatime", "relatime"], 0],
    [["noatime", "atime"], 0],
  ];
  for (const [options, set] of cases) {
    const found = parseMountOptions(options);
    t.equal(found.set, set, options.join());
    // mount_setattr(2) wants the whole field cleared when any of it is set.
    t.equal((found.set | found.clear) & ATIME, ATIME, `${options.join()}: the field`);
    t.equal(parseMountOptions(options.map((option) => `r${option}`)).recursiveSet, set, `recursive ${options.join()}`);
  }
  t.end();
});

t.test("binds, remounts, propagation, superblock, and the file system's own", (t) => {
  t.match(parseMountOptions(["bind"]), { bind: true, recursiveBind: false, data: [] });
  t.match(parseMountOptions(["rbind"]), { bind: true, recursiveBind: true, data: [] });
  t.match(parseMountOptions(["remount", "bind"]), { bind: true, remount: true });
  const kinds: [string, number][] = [
    ["shared", MS_SHARED],
    ["slave", MS_SLAVE],
    ["private", MS_PRIVATE],
    ["unbindable", MS_UNBINDABLE],
  ];
  for (const [word, flag] of kinds) {
    t.equal(propagationFlag(word), flag);
    t.equal(propagationFlag(`r${word}`), flag | MS_REC);
    t.strictSame(parseMountOptions([`r${word}`, word]).propagation, [flag | MS_REC, flag], "in order");
  }
  t.equal(propagationFlag("constructor"), undefined);
  t.strictSame(parseMountOptions(["sync", "lazytime"]).superblock, ["sync", "lazytime"]);
  const takenBack = ["sync", "iversion", "async", "lazytime", "noiversion", "mand", "nomand", "nolazytime", "dirsync"];
  t.strictSame(parseMountOptions(takenBack).superblock, ["dirsync"], "the last of two wins");
  t.strictSame(parseMountOptions(["defaults", "async", "silent"]), parseMountOptions([]));
  t.strictSame(parseMountOptions(["size=64k", "a=b=c", "gid=", "nouuid", "__proto__"]).data, [
    ["size", "64k"],
    ["a", "b=c"],
    ["gid", ""],
    ["nouuid", undefined],
    ["__proto__", undefined],
  ]);
  t.end();
});

t.test("what the runtime does itself is not the file system's", (t) => {
  const options = parseMountOptions(["tmpcopyup", "idmap", "ridmap", "idmap=uids=0-1-1;gids=0-1-1", "size=1m"]);
  t.ok(options.copyUp);
  t.strictSame(options.data, [["size", "1m"]]);
  t.end();
});
