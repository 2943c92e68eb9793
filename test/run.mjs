// Runs the tests: compiles every *.test.ts with esbuild, runs each as a program, counts its TAP.
//     node test/run.mjs [--only WORD]     TSRUNC_HOSTS=engine,node chooses the hosts of life-cycle tests
// What only computes runs two at a time; what makes containers runs alone, so that its figures and leftovers are its own.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Parser } from "tap-parser";
import { compileForNode } from "../native/compile.mjs";
import { leftovers } from "./leftovers.mjs";

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const ROOTS = ["src", "schemas", "test", "bundles", "conformance", "bench"];
const TIMEOUT_MS = 15 * 60 * 1000;
const totals = { passed: 0, failed: 0, skipped: 0 };

function testsBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== "rootfs" && entry.name !== "generated" && !entry.name.startsWith("."))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return testsBelow(path);
      return entry.name.endsWith(".test.ts") ? [path] : [];
    });
}

/** Makes containers, so it must not share the machine with another test. */
const makesContainers = (path) =>
  /^(test\/(lifecycle|faults|same|hostile|stress|errors\/bad-values)|bundles|conformance|bench)[/.]/.test(path);

async function compile(paths) {
  rmSync("build/test", { recursive: true, force: true });
  mkdirSync("build/test", { recursive: true });
  await compileForNode(paths, "build/test");
}

/** What a failed assertion says, beginning with what was found: who reads only the first lines must see that. A guest's is inside of ours. */
function explain(outer) {
  const { stack, source, found, wanted, diff, ...rest } = outer?.diag ?? outer ?? {};
  return JSON.stringify({ found, wanted, diff, ...rest, source, stack }, undefined, 1).slice(0, 3000);
}

function runOne(path) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, ["--enable-source-maps", join("build/test", path.replace(/\.ts$/, ".mjs"))], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TAP: "1", TAP_TIMEOUT: "0" },
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    let stderr = "";
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const problems = [];
    const shown = [];
    const parser = new Parser();
    const watch = (tap, name) => {
      tap.on("assert", (result) => {
        // A subtest's own line says nothing that its lines have not said.
        if (result.skip) counts.skipped++;
        else if (subtests.has(`${name}/${result.name}`)) return;
        else if (result.ok || result.todo) counts.passed++;
        else {
          counts.failed++;
          problems.push(`${name} > ${result.name}\n${explain(result.diag)}`);
        }
      });
      // `# | text`: what a test wants to be read beside its counts.
      tap.on("comment", (text) => {
        if (text.startsWith("# |")) shown.push(text.slice(2).trimEnd());
      });
      tap.on("child", (inner) => {
        subtests.add(`${name}/${inner.name}`);
        watch(inner, `${name} > ${inner.name}`);
      });
    };
    const subtests = new Set();
    watch(parser, path);
    child.stdout.on("data", (data) => parser.write(data));
    child.stderr.on("data", (data) => {
      stderr = (stderr + data).slice(-8000);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      parser.end();
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      if ((code !== 0 || signal !== null) && counts.failed === 0) {
        counts.failed++;
        problems.push(`${path}: ended with ${signal ?? code}\n${stderr}`);
      }
      if (counts.passed + counts.failed + counts.skipped === 0) {
        counts.failed++;
        problems.push(`${path}: holds no test`);
      }
      for (const key of Object.keys(totals)) totals[key] += counts[key];
      console.log(
        `${counts.failed === 0 ? "ok  " : "FAIL"} ${path}  ${counts.passed} passed${counts.failed > 0 ? `, ${counts.failed} failed` : ""}${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}  ${seconds} s`,
      );
      for (const line of shown) console.log(`    ${line}`);
      for (const problem of problems) console.log(problem.replace(/^/gm, "    "));
      resolve();
    });
  });
}

async function pool(paths, width) {
  const queue = [...paths];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) await runOne(path);
    }),
  );
}

/** Types, lint, imports, generated files: part of the tests, so that they cannot be forgotten. */
function checks() {
  const result = spawnSync(process.execPath, ["test/check.mjs"], { encoding: "utf8" });
  process.stdout.write(result.stdout);
  totals.passed += (result.stdout.match(/^ok/gm) ?? []).length;
  totals.failed += (result.stdout.match(/^FAIL/gm) ?? []).length;
  totals.skipped += (result.stdout.match(/^skip/gm) ?? []).length;
  if (result.status !== 0 && !/^FAIL/m.test(result.stdout)) totals.failed++;
}

const paths = ROOTS.filter((root) => statSync(root, { throwIfNoEntry: false }) !== undefined)
  .flatMap(testsBelow)
  .filter((path) => path.includes(only))
  .sort();
const before = leftovers();
await compile(paths);
if (only === "") checks();
await pool(
  paths.filter((path) => !makesContainers(path)),
  2,
);
await pool(paths.filter(makesContainers), 1);
/** What has come since the beginning; a process or a cgroup that is just going gets ten seconds for it. */
async function leftNow() {
  for (const end = Date.now() + 10_000; ; await new Promise((done) => setTimeout(done, 250))) {
    const left = leftovers().filter((entry) => !before.includes(entry));
    if (left.length === 0 || Date.now() > end) return left;
  }
}
const left = await leftNow();
if (left.length === 0) totals.passed++;
else {
  totals.failed++;
  console.log(`FAIL left behind on the machine:\n${left.join("\n").replace(/^/gm, "    ")}`);
}
console.log(
  `${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ""}`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;
