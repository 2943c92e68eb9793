// The two generated tables agree with each other, with Node's own constants for this machine, and with fixed sources.
import { constants as fsConstants } from "node:fs";
import { constants as osConstants } from "node:os";
import t from "tap";
import * as aarch64 from "./aarch64.gen.ts";
import * as x86 from "./x86_64.gen.ts";

type Table = Readonly<Record<string, unknown>>;
const tables: readonly Table[] = [x86, aarch64];
const own: Table = process.arch === "arm64" ? aarch64 : x86;

/** Names of one table that start with a prefix. */
function named(table: Table, prefix: string): string[] {
  return Object.keys(table).filter((name) => name.startsWith(prefix));
}

t.test("both tables export the same names", (t) => {
  t.same(Object.keys(aarch64).sort(), Object.keys(x86).sort());
  t.equal(x86.ARCH, "x86_64");
  t.equal(aarch64.ARCH, "aarch64");
  t.end();
});

t.test("every constant is an integer, and a bigint only where a double cannot hold it", (t) => {
  for (const table of tables) {
    const odd = Object.entries(table).filter(([name, value]) => {
      if (name === "ARCH" || name === "ERRNO_NAMES") return false;
      if (typeof value === "bigint") return value <= BigInt(Number.MAX_SAFE_INTEGER);
      return !Number.isSafeInteger(value);
    });
    t.same(odd, []);
  }
  t.end();
});

t.test("only these differ between the architectures, besides the system calls", (t) => {
  const theirs: Table = aarch64;
  const differ = Object.entries(x86 as Table)
    .filter(([name, value]) => !name.startsWith("SYS_") && name !== "ERRNO_NAMES" && value !== theirs[name])
    .map(([name]) => name.replace(/^STAT_.*/, "STAT_*"));
  const flags = ["O_DIRECT", "O_DIRECTORY", "O_LARGEFILE", "O_NOFOLLOW", "O_TMPFILE"];
  const layouts = ["EPOLL_EVENT_DATA_OFFSET", "EPOLL_EVENT_SIZE", "STAT_*"];
  t.same([...new Set(differ)].sort(), ["ARCH", ...flags, ...layouts].sort());
  t.same(x86.ERRNO_NAMES, aarch64.ERRNO_NAMES);
  t.end();
});

t.test("Node's constants for this machine: errno, signals, open flags, file modes", (t) => {
  const known = { ...fsConstants, ...osConstants.errno, ...osConstants.signals, ...osConstants.priority };
  const shared = Object.entries(known).filter(([name]) => name in own);
  // SIGSTKFLT to O_TMPFILE: a wrong import would make the overlap tiny and the comparison empty.
  t.ok(shared.length > 130, `${shared.length} names in common`);
  for (const [name, value] of shared) t.equal(own[name], value, name);
  const absent = Object.keys({ ...osConstants.errno, ...osConstants.signals }).filter((name) => !(name in own));
  t.same(absent, [], "every errno and signal of Node is in the table");
  t.end();
});

t.test("ERRNO_NAMES turns a number into its first name", (t) => {
  for (const { ERRNO_NAMES, EAGAIN, EDEADLK, EOPNOTSUPP, EPERM, EHWPOISON } of [x86, aarch64]) {
    t.equal(ERRNO_NAMES[EPERM], "EPERM");
    t.equal(ERRNO_NAMES[EAGAIN], "EAGAIN");
    t.equal(ERRNO_NAMES[EDEADLK], "EDEADLK");
    t.equal(ERRNO_NAMES[EOPNOTSUPP], "EOPNOTSUPP");
    t.equal(EOPNOTSUPP, 95);
    t.equal(ERRNO_NAMES[EHWPOISON], "EHWPOISON");
    t.equal(ERRNO_NAMES.length, EHWPOISON + 1);
    for (const hole of [0, 41, 58]) t.equal(ERRNO_NAMES[hole], undefined, `errno ${hole} has no name`);
  }
  for (const [index, name] of x86.ERRNO_NAMES.entries()) {
    if (name !== undefined) t.equal((x86 as Table)[name], index, name);
  }
  t.end();
});

t.test("system calls: no number twice, one number from 424 on, spot checks", (t) => {
  const theirs: Table = aarch64;
  for (const table of tables) {
    const numbers = named(table, "SYS_").map((name) => table[name]);
    t.equal(new Set(numbers).size, numbers.length);
  }
  // Linux 5.1 gave all architectures one numbering (arch/*/kernel/syscalls, "common" from 424, pidfd_send_signal).
  for (const name of named(x86, "SYS_")) {
    const number = (x86 as Table)[name] as number;
    if (number >= 424) t.equal(theirs[name], number, name);
  }
  // syscalls(2) and arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h.
  t.same([x86.SYS_execve, x86.SYS_mount, x86.SYS_pivot_root, x86.SYS_unshare, x86.SYS_setns], [59, 165, 155, 272, 308]);
  t.same([aarch64.SYS_execve, aarch64.SYS_mount, aarch64.SYS_pivot_root, aarch64.SYS_unshare], [221, 40, 41, 97]);
  t.same([x86.SYS_clone3, x86.SYS_close_range, x86.SYS_openat2, x86.SYS_pidfd_getfd], [435, 436, 437, 438]);
  t.same([x86.SYS_mount_setattr, x86.SYS_statmount, x86.SYS_listmount, x86.SYS_open_tree_attr], [442, 457, 458, 467]);
  t.end();
});

t.test("flags and ioctls that other manuals spell out", (t) => {
  t.equal(x86.MOUNT_ATTR_IDMAP, 0x100000, "mount_setattr(2)");
  t.equal(x86.MOUNT_ATTR_NOSYMFOLLOW, 0x200000, "mount_setattr(2)");
  t.equal(x86.MOUNT_ATTR__ATIME, 0x70, "mount_setattr(2)");
  t.equal(x86.CLONE_INTO_CGROUP, 0x200000000, "clone(2)");
  t.equal(x86.CLONE_CLEAR_SIGHAND, 0x100000000, "clone(2)");
  t.equal(x86.CLONE_NEWTIME, 0x80, "clone(2)");
  t.equal(x86.CLONE_IO, 0x80000000, "clone(2): positive");
  t.equal(x86.SECCOMP_RET_KILL_PROCESS, 0x80000000, "seccomp(2): positive");
  t.equal(x86.SECCOMP_RET_USER_NOTIF, 0x7fc00000, "seccomp_unotify(2)");
  t.equal(x86.AUDIT_ARCH_X86_64, 0xc000003e, "seccomp(2), linux/audit.h");
  t.equal(x86.AUDIT_ARCH_AARCH64, 0xc00000b7, "linux/audit.h");
  t.equal(x86.PROC_SUPER_MAGIC, 0x9fa0, "statfs(2)");
  t.equal(x86.CGROUP2_SUPER_MAGIC, 0x63677270, "statfs(2)");
  t.equal(x86.NSFS_MAGIC, 0x6e736673, "statfs(2)");
  t.equal(x86.OVERLAYFS_SUPER_MAGIC, 0x794c7630, "statfs(2)");
  t.equal(x86.TIOCGPTN, 0x80045430, "ioctl_tty(2)");
  t.equal(x86.NS_GET_NSTYPE, 0xb703, "ioctl_ns(2)");
  t.equal(x86.PIDFD_GET_INFO, 0xc040ff0b, "linux/pidfd.h of 6.13: _IOWR(0xff, 11, 64 bytes)");
  t.equal(x86._LINUX_CAPABILITY_VERSION_3, 0x20080522, "capget(2)");
  t.equal(x86.KEY_SPEC_SESSION_KEYRING, -3, "keyctl(2)");
  t.equal(x86.AT_FDCWD, -100, "openat(2)");
  t.equal(x86.RLIM_INFINITY, 18446744073709551615n, "getrlimit(2)");
  t.equal(x86.MNT_DETACH, 2, "umount2(2)");
  t.same([x86.SIGRTMIN, x86.SIGRTMAX], [34, 64], "signal(7)");
  t.same([x86.CAP_LAST_CAP, x86.CAP_SYS_ADMIN], [40, 21], "capabilities(7)");
  t.end();
});
