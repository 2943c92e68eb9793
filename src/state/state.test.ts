/** Ids, records, the state directory and the status, on a real file system. */
import fs from "node:fs";
import { join } from "node:path";
import t from "tap";
import { errnoOf, inFolder, kernel } from "../../test/support/kernel.ts";
import { close } from "../kernel/file.ts";
import { parseProcessStat } from "../kernel/process.ts";
import { openProc } from "../kernel/procfs.ts";
import { checkId } from "./id.ts";
import { parseRecord, RECORD_VERSION, type StateRecord } from "./record.ts";
import { openInit, readBootId, statInit, statusOf } from "./status.ts";
import { ContainerDirectory, LIST_FOLDER, listIds, openRoot, openRootIfPresent } from "./store.ts";

const proc = openProc(kernel);
const bootId = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
const ownStart = () => parseProcessStat(fs.readFileSync("/proc/self/stat", "utf8")).startTime;

function record(changes: Partial<StateRecord> = {}): StateRecord {
  return {
    version: RECORD_VERSION,
    ociVersion: "1.3.0",
    id: "c",
    bundle: "/b",
    rootfs: "/b/rootfs",
    created: "2026-01-02T03:04:05.000000006Z",
    annotations: [["__proto__", "é"]],
    pid: process.pid,
    startTime: ownStart(),
    bootId,
    creating: false,
    initExecuted: true,
    ownPids: true,
    cgroup: {
      version: 1,
      places: [{ controllers: ["pids"], mountPoint: "/sys/fs/cgroup/pids", path: "none", made: 1 }],
    },
    poststart: [],
    poststop: [],
    ...changes,
  };
}

t.test("checkId(): one path component of known letters", (t) => {
  for (const id of ["a", "A-b_c+d.e9", "...", "-", "x".repeat(255)]) t.equal(checkId(id), id);
  for (const id of ["", ".", "..", "a/b", "../x", "a b", "a\n", "é", "a\0", "x".repeat(256), "$(x)"])
    t.throws(() => checkId(id), /invalid container ID format/, JSON.stringify(id.slice(0, 10)));
  t.end();
});

t.test("parseRecord(): what was written comes back; what is damaged is said", (t) => {
  const whole = record();
  t.strictSame(parseRecord(JSON.stringify(whole), "here"), whole);
  const text = JSON.stringify(whole);
  for (let length = 0; length < text.length; length++)
    t.throws(() => parseRecord(text.slice(0, length), "here"), /found no JSON.*here/, { diagnostic: false });
  t.throws(() => parseRecord(JSON.stringify({ ...whole, version: 2 }), "here"), /found version 2, want 1 or older/);
  for (const key of Object.keys(whole)) {
    if (key === "initExecuted" || key === "ownPids") continue;
    for (const value of [undefined, {}, -1.5])
      t.throws(() => parseRecord(JSON.stringify({ ...whole, [key]: value }), "here"), /read state/, `${key} ${value}`);
  }
  for (const path of ["", "../x", "a/../../b"]) {
    const cgroup = { version: 1, places: [{ controllers: [], mountPoint: "/", path, made: 0 }] };
    t.throws(
      () => parseRecord(JSON.stringify({ ...whole, cgroup }), "here"),
      /mistyped field/,
      `cgroup path "${path}"`,
    );
  }
  t.throws(() => parseRecord(JSON.stringify({ ...whole, pid: 1 }), "here"), /mistyped field/, "pid 1 is never ours");
  for (const none of ["null", "[]", "7", '"x"']) t.throws(() => parseRecord(none, "here"), /read state/, none);
  t.end();
});

t.test("the state directory: made private, refused when others may write it", (t) => {
  inFolder((folder) => {
    const path = join(folder, "a/b/state");
    t.equal(openRootIfPresent(kernel, path), undefined);
    const before = process.umask(0o777);
    const root = openRoot(kernel, path);
    process.umask(before);
    for (const made of [path, join(folder, "a")]) t.equal(fs.statSync(made).mode & 0o7777, 0o700, made);
    close(kernel, root);
    for (const mode of [0o720, 0o702, 0o777]) {
      fs.chmodSync(path, mode);
      t.throws(() => openRoot(kernel, path), /open state directory: found owner 0, mode 07/);
    }
    fs.chmodSync(path, 0o755);
    close(kernel, openRoot(kernel, path));
    fs.writeFileSync(join(folder, "file"), "");
    t.equal(
      errnoOf(() => openRoot(kernel, join(folder, "file"))),
      "ENOTDIR",
    );
  });
  t.end();
});

t.test("one container's directory: reserved once, written whole, removed", (t) => {
  inFolder((folder) => {
    const root = openRoot(kernel, folder);
    const directory = ContainerDirectory.create(kernel, root, "c");
    t.throws(() => ContainerDirectory.create(kernel, root, "c"), /container with given ID already exists/);
    t.throws(() => ContainerDirectory.open(kernel, root, "d"), /container does not exist/);
    t.throws(() => directory.read(), /found no record/);
    directory.write(record({ pid: 0 }));
    directory.write(record());
    t.strictSame(directory.read(), record());
    t.strictSame(fs.readdirSync(join(folder, "c")), ["state.json"], "no temporary file stays");
    t.equal(fs.statSync(join(folder, "c/state.json")).mode & 0o777, 0o600);
    fs.mkdirSync(join(folder, ".hidden"));
    fs.mkdirSync(join(folder, LIST_FOLDER));
    fs.writeFileSync(join(folder, "file"), "");
    const second = openRoot(kernel, folder);
    t.strictSame(listIds(kernel, second), [".hidden", "c"], "all that could be an id, and no file");
    t.equal(directory.hasFifo(), false);
    directory.makeFifo();
    t.equal(directory.hasFifo(), true);
    const fifo = fs.statSync(join(folder, "c/exec.fifo"));
    t.strictSame([fifo.isFIFO(), fifo.mode & 0o777], [true, 0o622]);
    directory.removeFifo();
    directory.removeFifo();
    t.equal(directory.hasFifo(), false);
    const other = ContainerDirectory.open(kernel, root, "c");
    directory.lock();
    t.equal(other.isLocked(), true);
    directory.unlock();
    t.equal(other.isLocked(), false);
    fs.symlinkSync("c", join(folder, "link"));
    t.equal(
      errnoOf(() => ContainerDirectory.openIfPresent(kernel, root, "link")),
      "ENOTDIR",
      "a link is not followed",
    );
    directory.remove();
    directory.remove();
    t.equal(fs.existsSync(join(folder, "c")), false);
  });
  t.end();
});

t.test("init is known by pid, start time and boot", (t) => {
  t.equal(readBootId(kernel, proc), bootId);
  const known = (changes: Partial<StateRecord>) => {
    const pidfd = openInit(kernel, proc, record(changes));
    if (pidfd !== undefined) close(kernel, pidfd);
    t.equal(statInit(kernel, proc, record(changes)) !== undefined, pidfd !== undefined);
    return pidfd !== undefined;
  };
  t.equal(known({}), true);
  t.equal(known({ startTime: ownStart() + 1 }), false, "a pid that was used again");
  t.equal(known({ bootId: "another" }), false);
  t.equal(known({ pid: 0 }), false);
  t.equal(known({ pid: 4194304 }), false, "above the largest pid");
  t.end();
});

t.test("statusOf(): each word from record, process, fifo and lock", (t) => {
  inFolder((folder) => {
    const root = openRoot(kernel, folder);
    const directory = ContainerDirectory.create(kernel, root, "c");
    const status = (changes: Partial<StateRecord> = {}) => {
      const { status: word, pid } = statusOf(kernel, directory, record({ cgroup: null, ...changes }));
      return `${word} ${pid === process.pid ? "pid" : pid}`;
    };
    t.equal(status(), "running pid");
    t.equal(status({ pid: 0 }), "stopped 0");
    t.equal(status({ startTime: 1 }), "stopped 0");
    directory.makeFifo();
    t.equal(status(), "created pid");
    t.equal(
      status({ initExecuted: false }),
      "running pid",
      "a fifo that a killed start has left: we have executed a program",
    );
    t.equal(status({ creating: true }), "creating pid");
    t.equal(status({ creating: true, pid: 0 }), "stopped 0", "its create was killed");
    const creator = ContainerDirectory.open(kernel, root, "c");
    creator.lock();
    t.equal(status({ creating: true, pid: 0 }), "creating 0", "its create is at work");
    directory.remove();
  });
  t.end();
});
