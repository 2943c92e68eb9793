// Compares ts-runc with runc and crun in one interleaved run: every round runs every runtime once, in random order, and the ratios are those
// of the pairs of a round. What is measured: bench/measure.c.
//     node bench/run.mjs [--rounds N] [--quick] [--json] [--idle MS] [--what WORD,…] [--with NAME=PROGRAM]
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
import { text } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    idle: { type: "string", default: "0" },
    what: { type: "string", default: "lifecycle,run,others" },
    with: { type: "string", multiple: true, default: [] },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 10 : 60));
const idle = Number(options.idle);
const what = options.what.split(",");
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds: found ${options.rounds}, want a whole number above 0`);
if (!Number.isFinite(idle) || idle < 0) fail(`--idle: found ${options.idle}, want milliseconds`);

function fail(line) {
  process.stderr.write(`bench: ${line}\n`);
  process.exit(1);
}

/**
 * The benchmark runs itself again in a mount namespace of its own, for all runtimes alike. There, bundles and state lie on a tmpfs, as /run
 * is one; and an empty tmpfs takes the place of a cgroup2 mount beside v1 hierarchies, which crun 1.8 refuses to see. (crun makes directories
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
  const ran = spawnSync("unshare", ["-m", "sh", "-ec", script, "sh", own, unified.join(" "), ...again], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: [own, ...unified].join(" ") },
  });
  rmSync(own, { recursive: true });
  process.exit(ran.status ?? 1);
}
const [folder, ...hidden] = inside.split(" ");

/** [name, program], ours first. */
const installed = [
  ["ts-runc", resolve("dist/ts-runc")],
  ["crun", "/usr/bin/crun"],
  ["runc", "/usr/sbin/runc"],
  ...options.with.map((entry) => [entry.slice(0, entry.indexOf("=")), resolve(entry.slice(entry.indexOf("=") + 1))]),
].filter(([name, program]) => {
  if (existsSync(program)) return true;
  process.stderr.write(`bench: ${name} is left out: ${program} is missing\n`);
  return false;
});

const measure = resolve("build/bench/measure");
function compileMeasure() {
  mkdirSync("build/bench", { recursive: true });
  const made = spawnSync(
    "musl-gcc",
    ["-O2", "-Wall", "-Wextra", "-Werror", "-static", "bench/measure.c", "-o", measure],
    {
      encoding: "utf8",
    },
  );
  if (made.status !== 0) fail(`musl-gcc: ${made.error?.message ?? made.stderr}`);
}

/** runc's default spec with another program: the bundle that all runtimes get. */
function makeBundle(folder, args) {
  mkdirSync(folder);
  const made = spawnSync(installed[0][1], ["spec", "--bundle", folder], { encoding: "utf8" });
  if (made.status !== 0) fail(`spec: ${made.stderr}`);
  const path = join(folder, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.ociVersion = "1.0.2"; // the newest that crun 1.8 takes
  config.process.terminal = false;
  config.process.args = args;
  config.root.path = resolve("bundles/.rootfs");
  writeFileSync(path, JSON.stringify(config, undefined, 2));
  return folder;
}

compileMeasure();
const prefix = `bench${process.pid}-`;
const log = join(folder, "log");
let counter = 0;

/** What one runtime does in one round: [figure, command]; `-` is done and not kept. */
function sequences(name, program) {
  const id = () => `${prefix}${++counter}`;
  const at = (...words) => [program, "--root", join(folder, `root-${name}`), ...words];
  const [one, two, three] = [id(), id(), id()];
  const all = {
    lifecycle: [
      ["create", at("create", "--bundle", bundles.true, one)],
      ["start", at("start", one)],
      ["-", ["reap"]],
      ["delete", at("delete", one)],
    ],
    run: [["run", at("run", "--bundle", bundles.true, two)]],
    others: [
      ["version", [program, "--version"]],
      ["-", at("create", "--bundle", bundles.sleep, three)],
      ["-", at("start", three)],
      ["state", at("state", three)],
      ["kill", at("kill", three, "KILL")],
      ["-", ["reap"]],
      ["-", at("delete", three)],
    ],
  };
  return what.map((word) => all[word] ?? fail(`--what: found ${word}, want ${Object.keys(all).join(", ")}`));
}

/** Runs one sequence: milliseconds, CPU milliseconds and KiB of each figure; undefined when a command failed. */
function measureOne(name, steps) {
  if (idle > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, idle);
  const words = steps.flatMap(([, command], index) => (index === 0 ? command : ["--", ...command]));
  const done = spawnSync(measure, [log, ...words], { encoding: "utf8", timeout: 60_000 });
  const lines = done.stdout.trim().split("\n");
  const kept = steps.filter(([, command]) => command[0] !== "reap").map(([figure], index) => [figure, lines[index]]);
  const found = new Map();
  for (const [figure, line] of kept) {
    const [wall, cpu, memory, status] = (line ?? "0 0 0 255").split(" ").map(Number);
    if (status !== 0) {
      process.stderr.write(`bench: ${name} ${figure}: status ${status}: ${readFileSync(log, "utf8").slice(0, 300)}\n`);
      return undefined;
    }
    if (figure !== "-") found.set(figure, { wall: wall / 1e6, cpu: cpu / 1e3, memory });
  }
  const sum = ["create", "start", "delete"].map((figure) => found.get(figure));
  if (!sum.includes(undefined))
    found.set("create+start+delete", {
      wall: sum.reduce((total, part) => total + part.wall, 0),
      cpu: sum.reduce((total, part) => total + part.cpu, 0),
      memory: Math.max(...sum.map((part) => part.memory)),
    });
  return found;
}

function shuffled(list) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

const bundles = {};
/** Those of `installed` that work here. */
const runtimes = [];
/** figure → runtime → rounds' measurements, only of rounds in which every runtime succeeded. */
const figures = new Map();
let failures = 0;

/** The first time pages, dentries and slabs are made that every later time finds. A runtime that fails already here is left out. */
function warmUp() {
  for (const [name, program] of installed) {
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
bundles.true = makeBundle(join(folder, "true"), ["/bin/true"]);
bundles.sleep = makeBundle(join(folder, "sleep"), ["/bin/sleep", "100"]);
warmUp();
for (let done = 0; done < rounds; done++) round();
const states = installed.flatMap(([name]) => {
  const path = join(folder, `root-${name}`);
  return existsSync(path) ? readdirSync(path).map((entry) => `state ${name} ${entry}`) : [];
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
  runtimes: runtimes.map(([name, program]) => ({ name, version: version(program), bytes: statSync(program).size })),
  figures: Object.fromEntries([...figures].map(([figure, of]) => [figure, Object.fromEntries(of)])),
};
console.log(options.json ? JSON.stringify(result) : text(result));
process.exitCode = left.length > 0 || figures.size === 0 ? 1 : 0;
