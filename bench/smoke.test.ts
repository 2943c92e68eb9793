/** The benchmark runs and says what it should; how fast anything is, is none of a test's business. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import t from "tap";
import { compare, geometricMean, quantile } from "./statistics.mjs";

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["bench/run.mjs", "--rounds", "2", ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });
}

const others = [
  ["crun", "/usr/bin/crun"],
  ["runc", "/usr/sbin/runc"],
].filter(([, program]) => existsSync(program ?? ""));
const names = ["ts-runc", ...others.map(([name]) => name ?? "")];
const figures = ["create+start+delete", "run", "create", "start", "delete", "state", "kill", "--version"];

t.test("prints a time, and a ratio to each other runtime, for every figure", (t) => {
  const { status, stdout, stderr } = bench();
  t.equal(status, 0, stderr);
  const lines = stdout.split("\n");
  for (const figure of figures) {
    const [times, uses] = lines.filter((line) => line.startsWith(`| ${figure} |`)).map(cells);
    t.equal(times?.length, 1 + names.length + others.length, `${figure}: a time each, a ratio each`);
    for (const time of times?.slice(1, 1 + names.length) ?? []) t.match(time, /^\d+\.\d\d \(\d+\.\d\d\)$/);
    for (const ratio of times?.slice(1 + names.length) ?? [])
      t.match(ratio, /^\*\*\d+\.\d\d\*\* \(\d+\.\d\d; \d+\.\d\d–\d+\.\d\d\)$/);
    t.equal(uses?.length, 1 + 2 * names.length, `${figure}: CPU and memory each`);
  }
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
