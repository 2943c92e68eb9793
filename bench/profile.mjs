// Where the time of a command goes: a median timeline of many runs of the profiling build, one line a system call, for each process.
//     npm run profile -- [--rounds N] [--what run|create|start|delete|state|exec] [--all]
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { median } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "40" },
    what: { type: "string", default: "run" },
    bundle: { type: "string" },
    all: { type: "boolean", default: false },
    program: { type: "string", default: "build/ts-runc-profile" },
  },
});
const program = resolve(options.program);
const names = new Map(
  [...readFileSync("src/kernel/arch/x86_64.gen.ts", "utf8").matchAll(/export const SYS_(\w+) = (\d+)/g)].map(
    (found) => [Number(found[2]), found[1]],
  ),
);
names.set(-1, "BEGIN");

const folder = mkdtempSync(join(tmpdir(), "ts-runc-profile-"));
const file = join(folder, "profile");
const root = join(folder, "root");

function makeBundle() {
  if (options.bundle !== undefined) return resolve(options.bundle);
  const bundle = join(folder, "bundle");
  mkdirSync(bundle);
  spawnSync(program, ["spec", "--bundle", bundle]);
  const path = join(bundle, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.process.terminal = false;
  config.process.args = options.what === "exec" || options.what === "state" ? ["/bin/sleep", "1000"] : ["/bin/true"];
  config.root.path = resolve("bundles/.rootfs");
  writeFileSync(path, JSON.stringify(config));
  return bundle;
}

function run(words, profiled) {
  rmSync(file, { force: true });
  // Into a file: a container holds its streams open, and a pipe would be waited for.
  const said = openSync(join(folder, "stderr"), "w+");
  const ran = spawnSync(program, ["--root", root, ...words], {
    stdio: ["ignore", "ignore", said],
    env: profiled ? { TSRUNC_PROFILE: file } : {},
  });
  closeSync(said);
  if (ran.status !== 0) throw new Error(`${words.join(" ")}: ${readFileSync(join(folder, "stderr"), "utf8")}`);
  return profiled ? readRecords() : [];
}

/** Bytes of a record of native/common/profile.h. */
const SIZE = 40;

/** [process index, number, start, end, result] of every record, times in µs from the first. */
function readRecords() {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Number(view.getBigInt64(0, true));
  const pids = [];
  const records = [];
  for (let at = SIZE; at <= count * SIZE; at += SIZE) {
    const pid = view.getInt32(at + 28, true);
    if (!pids.includes(pid)) pids.push(pid);
    records.push({
      process: pids.indexOf(pid),
      number: Number(view.getBigInt64(at, true)),
      start: Number(view.getBigInt64(at + 8, true)),
      end: Number(view.getBigInt64(at + 16, true)),
      result: view.getInt32(at + 24, true),
      faults: Number(view.getBigInt64(at + 32, true)),
    });
  }
  const zero = records[0].start;
  for (const record of records) {
    record.start = (record.start - zero) / 1000;
    record.end = record.end === 0 ? record.start : (record.end - zero) / 1000;
  }
  return records;
}

let counter = 0;
function once(bundle) {
  const id = `profile${process.pid}-${++counter}`;
  switch (options.what) {
    case "run":
      return run(["run", "--bundle", bundle, id], true);
    case "exec": {
      run(["run", "--detach", "--bundle", bundle, id], false);
      const found = run(["exec", id, "/bin/true"], true);
      run(["delete", "--force", id], false);
      return found;
    }
    default: {
      const at = (verb, ...words) => run([verb, ...words, id], options.what === verb);
      const found = [at("create", "--bundle", bundle), at("start"), at("state")];
      if (options.what === "state") found.push(at("kill"));
      const ended = Date.now() + 2000;
      for (let deleted = false; !deleted; ) {
        try {
          found.push(at("delete", ...(options.what === "state" ? ["--force"] : [])));
          deleted = true;
        } catch (error) {
          if (Date.now() > ended) throw error;
        }
      }
      return found.flat();
    }
  }
}

const bundle = makeBundle();
const rounds = Array.from({ length: Number(options.rounds) + 3 }, () => once(bundle)).slice(3);
rmSync(folder, { recursive: true });

// The calls of a process are the same in each round, but for a few waits: rounds with the commonest sequence count.
const processes = Math.max(...rounds.flat().map((record) => record.process)) + 1;
for (let index = 0; index < processes; index++) {
  const mine = rounds.map((records) => records.filter((record) => record.process === index));
  const signature = (records) => records.map((record) => record.number).join();
  const counts = new Map();
  for (const records of mine) counts.set(signature(records), (counts.get(signature(records)) ?? 0) + 1);
  const [common, times] = [...counts].sort((a, b) => b[1] - a[1])[0];
  const kept = mine.filter((records) => signature(records) === common);
  console.log(`\nprocess ${index}: ${kept[0].length} calls; ${times} of ${rounds.length} rounds`);
  let ours = 0;
  let kernel = 0;
  kept[0].forEach((record, at) => {
    const own = at === 0 ? 0 : median(kept.map((records) => records[at].start - records[at - 1].end));
    const call = median(kept.map((records) => records[at].end - records[at].start));
    ours += own;
    kernel += call;
    const faults = at === 0 ? record.faults : record.faults - kept[0][at - 1].faults;
    const when = median(kept.map((records) => records[at].start));
    if (options.all || own + call >= 20)
      console.log(
        `${when.toFixed(0).padStart(7)} µs  own ${own.toFixed(0).padStart(5)}  call ${call.toFixed(0).padStart(5)}  faults ${String(faults).padStart(3)}  ${names.get(record.number) ?? record.number} = ${record.result}`,
      );
  });
  console.log(`sum of medians: own ${ours.toFixed(0)} µs, calls ${kernel.toFixed(0)} µs`);
}
