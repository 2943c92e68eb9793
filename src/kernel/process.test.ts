/** clone3 with a list of calls, waits, signals: a real child each time. */
import fs from "node:fs";
import os from "node:os";
import t from "tap";
import { kernel } from "../../test/support/kernel.ts";
import type { Fd, Pid } from "./call.ts";
import { CallList, type Rule } from "./calls.ts";
import {
  EBADF,
  ENOENT,
  O_RDONLY,
  POLLIN,
  SIG_BLOCK,
  SIG_SETMASK,
  SIGCHLD,
  SIGKILL,
  SIGUSR1,
  SIGUSR2,
  SYS_close,
  SYS_dup3,
  SYS_execve,
  SYS_exit_group,
  SYS_getpid,
  SYS_kill,
  SYS_openat,
  SYS_ppoll,
  SYS_rt_sigprocmask,
  SYS_tgkill,
  SYS_write,
  WNOHANG,
} from "./constants.ts";
import { close, pipe, poll, read } from "./file.ts";
import * as child from "./process.ts";

/** Runs a list in a child: how it ended, and what it reported. */
function runList(list: CallList): { status: number | undefined; signal: number | undefined; report: Uint8Array } {
  const [out, into] = pipe(kernel);
  const pid = kernel.host.clone(child.cloneArgs(0n, SIGCHLD, undefined), list.bytes(), list.slots, into) as Pid;
  close(kernel, into);
  const report = read(kernel, out, 100);
  close(kernel, out);
  const ended = child.wait(kernel, pid, 0);
  return { status: ended?.status, signal: ended?.signal, report };
}

const report = (index: number, errno: number) => {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint32(0, 0xffffffff, true);
  view.setInt32(4, index, true);
  view.setInt32(8, errno, true);
  return new Uint8Array(view.buffer);
};
const never = 1_000_000 as Fd;

t.test("a list that does all it should", (t) => {
  const [out, into] = pipe(kernel);
  const list = new CallList(kernel);
  list.add({ result: 2 }, SYS_getpid);
  list.add({ least: 5 }, SYS_write, into, "hello", 5);
  list.add({ least: 8 }, SYS_write, into, list.slotAddress(2), 8);
  list.add({}, SYS_exit_group, 7);
  const started = process.pid;
  t.strictSame(runList(list), { status: 7, signal: undefined, report: new Uint8Array(0) });
  const bytes = Buffer.from(read(kernel, out, 100));
  t.equal(bytes.subarray(0, 5).toString(), "hello");
  t.ok(bytes.readUInt32LE(5) > 1 && bytes.readUInt32LE(5) !== started, "the slot held the child's pid");
  t.equal(child.slotNumber(list.slots, 2), 0, "the parent's copy is its own");
  for (const fd of [out, into]) close(kernel, fd);
  t.end();
});

t.test("a failing call is reported with its place and errno, and ends the child", (t) => {
  const rules: Rule[] = [{}, { accept: ENOENT }, { least: -1 }, { least: 1 }];
  for (const rule of rules) {
    const list = new CallList(kernel);
    list.add({}, SYS_getpid);
    list.add(rule, SYS_close, never);
    list.add({}, SYS_exit_group, 0);
    t.strictSame(runList(list), { status: 127, signal: undefined, report: report(1, EBADF) });
    t.match(list.at(1), { number: SYS_close, args: [never] });
  }
  t.end();
});

t.test("too small a result is a failure without an errno", (t) => {
  const [out, into] = pipe(kernel);
  const list = new CallList(kernel);
  list.add({ least: 6 }, SYS_write, into, "hello", 5);
  list.add({}, SYS_exit_group, 0);
  t.strictSame(runList(list), { status: 127, signal: undefined, report: report(0, 0) });
  for (const fd of [out, into]) close(kernel, fd);
  t.end();
});

t.test("an errno that is accepted, and any", (t) => {
  for (const accept of [EBADF, -1]) {
    const list = new CallList(kernel);
    list.add({ accept }, SYS_close, never);
    list.add({}, SYS_exit_group, 3);
    t.equal(runList(list).status, 3);
  }
  t.end();
});

t.test("a result of 0 jumps, another goes on", (t) => {
  for (const [fd, want] of [
    [0, 5],
    [never, 4],
  ]) {
    const list = new CallList(kernel);
    const target = list.label();
    list.add({ jumpOnZero: target, accept: -1 }, SYS_close, fd ?? 0);
    list.add({}, SYS_exit_group, 4);
    list.place(target);
    list.add({}, SYS_exit_group, 5);
    t.equal(list.length, 3);
    t.equal(runList(list).status, want);
  }
  t.end();
});

t.test("results go on as arguments; a slot that is not there is refused", (t) => {
  const [out, into] = pipe(kernel);
  const list = new CallList(kernel);
  list.add({ result: 0 }, SYS_openat, -100, "/proc/self/stat", O_RDONLY, 0);
  list.add({}, SYS_dup3, { slot: 0 }, 900, 0);
  list.add({}, SYS_close, 900);
  list.add({ result: 1, least: 1 }, SYS_write, into, "x", 1);
  list.add({}, SYS_exit_group, { slot: 1 });
  t.equal(runList(list).status, 1);
  const wrong = new CallList(kernel);
  wrong.add({}, SYS_exit_group, { slot: 4 });
  t.strictSame(runList(wrong), { status: 127, signal: undefined, report: report(0, 22) });
  for (const fd of [out, into]) close(kernel, fd);
  t.end();
});

t.test("execve by string tables: arguments, environment, bytes beyond ASCII", (t) => {
  const [out, into] = pipe(kernel);
  const list = new CallList(kernel);
  const argv = child.stringTable(kernel, ["sh", "-c", 'printf "%s|" "$@" "$KEY"; env | wc -l', "sh", "", "é 😀", "c"]);
  const env = child.stringTable(kernel, ["KEY=wert=ü"]);
  list.keep(argv.keep, env.keep);
  list.add({}, SYS_dup3, into, 1, 0);
  list.add({}, SYS_execve, "/bin/sh", argv.table, env.table);
  t.equal(runList(list).status, 0);
  t.match(Buffer.from(read(kernel, out, 200)).toString(), /^\|é 😀\|c\|wert=ü\|\s*[12]\n$/);
  for (const fd of [out, into]) close(kernel, fd);
  const empty = child.stringTable(kernel, []);
  t.strictSame(empty.table, new Uint8Array(8));
  t.end();
});

t.test("execve() that fails comes back with the errno", (t) => {
  t.equal(child.execve(kernel, "/nowhere/program", ["a"], []), -ENOENT);
  t.end();
});

t.test("a child that waits: pidfd, signals, wait", (t) => {
  const list = new CallList(kernel);
  list.add({}, SYS_ppoll, 0, 0, 0, 0, 8);
  const pid = kernel.host.clone(child.cloneArgs(0n, SIGCHLD, undefined), list.bytes(), list.slots, 2) as Pid;
  t.equal(child.wait(kernel, pid, WNOHANG), undefined, "it has not ended");
  t.equal(child.endedChild(kernel), undefined);
  const pidfd = child.openPid(kernel, pid) ?? (-1 as Fd);
  t.strictSame(poll(kernel, [{ fd: pidfd, events: POLLIN }], 0), [0]);
  t.equal(child.signalPidfd(kernel, pidfd, 0), true);
  const own = child.parseProcessStat(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  t.match(own.state, /[SR]/);
  t.equal(own.flags & 0x40, 0x40, "PF_FORKNOEXEC: it has executed nothing");
  // Every other signal is blocked in it, or caught by Node's handlers.
  t.equal(child.signalPidfd(kernel, pidfd, SIGKILL), true);
  t.strictSame(poll(kernel, [{ fd: pidfd, events: POLLIN }], 5000), [POLLIN]);
  t.equal(child.endedChild(kernel), pid, "seen, and not reaped");
  t.strictSame(child.wait(kernel, pid, 0), { pid, status: 128 + SIGKILL, signal: SIGKILL });
  t.equal(child.signalPidfd(kernel, pidfd, SIGKILL), false, "it is gone");
  t.equal(child.openPid(kernel, pid), undefined);
  t.equal(child.killChild(kernel, pid, 0), false);
  t.equal(child.wait(kernel, pid, 0), undefined, "no such child");
  close(kernel, pidfd);
  t.end();
});

t.test("signals that a child sends itself end it", (t) => {
  const list = new CallList(kernel);
  list.add({ result: 0 }, SYS_getpid);
  list.add({}, SYS_rt_sigprocmask, SIG_SETMASK, new Uint8Array(8), 0, 8);
  list.add({}, SYS_kill, { slot: 0 }, SIGKILL);
  list.add({}, SYS_exit_group, 0);
  t.match(runList(list), { status: 128 + SIGKILL, signal: SIGKILL });
  t.end();
});

t.test("signal sets, masks and signalfd", (t) => {
  t.strictSame(child.signalSet([1, 8, 9, 64]), new Uint8Array([0x81, 1, 0, 0, 0, 0, 0, 0x80]));
  const mask = () => /^SigBlk:\s*(.*)$/m.exec(fs.readFileSync("/proc/thread-self/status", "utf8"))?.[1];
  const before = mask();
  const old = child.blockSignals(kernel, [SIGUSR1, SIGUSR2]);
  t.equal(BigInt(`0x${mask()}`) & 0xa00n, 0xa00n, "SIGUSR1 is 10, SIGUSR2 is 12");
  // A child takes the same words for the mask.
  const list = new CallList(kernel);
  list.add({}, SYS_rt_sigprocmask, SIG_BLOCK, child.signalSet([SIGUSR1]), 0, 8);
  list.add({}, SYS_exit_group, 0);
  t.equal(runList(list).status, 0);
  const fd = child.openSignals(kernel, [SIGUSR2]);
  t.strictSame(poll(kernel, [{ fd, events: POLLIN }], 0), [0]);
  // To this thread: Node's others do not block it.
  const tid = Number(fs.readlinkSync("/proc/thread-self").split("/").at(-1));
  kernel.call(SYS_tgkill, process.pid, tid, SIGUSR2);
  t.strictSame(poll(kernel, [{ fd, events: POLLIN }], 1000), [POLLIN]);
  const info = Buffer.from(read(kernel, fd, 128));
  t.strictSame(
    [info.length, info.readUInt32LE(0), info.readUInt32LE(12)],
    [128, os.constants.signals.SIGUSR2, process.pid],
  );
  close(kernel, fd);
  child.restoreSignals(kernel, old);
  t.equal(mask(), before);
  t.end();
});

t.test("parseProcessStat() counts from the last parenthesis", (t) => {
  const rest = "0 0 0 0 0 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654321 0 0";
  for (const name of ["sh", "a) R 1 2", ")))", "(", "x\ny", ""]) {
    t.strictSame(child.parseProcessStat(`77 (${name}) S ${rest}`), {
      state: "S",
      flags: Number(rest.split(" ")[5]),
      startTime: 987654321,
    });
  }
  const own = child.parseProcessStat(fs.readFileSync("/proc/self/stat", "utf8"));
  const uptime = Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  t.ok(Math.abs(uptime - own.startTime / 100 - process.uptime()) < 60, "our own start, in ticks of 10 ms");
  t.end();
});

t.test("getPid() is ours", (t) => {
  t.equal(child.getPid(kernel), process.pid);
  t.end();
});
