/** The benchmark runs and says what it should; how fast anything is, is none of a test's business. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { compare, geometricMean, quantile } from "./statistics.mjs";

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["bench/run.mjs", "--rounds", "2", "--installed", ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });
}

const others = [
  ["crun", "/usr/bin/crun"],
  ["runc", "/usr/sbin/runc"],
].filter(([, program]) => existsSync(program ?? ""));
const names = ["ts-runc", ...others.map(([name]) => name ?? "")];
const lifecycle = ["create", "start", "delete", "create+start+delete"];
const figures = [
  ...lifecycle,
  ...lifecycle.map((figure) => `docker ${figure}`),
  ...["run", "--version", "state", "exec", "kill", "list 1", "list 100"],
];

t.test("prints a time, and a ratio to each other runtime, for every figure", (t) => {
  const { status, stdout, stderr } = bench("--what", "lifecycle,docker,run,others,calls");
  t.equal(status, 0, stderr);
  const lines = stdout.split("\n");
  for (const figure of figures) {
    const [times, uses] = lines.filter((line) => line.startsWith(`| ${figure} |`)).map(cells);
    t.equal(times?.length, 1 + names.length + others.length, `${figure}: a time each, a ratio each`);
    for (const time of times?.slice(1, 1 + names.length) ?? []) t.match(time, /^\d+\.\d\d \(\d+\.\d\d\)$/);
    for (const ratio of times?.slice(1 + names.length) ?? [])
      t.match(ratio, /^\*\*\d+\.\d\d\*\* \(\d+\.\d\d; \d+\.\d\d–\d+\.\d\d\)$/);
    t.equal(uses?.length, 1 + 3 * names.length, `${figure}: CPU, memory and page faults each`);
  }
  const counted = lines.filter((line) => line.startsWith("| system calls of ")).map(cells);
  t.equal(counted.length, 8, "system calls of eight commands");
  for (const counts of counted)
    t.ok(counts.slice(1).every((count) => Number(count) > 0) && counts.length === 1 + names.length);
  t.match(stdout, /\nrounds in which a runtime failed: 0 /);
  t.match(stdout, /\nleft behind: nothing\n/);
  t.end();
});

function cells(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

t.test("--json has every measurement of every round", (t) => {
  const { status, stdout, stderr } = bench("--json", "--what", "run");
  t.equal(status, 0, stderr);
  const result = JSON.parse(stdout) as { rounds: number; figures: Record<string, Record<string, { wall: number }[]>> };
  t.strictSame(Object.keys(result.figures), ["run"]);
  for (const name of names) t.equal(result.figures["run"]?.[name]?.filter((entry) => entry.wall > 0).length, 2);
  t.end();
});

t.test("the floor, and the chart", (t) => {
  const out = mkdtempSync(join(tmpdir(), "ts-runc-bench-out-"));
  const { status, stdout, stderr } = bench("--floor", "--out", out);
  t.equal(status, 0, stderr);
  t.match(stdout, /\| what \| ts-runc ms \|.*÷ floor \|/);
  t.match(readFileSync(join(out, "chart.svg"), "utf8"), /^<svg [^>]*>[\s\S]*create\+start\+delete[\s\S]*<\/svg>\n$/);
  t.equal((JSON.parse(readFileSync(join(out, "result.json"), "utf8")) as { rounds: number }).rounds, 2);
  rmSync(out, { recursive: true });
  t.end();
});

t.test("refuses what it does not know", (t) => {
  t.match(bench("--what", "walk"), { status: 1, stderr: /--what: found walk/ });
  t.end();
});

t.test("statistics", (t) => {
  t.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  t.equal(quantile([1, 2, 3], 0.9), 2.8);
  t.equal(geometricMean([2, 0.5]), 1);
  // Pairs, not means: each ratio is one half although the mean of theirs is dominated by one round.
  t.strictSame(compare([1, 50], [2, 100]), { geometricMean: 0.5, median: 0.5, p10: 0.5, p90: 0.5 });
  t.end();
});
