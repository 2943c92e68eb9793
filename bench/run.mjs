// Compares ts-runc with other runtimes in one interleaved run: every round runs every runtime once, in random order, and the ratios are those
// of the pairs of a round. What is measured: bench/measure.c; what is done: bench/workloads.mjs; with whom: bench/peers.mjs.
//     node bench/run.mjs [--rounds N] [--quick] [--idle MS] [--what WORD,…] [--with NAME=PROGRAM] [--installed] [--node] [--floor] [--json] [--out FOLDER]
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { leftovers } from "../test/leftovers.mjs";
import { chart } from "./chart.mjs";
import { measureCtr } from "./ctr.mjs";
import { smallestLimits } from "./limits.mjs";
import { MANY, measureMany } from "./many.mjs";
import { newestPeers } from "./peers.mjs";
import { text } from "./report.mjs";
import { countCalls } from "./syscalls.mjs";
import { emptyLists, fillLists, makeBundles, SUMS, WORKLOADS } from "./workloads.mjs";

/** Done once and not in rounds, when they are asked for: many containers at once, the smallest limits, system calls, containerd. */
const EXTRAS = ["many", "limits", "calls", "ctr"];
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    idle: { type: "string", default: "0" },
    what: { type: "string", default: [...Object.keys(WORKLOADS), ...EXTRAS].join(",") },
    with: { type: "string", multiple: true, default: [] },
    installed: { type: "boolean", default: false },
    node: { type: "boolean", default: false },
    floor: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 10 : 60));
const idle = Number(options.idle);
/** All that bench/floor.c can do. */
const FLOOR_DOES = ["lifecycle", "run"];
const asked = options.floor ? FLOOR_DOES : options.what.split(",");
const unknown = asked.find((word) => WORKLOADS[word] === undefined && !EXTRAS.includes(word));
if (unknown !== undefined)
  fail(`--what: found ${unknown}, want one or more of ${[...Object.keys(WORKLOADS), ...EXTRAS].join(", ")}`);
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds: found ${options.rounds}, want a whole number above 0`);
if (!Number.isFinite(idle) || idle < 0) fail(`--idle: found ${options.idle}, want milliseconds`);
const what = asked.filter((word) => WORKLOADS[word] !== undefined);

function fail(line) {
  process.stderr.write(`bench: ${line}\n`);
  process.exit(1);
}

/** The same kernel calls in plain C, for this root file system and no other. */
function floor() {
  const path = resolve("build/bench/floor");
  const headers = ["-idirafter", "build/kernel-headers"];
  compile("bench/floor.c", path, [...headers, `-DROOTFS="${resolve("bundles/.rootfs")}"`]);
  return path;
}

function compile(source, to, flags = []) {
  mkdirSync("build/bench", { recursive: true });
  const strict = ["-O2", "-Wall", "-Wextra", "-Werror", "-static"];
  const made = spawnSync("musl-gcc", [...strict, ...flags, source, "-o", to], { encoding: "utf8" });
  if (made.status !== 0) fail(`musl-gcc: ${made.error?.message ?? made.stderr}`);
}

/** Our own program on Node.js: a test bed, too slow for what is done hundreds of times. */
const NODE = "node host";

function nodeHost() {
  mkdirSync("build/bench", { recursive: true });
  const path = resolve("build/bench/node-host");
  writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} ${resolve("build/node/ts-runc.mjs")} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

/** [name, program], ours first; the newest of the others, or with --installed those of the machine. */
function runtimesToCompare() {
  const debian = [
    ["crun", "/usr/bin/crun"],
    ["runc", "/usr/sbin/runc"],
  ];
  const newest = options.installed ? [] : newestPeers();
  const others = debian.map((entry) => newest.find(([name]) => name === entry[0]) ?? entry);
  const named = options.with.map((entry) => [
    entry.slice(0, entry.indexOf("=")),
    resolve(entry.slice(entry.indexOf("=") + 1)),
  ]);
  const ours = ["ts-runc", resolve("dist/ts-runc")];
  const more = [...(options.node ? [[NODE, nodeHost()]] : []), ...(options.floor ? [["floor", floor()]] : [])];
  return [ours, ...others, ...named, ...more].filter(([name, program]) => {
    if (existsSync(program)) return true;
    process.stderr.write(`bench: ${name} is left out: ${program} is missing\n`);
    return false;
  });
}

/**
 * The benchmark runs itself again in a mount namespace of its own, for all runtimes alike. There, bundles and state lie on a tmpfs, as /run
 * is one; and an empty tmpfs takes the place of a cgroup2 mount beside v1 hierarchies, which crun refuses to see. (crun makes directories
 * in it and leaves them; they end with it.)
 */
const INSIDE = "TSRUNC_BENCH_INSIDE";
const inside = process.env[INSIDE];
if (inside === undefined) {
  const unified = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2 /.test(line))
    .map((line) => line.split(" ")[4])
    .filter((path) => path !== "/sys/fs/cgroup");
  const own = mkdtempSync(join(tmpdir(), "ts-runc-bench-"));
  const script =
    'mount -t tmpfs tmpfs "$1"; for path in $2; do umount -l "$path"; mount -t tmpfs tmpfs "$path"; done; shift 2; exec "$@"';
  const again = [process.execPath, ...process.argv.slice(1)];
  const given = { runtimes: runtimesToCompare(), own, unified };
  const ran = spawnSync("unshare", ["-m", "sh", "-ec", script, "sh", own, unified.join(" "), ...again], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: JSON.stringify(given) },
  });
  rmSync(own, { recursive: true });
  process.exit(ran.status ?? 1);
}
const { runtimes: installed, own: folder, unified: hidden } = JSON.parse(inside);

const measure = resolve("build/bench/measure");
compile("bench/measure.c", measure);
const prefix = `bench${process.pid}-`;
const log = join(folder, "log");
let counter = 0;
const id = () => `${prefix}${++counter}`;
const bundles = makeBundles(installed[0][1], folder);
/** How many containers `list` lists; a thousand only in a full run. */
const LISTS = options.quick || rounds < 10 ? [1, 100] : [1, 100, 1000];
const lists = new Map();

/** What one runtime does in one round, by workload. */
function sequences(name, program) {
  const at = (...words) => [program, "--root", join(folder, `root-${name}`), ...words];
  return what.map((word) => WORKLOADS[word]({ at, id, bundles, program, lists: lists.get(name) ?? [] }));
}

function rest() {
  if (idle > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, idle);
}

/** Runs one sequence: what measure.c says of each figure; undefined when a command failed. */
function measureOne(name, steps) {
  rest();
  const words = steps.flatMap(([, command], index) => (index === 0 ? command : ["--", ...command]));
  const done = spawnSync(measure, [log, ...words], { encoding: "utf8", timeout: 60_000 });
  const lines = done.stdout.trim().split("\n");
  const kept = steps.filter(([, command]) => command[0] !== "reap").map(([figure], index) => [figure, lines[index]]);
  const found = new Map();
  for (const [figure, line] of kept) {
    const values = readLine(line);
    if (values.status !== 0) {
      const said = readFileSync(log, "utf8").slice(0, 300);
      process.stderr.write(`bench: ${name} ${figure}: status ${values.status}: ${said}\n`);
      return undefined;
    }
    if (figure !== "-") found.set(figure, values);
  }
  for (const [sum, parts] of Object.entries(SUMS)) {
    const each = parts.map((part) => found.get(part));
    if (!each.includes(undefined)) found.set(sum, sumOf(each));
  }
  return found;
}

/** A line of measure.c: milliseconds, CPU milliseconds, KiB, page faults. */
function readLine(line) {
  const [wall, cpu, memory, faults, status] = (line ?? "0 0 0 0 255").split(" ").map(Number);
  return { wall: wall / 1e6, cpu: cpu / 1e3, memory, faults, status };
}

function sumOf(parts) {
  const total = (name) => parts.reduce((sum, part) => sum + part[name], 0);
  return {
    wall: total("wall"),
    cpu: total("cpu"),
    memory: Math.max(...parts.map(({ memory }) => memory)),
    faults: total("faults"),
  };
}

function shuffled(list) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

/** Those of `installed` that work here. */
const runtimes = [];
/** figure → runtime → rounds' measurements, only of rounds in which every runtime succeeded. */
const figures = new Map();
let failures = 0;

/** The first time pages, dentries and slabs are made that every later time finds. A runtime that fails already here is left out. */
function warmUp() {
  for (const [name, program] of installed) {
    if (what.includes("others")) lists.set(name, fillLists(name, program, bundles, folder, LISTS));
    const sets = sequences(name, program);
    if (sets.every((steps) => measureOne(name, steps) !== undefined)) runtimes.push([name, program]);
    else process.stderr.write(`bench: ${name} is left out\n`);
  }
  if (runtimes[0]?.[0] !== installed[0][0]) fail("the product itself cannot be measured");
}

function round() {
  const sets = new Map(runtimes.map(([name, program]) => [name, sequences(name, program)]));
  for (let part = 0; part < what.length; part++) {
    const found = new Map(shuffled(runtimes).map(([name]) => [name, measureOne(name, sets.get(name)[part])]));
    if ([...found.values()].includes(undefined)) {
      failures++;
      continue;
    }
    for (const [name] of runtimes)
      for (const [figure, values] of found.get(name)) {
        if (!figures.has(figure)) figures.set(figure, new Map(runtimes.map(([other]) => [other, []])));
        figures.get(figure).get(name).push(values);
      }
  }
}

const started = new Date();
warmUp();
for (let done = 0; done < rounds; done++) round();
const tools = {
  runtimes: runtimes.filter(([name]) => name !== NODE),
  folder,
  prefix,
  log,
  measure,
  bundles,
  readLine,
  shuffled,
  rest,
};
if (asked.includes("many"))
  for (const [figure, of] of measureMany(tools, options.quick || rounds < 10 ? 1 : 5)) figures.set(figure, of);
const calls = asked.includes("calls") ? countCalls(tools) : {};
const limits = asked.includes("limits") ? smallestLimits(tools) : {};
const ctr = asked.includes("ctr") ? await measureCtr(tools, rounds) : undefined;
for (const [figure, of] of ctr?.figures ?? []) figures.set(figure, of);
for (const [name, program] of installed) emptyLists(name, program, lists.get(name) ?? []);

const states = installed.flatMap(([name]) => {
  const path = join(folder, `root-${name}`);
  // crun keeps folders of its own there.
  const entries = existsSync(path) ? readdirSync(path).filter((entry) => !entry.startsWith(".")) : [];
  return entries.map((entry) => `state ${name} ${entry}`);
});
// Others may work on this machine meanwhile: only what carries our ids is ours.
const left = [...states, ...leftovers().filter((entry) => entry.includes(prefix))].filter(
  (entry) => !hidden.some((path) => entry.startsWith(`cgroup ${path}/`)),
);

const version = (program) => spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.split("\n")[0];
const result = {
  date: started.toISOString(),
  machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} CPUs, kernel ${release()}`,
  command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, ""),
  hidden,
  rounds,
  idle,
  failures,
  left,
  many: MANY,
  why: ctr?.why,
  calls,
  limits,
  runtimes: runtimes.map(([name, program]) => ({ name, version: version(program), bytes: statSync(program).size })),
  figures: Object.fromEntries([...figures].map(([figure, of]) => [figure, Object.fromEntries(of)])),
};
console.log(options.json ? JSON.stringify(result) : text(result));
if (options.out !== undefined) {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "result.json"), JSON.stringify(result));
  writeFileSync(join(options.out, "chart.svg"), chart(result));
}
process.exitCode = left.length > 0 || (figures.size === 0 && what.length > 0) ? 1 : 0;
