/** Words for calls: what a trace and an error line say. */
import t from "tap";
import { scripted } from "../../test/support/kernel.ts";
import type { Word } from "../host/host.ts";
import { AT_CWD, type Fd, type Kernel, type Pid } from "./call.ts";
import * as constants from "./constants.ts";
import { describeCall, describeResult, syscallName } from "./decode.ts";
import * as file from "./file.ts";
import * as mount from "./mount.ts";
import { unshare } from "./namespace.ts";
import { cloneArgs, prctl, signalPidfd } from "./process.ts";

const five = 5 as Fd;

/** The words of the first call that a wrapper makes. */
function words(number: number, use: (kernel: Kernel) => unknown): string {
  const { kernel, host } = scripted(new Map([[number, 0]]));
  use(kernel);
  return host.calls[0] === undefined ? "no call" : describeCall(host.calls[0].number, host.calls[0].args);
}

t.test("every wrapper's call by flags and paths", (t) => {
  const c = constants;
  const cases: [number, (kernel: Kernel) => unknown, string][] = [
    [c.SYS_openat, (k) => file.openAt(k, AT_CWD, "/a", c.O_PATH), 'openat(AT_FDCWD, "/a", O_CLOEXEC|O_PATH, 00)'],
    [c.SYS_mkdirat, (k) => file.mkdirAt(k, five, "d", 0o755), 'mkdirat(5, "d", 0755)'],
    [c.SYS_mknodat, (k) => file.mknodAt(k, five, "n", 0o20666, 259), 'mknodat(5, "n", 020666, 259)'],
    [c.SYS_unlinkat, (k) => file.unlinkAt(k, five, "d", true), 'unlinkat(5, "d", AT_REMOVEDIR)'],
    [c.SYS_symlinkat, (k) => file.symlinkAt(k, "to", five, "l"), 'symlinkat("to", 5, "l")'],
    [c.SYS_renameat2, (k) => file.renameAt(k, five, "a", "b"), 'renameat2(5, "a", 5, "b")'],
    [
      c.SYS_mount,
      (k) => mount.mount(k, "", "/", "", c.MS_REC | c.MS_SLAVE, ""),
      'mount("", "/", 0, MS_REC|MS_SLAVE, 0)',
    ],
    [c.SYS_umount2, (k) => mount.unmountDetach(k, "/a"), 'umount2("/a", 2)'],
    [c.SYS_pivot_root, (k) => mount.pivotRoot(k, ".", "."), 'pivot_root(".", ".")'],
    [c.SYS_fsopen, (k) => mount.fsOpen(k, "proc"), 'fsopen("proc", 1)'],
    [c.SYS_fsmount, (k) => mount.fsMount(k, five, c.MOUNT_ATTR_NODEV), "fsmount(5, 1, MOUNT_ATTR_NODEV)"],
    [c.SYS_unshare, (k) => unshare(k, c.CLONE_NEWNS | c.CLONE_NEWUTS), "unshare(CLONE_NEWNS|CLONE_NEWUTS)"],
    [c.SYS_prctl, (k) => prctl(k, c.PR_SET_NO_NEW_PRIVS, 1), "prctl(PR_SET_NO_NEW_PRIVS, 1, 0)"],
    [c.SYS_pidfd_send_signal, (k) => signalPidfd(k, five, c.SIGKILL), "pidfd_send_signal(5, SIGKILL)"],
  ];
  for (const [number, use, want] of cases) t.equal(words(number, use), want);
  t.match(
    words(c.SYS_open_tree, (k) => mount.cloneTree(k, five, "", true)),
    /^open_tree\(5, "", OPEN_TREE_CLONE\|OPEN_TREE_CLOEXEC\|AT_EMPTY_PATH\|AT_RECURSIVE\)$/,
  );
  t.match(
    words(c.SYS_mount_setattr, (k) =>
      mount.setAttributes(k, five, { set: 1, clear: 2, propagation: c.MS_PRIVATE }, true),
    ),
    /set MOUNT_ATTR_RDONLY, clear MOUNT_ATTR_NOSUID, MS_PRIVATE/,
  );
  t.end();
});

t.test("clone3 shows flags of both halves", (t) => {
  const flags = BigInt(constants.CLONE_INTO_CGROUP) | BigInt(constants.CLONE_NEWPID);
  const args = cloneArgs(flags, constants.SIGCHLD, 7 as Fd);
  t.equal(describeCall(constants.SYS_clone3, [args, 88]), "clone3({CLONE_INTO_CGROUP|CLONE_NEWPID})");
  t.end();
});

t.test("unknown bits, calls and errnos stay numbers; results by name", (t) => {
  t.equal(
    describeCall(constants.SYS_unshare, [constants.CLONE_NEWNS + 2 ** 45]),
    "unshare(CLONE_NEWNS|0x200000000000)",
  );
  t.equal(syscallName(99999), "syscall_99999");
  t.equal(describeCall(99999, [1, "a\n", new Uint8Array(3), 5n]), 'syscall_99999(1, "a\\n", <3 bytes>, 5)');
  t.strictSame([0, 7, -2, -4095, -5000].map(describeResult), ["0", "7", "-ENOENT", "-errno 4095", "-5000"]);
  const bytes: Word = new Uint8Array([0x61, 0x0a]);
  t.equal(describeCall(constants.SYS_write, [1, bytes, 2]), "write(1, <2 bytes>, 2)", "what is not printable");
  t.equal(describeCall(constants.SYS_kill, [1 as Pid, 0]), "kill(1, 0)");
  t.end();
});
