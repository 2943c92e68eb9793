/** The executables of OCI runtime-tools under ts-runc: each passes, or fails as expected-failures.json says and for its reason. */
import { existsSync } from "node:fs";
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
  // They look for v1 hierarchies, and find "cgroupv2 is not supported yet" elsewhere (cgroups/cgroups.go).
  const wantsV1 = (name: string) => /^linux_cgroups_|^delete_(only_create_)?resources$/.test(name);
  const hasV1 = existsSync("/sys/fs/cgroup/pids");
  for (const name of tools.tests) if (wantsV1(name) && !hasV1) t.pass(name, { skip: "no cgroup v1 hierarchies here" });
  const executables = tools.tests.filter((name) => hasV1 || !wantsV1(name));
  // What gives a hook one second, or waits five for an end, is run again alone: two run at once here.
  const timed = new Set(["hooks_stdin", "kill_no_effect"]);
  const races = (name: string) => expected.get(name)?.kind === "race" || timed.has(name);
  const outcomes = await runAll(
    tools,
    executables,
    [findRuntime(resolve("dist/ts-runc"))],
    DEFAULT_JOBS,
    races,
    () => {},
  );
  for (const outcome of outcomes.sort((a, b) => a.executable.localeCompare(b.executable))) {
    const entry = expected.get(outcome.executable);
    const name =
      outcome.verdict === "failed" && entry !== undefined ? `fails as expected (${entry.kind})` : outcome.verdict;
    t.same(compareWithExpected(outcome, entry), [], `${outcome.executable}: ${name}`);
  }
}
