/** What one executable printed, read as TAP. */
import { Parser } from "tap-parser";

/** What an executable of runtime-tools said. */
export interface TapOutput {
  /** How many assertions passed; those that were skipped are not among them. */
  readonly passed: number;
  readonly skipped: number;
  /** Name of each failed assertion, and how often it failed: the executables use a name more than once. */
  readonly failed: ReadonlyMap<string, number>;
  /** Violations of TAP, such as a plan that was not kept. */
  readonly violations: readonly string[];
}

/** Some executables print several streams one after the other, each with its own header, numbers and plan. */
function streams(output: string): string[] {
  return output.split(/^(?=TAP version )/m).filter((part) => part.trim() !== "");
}

/** Reads the standard output of an executable. Text before the first header is not TAP, and is passed over by the parser. */
export function readTap(output: string): TapOutput {
  let passed = 0;
  let skipped = 0;
  const failed = new Map<string, number>();
  const violations: string[] = [];
  for (const stream of streams(output)) {
    const parser = new Parser();
    parser.on("assert", (result) => {
      if (result.skip !== false) skipped++;
      else if (result.ok) passed++;
      else failed.set(result.name, (failed.get(result.name) ?? 0) + 1);
    });
    parser.on("complete", (results) => {
      // A plan of nothing with a reason skips the whole stream.
      if (results.plan.skipAll) skipped++;
      for (const failure of results.failures) {
        if ("tapError" in failure && typeof failure.tapError === "string") violations.push(failure.tapError);
      }
    });
    parser.end(stream);
  }
  return { passed, skipped, failed, violations };
}
