/**
 * Runs the executables of OCI runtime-tools against ts-runc and other runtimes: a table, totals, and whether ts-runc's failures are those
 * that expected-failures.json lists.
 *     npm run conformance -- [--only WORD] [--jobs N] [--verbose] [RUNTIME…]
 */
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { makeTools } from "./build.ts";
import { findRuntime, type Runtime } from "./execute.ts";
import { compareWithExpected, readExpectedFailures } from "./expected.ts";
import { details, reasons, table } from "./report.ts";
import { DEFAULT_JOBS, runAll } from "./schedule.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Outcomes are told apart by name: of two of one name the later ones have a number. */
function withNames(runtimes: readonly Runtime[]): Runtime[] {
  const seen = new Map<string, number>();
  return runtimes.map((runtime) => {
    const count = (seen.get(runtime.name) ?? 0) + 1;
    seen.set(runtime.name, count);
    return count === 1 ? runtime : { ...runtime, name: `${runtime.name} (${count})` };
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: "string", default: "" },
      jobs: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  const jobs = Number(values.jobs ?? DEFAULT_JOBS);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs: found ${values.jobs}, want a whole number above 0`);
  const tools = makeTools();
  if ("missing" in tools) {
    process.stderr.write(`conformance: nothing was run: ${tools.missing}\n`);
    return 1;
  }
  const own = findRuntime(resolve("dist/ts-runc"));
  const runtimes = withNames([own, ...positionals.map(findRuntime)]);
  const executables = tools.tests.filter((name) => name.includes(values.only));
  const expected = readExpectedFailures();
  const races = (name: string) => expected.get(name)?.kind === "race";
  const outcomes = await runAll(tools, executables, runtimes, jobs, races, (outcome) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${outcome.runtime} ${outcome.executable}\r`);
  });
  if (values.verbose) {
    for (const outcome of outcomes) if (outcome.verdict !== "passed") say(`${details(outcome)}\n`);
  }
  say(
    table(
      outcomes,
      executables,
      runtimes.map(({ name }) => name),
    ),
  );
  const ours = outcomes.filter((outcome) => outcome.runtime === own.name);
  say(`\n${reasons(ours, expected)}`);
  let problems = 0;
  for (const outcome of ours) {
    const found = compareWithExpected(outcome, expected.get(outcome.executable));
    if (found.length > 0) say(`\nUNEXPECTED ${outcome.executable}\n${found.join("\n").replace(/^/gm, "    ")}`);
    problems += found.length;
  }
  return problems === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
