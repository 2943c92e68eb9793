/** The table of a run: a row for each executable, a column for each runtime, totals; then what failed, and why that was expected or not. */
import type { Outcome } from "./execute.ts";
import type { ExpectedFailure } from "./expected.ts";

function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "";
  if (outcome.verdict === "skipped") return "skip";
  if (outcome.verdict === "passed") return outcome.output.reported.length > 0 ? "ok, error" : "ok";
  if (outcome.ended !== "exit 0") return `FAIL ${outcome.ended}`;
  const failed = [...outcome.output.failed.values()].reduce((sum, count) => sum + count, 0);
  return `FAIL ${failed > 0 ? `${failed} of ${failed + outcome.output.passed}` : "broken TAP"}`;
}

/** The whole table, its last line the totals. */
export function table(
  outcomes: readonly Outcome[],
  executables: readonly string[],
  runtimes: readonly string[],
): string {
  const rows = executables.map((executable) => [
    executable,
    ...runtimes.map((runtime) =>
      cell(outcomes.find((one) => one.executable === executable && one.runtime === runtime)),
    ),
  ]);
  const totals = runtimes.map((runtime) => {
    const own = outcomes.filter((outcome) => outcome.runtime === runtime);
    const count = (verdict: Outcome["verdict"]) => own.filter((outcome) => outcome.verdict === verdict).length;
    const skipped = count("skipped") > 0 ? `, ${count("skipped")} skipped` : "";
    const silent = own.filter(({ output }) => output.reported.length > 0).length;
    return `${count("passed")} of ${own.length}${skipped}${silent > 0 ? `, ${silent} with an error` : ""}`;
  });
  const all = [["executable", ...runtimes], ...rows, ["passed", ...totals]];
  const widths = ["", ...runtimes].map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Everything that failed in one outcome, for a person who looks for the cause. */
export function details(outcome: Outcome): string {
  const lines = [`${outcome.runtime} ${outcome.executable}: ${cell(outcome)}, ${outcome.seconds.toFixed(1)} s`];
  for (const [name, count] of outcome.output.failed) lines.push(`not ok${count > 1 ? ` × ${count}` : ""}: ${name}`);
  lines.push(
    ...outcome.output.violations,
    ...outcome.output.reported,
    ...outcome.said.split("\n").filter((line) => line !== ""),
    ...outcome.left,
  );
  return lines.join("\n    ");
}

/** One line for each expected failure that happened: kind, executable, reason. */
export function reasons(outcomes: readonly Outcome[], expected: ReadonlyMap<string, ExpectedFailure>): string {
  return outcomes
    .filter(({ verdict, output }) => verdict === "failed" || output.reported.length > 0)
    .flatMap(({ executable }) => {
      const entry = expected.get(executable);
      return entry === undefined ? [] : [`${entry.kind.padEnd(15)} ${executable}: ${entry.reason}`];
    })
    .sort()
    .join("\n");
}
