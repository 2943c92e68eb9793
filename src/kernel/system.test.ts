/** Identity, limits, clocks, namespaces, procfs and terminals against what the system's own tools say. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import t from "tap";
import { errnoOf, kernel, scripted, statusLine, withFd } from "../../test/support/kernel.ts";
import type { Answer } from "../host/recording.ts";
import { AT_CWD, type Fd } from "./call.ts";
import { monotonicMs, timestamp } from "./clock.ts";
import {
  EINTR,
  EINVAL,
  ESRCH,
  O_NOCTTY,
  O_RDONLY,
  O_RDWR,
  PROC_SUPER_MAGIC,
  RLIMIT_CORE,
  SYS_close,
  SYS_fstatfs,
  SYS_getpid,
  SYS_openat2,
  SYS_prctl,
  SYS_read,
} from "./constants.ts";
import { close, openAt, read, writeAll } from "./file.ts";
import * as identity from "./identity.ts";
import { getLimit, setLimit, setUmask } from "./limits.ts";
import { NAMESPACE_FLAGS, namespaceType } from "./namespace.ts";
import { openProc, openProcFile, type Procfs, readProc, selfName, writeProc } from "./procfs.ts";
import * as terminal from "./terminal.ts";

/** cfmakeraw(3) in the words of stty(1), but for opost. */
const RAW =
  "-ignbrk -brkint -parmrk -istrip -inlcr -igncr -icrnl -ixon opost -echo -echonl -icanon -isig -iexten -parenb cs8";
const status = () => fs.readFileSync("/proc/thread-self/status", "utf8");
const hex = (bits: bigint) => bits.toString(16).padStart(16, "0");

t.test("capabilities as /proc has them, and set", (t) => {
  const sets = identity.getCapabilities(kernel);
  const shown = () => ["CapEff", "CapPrm", "CapInh"].map((name) => statusLine(status(), name));
  t.strictSame([sets.effective, sets.permitted, sets.inheritable].map(hex), shown());
  t.equal(hex(identity.getBoundingSet(kernel)), statusLine(status(), "CapBnd"));
  // Chosen to differ in both 32-bit halves; taken back at once.
  const less = { ...sets, effective: sets.effective & ~(1n << 0n) & ~(1n << 38n) };
  identity.setCapabilities(kernel, less);
  t.equal(shown()[0], hex(less.effective));
  identity.setCapabilities(kernel, sets);
  t.strictSame(identity.getCapabilities(kernel), sets);
  t.end();
});

t.test("limitBoundingSet() drops all that is not kept, until the kernel knows no more", (t) => {
  const dropped: number[] = [];
  const { kernel: fake } = scripted(
    new Map([
      [
        SYS_prctl,
        (option, capability) => {
          if (Number(capability) >= 45) return -EINVAL;
          if (option === 24) dropped.push(Number(capability));
          return option === 23 ? 1 : 0;
        },
      ],
    ]),
  );
  identity.limitBoundingSet(fake, (1n << 3n) | (1n << 40n));
  t.strictSame(
    dropped,
    Array.from({ length: 45 }, (_, index) => index).filter((index) => index !== 3 && index !== 40),
  );
  t.end();
});

t.test("users and groups", (t) => {
  t.equal(identity.effectiveUid(kernel), process.geteuid?.());
  const before = identity.getGroups(kernel);
  t.strictSame(
    before,
    statusLine(status(), "Groups")
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
  t.equal(identity.attemptSetGroups(kernel, [5, 4294967294, 0]), 0);
  t.strictSame(identity.getGroups(kernel), [0, 5, 4294967294]);
  t.equal(identity.attemptSetGroups(kernel, before), 0);
  for (const id of [-1, 4294967295, 0.5, Number.NaN]) {
    t.throws(() => identity.setUid(kernel, id), RangeError, `uid ${id}`);
    t.throws(() => identity.setGid(kernel, id), RangeError);
    t.throws(() => identity.attemptSetGroups(kernel, [id]), RangeError);
  }
  t.end();
});

t.test("limits and umask", (t) => {
  const line = () =>
    statusLine(fs.readFileSync("/proc/self/limits", "utf8").replace("Max core file size", "core:"), "core").split(
      /\s+/,
    );
  const number = (word = "") => (word === "unlimited" ? 18446744073709551615n : BigInt(word));
  const before = getLimit(kernel, RLIMIT_CORE);
  t.strictSame([before.soft, before.hard], [number(line()[0]), number(line()[1])]);
  setLimit(kernel, 0, RLIMIT_CORE, 4096, before.hard);
  t.strictSame(line().slice(0, 2).map(number), [4096n, before.hard]);
  setLimit(kernel, 0, RLIMIT_CORE, before.soft, before.hard);
  const mask = setUmask(kernel, 0o137);
  t.equal(process.umask(mask), 0o137);
  t.end();
});

t.test("clocks", (t) => {
  const text = timestamp(kernel);
  t.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  t.ok(Math.abs(Date.parse(text) - Date.now()) < 20_000);
  const difference = monotonicMs(kernel) - Number(process.hrtime.bigint()) / 1e6;
  t.ok(Math.abs(difference) < 20_000, `${difference} ms off`);
  t.end();
});

t.test("kinds of namespaces", (t) => {
  const files: Record<string, string> = { network: "net", mount: "mnt" };
  for (const [kind, flag] of Object.entries(NAMESPACE_FLAGS)) {
    withFd(`/proc/self/ns/${files[kind] ?? kind}`, O_RDONLY, (fd) => t.equal(namespaceType(kernel, fd), flag, kind));
  }
  withFd("/dev/null", O_RDONLY, (fd) => t.ok(namespaceType(kernel, fd) < 0, "another file has none"));
  t.end();
});

t.test("procfs by a verified handle", (t) => {
  const proc = openProc(kernel);
  t.equal(selfName(kernel, proc), String(process.pid));
  t.equal(readProc(kernel, proc, "version"), fs.readFileSync("/proc/version", "utf8"));
  t.equal(readProc(kernel, proc, "4194304/stat"), undefined);
  t.equal(
    errnoOf(() => openProcFile(kernel, proc, "self/stat", O_RDONLY)),
    "ELOOP",
    "no link is followed, not even ours",
  );
  t.throws(() => openProcFile(kernel, proc, "../etc/passwd", O_RDONLY), /something is mounted over it/);
  t.throws(
    () => writeProc(kernel, proc, "sys/kernel/none", "1"),
    /write \/proc\/sys\/kernel\/none: the kernel has no such file/,
  );
  const file = `${process.pid}/comm`;
  const before = (readProc(kernel, proc, file) ?? "").trim();
  writeProc(kernel, proc, file, "unit");
  t.equal(readProc(kernel, proc, file), "unit\n");
  writeProc(kernel, proc, file, before);
  close(kernel, proc);
  t.end();
});

t.test("terminals: size, raw mode but for output, no carriage returns", (t) => {
  const master = openAt(kernel, AT_CWD, "/dev/ptmx", O_RDWR | O_NOCTTY);
  const peer = terminal.openPeer(kernel, master);
  const stty = (...args: string[]) =>
    spawnSync("stty", args, { stdio: [peer, "pipe", "pipe"], encoding: "utf8" }).stdout;
  terminal.setWindowSize(kernel, master, { height: 33, width: 1234 });
  t.equal(stty("size"), "33 1234\n");
  t.strictSame(terminal.getWindowSize(kernel, peer), { height: 33, width: 1234 });
  const settings = terminal.getTermios(kernel, peer) ?? new Uint8Array(0);
  t.match(stty("-a"), / onlcr/);
  terminal.clearOnlcr(kernel, peer);
  t.match(stty("-a"), / -onlcr/);
  writeAll(kernel, peer, "a\n");
  t.equal(Buffer.from(read(kernel, master, 10)).toString(), "a\n");
  terminal.setTermios(kernel, peer, terminal.rawTermios(settings));
  const raw = stty("-a");
  for (const word of RAW.split(" ")) t.ok(raw.split(/[\s;]+/).includes(word), word);
  terminal.setTermios(kernel, peer, settings);
  t.match(stty("-a"), / onlcr/);
  withFd("/dev/null", O_RDONLY, (fd) => {
    t.equal(terminal.getTermios(kernel, fd), undefined);
    t.equal(terminal.getWindowSize(kernel, fd), undefined);
  });
  for (const fd of [peer, master]) close(kernel, fd);
  t.end();
});

t.test("the gate: interrupted calls are repeated, close is not", (t) => {
  const { kernel: fake, host } = scripted(
    new Map([
      [SYS_getpid, [-EINTR, -EINTR, 5]],
      [SYS_close, [-EINTR]],
    ]),
  );
  t.equal(fake.call(SYS_getpid), 5);
  close(fake, 3 as Fd);
  t.equal(host.callsOf(SYS_close).length, 1);
  t.throws(() => fake.call(SYS_getpid), /call 4 is not in the script/);
  t.throws(() => fake.call(SYS_prctl, 1), /is not in the script/);
  t.throws(
    () => fake.host.clone(new Uint8Array(88), new Uint8Array(0), new Uint8Array(0), 2),
    /clone is not in the script/,
  );
  t.equal(os.constants.errno.EINTR, EINTR);
  t.end();
});

t.test("a file of procfs whose process was reaped after the open is missing, not an error", (t) => {
  const gone = scripted(
    new Map<number, Answer>([
      [SYS_openat2, 5],
      [
        SYS_fstatfs,
        (_, memory) => {
          if (memory instanceof Uint8Array)
            new DataView(memory.buffer, memory.byteOffset).setUint32(0, PROC_SUPER_MAGIC, true);
          return 0;
        },
      ],
      [SYS_read, -ESRCH],
      [SYS_close, 0],
    ]),
  );
  t.equal(readProc(gone.kernel, 4 as Procfs, "100/stat"), undefined);
  t.equal(gone.host.calls.at(-1)?.number, SYS_close);
  t.end();
});
