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
  /** Errors that an executable prints and asserts nothing about: those of hooks do so, and can by their TAP never fail. */
  readonly reported: readonly string[];
}

/** Some executables print several streams one after the other, each with its own header, numbers and plan; what precedes the first is none. */
function streams(output: string): string[] {
  const parts = output.split(/^(?=TAP version )/m).filter((part) => part.trim() !== "");
  const headed = parts.filter((part) => part.startsWith("TAP version "));
  return headed.length > 0 ? headed : parts;
}

/** The texts of `"error": "…"` in the YAML blocks, their first lines. */
function errorsIn(output: string): string[] {
  return [...output.matchAll(/^\s*"error": (".*"),?$/gm)].map(([, text = '""']) => {
    const [first = ""] = String(JSON.parse(text)).split("\n");
    return first;
  });
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
      if (results.plan.skipAll && results.plan.skipReason !== "") skipped++;
      for (const failure of results.failures) {
        if ("tapError" in failure && typeof failure.tapError === "string") violations.push(failure.tapError);
      }
    });
    parser.end(stream);
  }
  const asserted = passed + skipped + failed.size > 0;
  return { passed, skipped, failed, violations, reported: asserted ? [] : errorsIn(output) };
}
