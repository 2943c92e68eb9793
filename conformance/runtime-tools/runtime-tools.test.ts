/** The executables of OCI runtime-tools under ts-runc: each passes, or fails as expected-failures.json says and for its reason. */
import { resolve } from "node:path";
import process from "node:process";
import t from "tap";
import { makeTools } from "./build.ts";
import { findRuntime } from "./execute.ts";
import { compareWithExpected, readExpectedFailures } from "./expected.ts";
import { DEFAULT_JOBS, runAll } from "./schedule.ts";

const tools = process.getuid?.() === 0 ? makeTools() : { missing: "containers of runtime-tools want root" };
if ("missing" in tools) t.pass("runtime-tools", { skip: tools.missing });
else {
  const expected = readExpectedFailures();
  t.same(
    [...expected.keys()].filter((name) => !tools.tests.includes(name)),
    [],
    "only executables that are there are listed as failing",
  );
  const outcomes = await runAll(tools, tools.tests, [findRuntime(resolve("dist/ts-runc"))], DEFAULT_JOBS, () => {});
  for (const outcome of outcomes.sort((a, b) => a.executable.localeCompare(b.executable))) {
    const entry = expected.get(outcome.executable);
    const name =
      outcome.verdict === "failed" && entry !== undefined ? `fails as expected (${entry.kind})` : outcome.verdict;
    t.same(compareWithExpected(outcome, entry), [], `${outcome.executable}: ${name}`);
  }
}
