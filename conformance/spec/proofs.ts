/** proofs.json: which test proves which demands and fields. Written by `npm run coverage` from a run of the tests. */
import { existsSync, readFileSync } from "node:fs";

export const PROOFS = "conformance/spec/proofs.json";
export const COVERAGE = "docs/spec-coverage.md";
export const SCHEMA = "schemas/config.schema.json";

/** Test → ids that it proved; or why it did not run. */
export interface FileProofs {
  [test: string]: string[] | { skipped: string };
}

/** File (`runtime` for conformance/spec/runtime.test.ts) → its tests. What is on disk holds no skipped ones. */
export interface Proofs {
  [file: string]: { [test: string]: string[] };
}

/** Reads proofs.json; empty before it was first written. */
export function readProofs(): Proofs {
  return existsSync(PROOFS) ? (JSON.parse(readFileSync(PROOFS, "utf8")) as Proofs) : {};
}

/** What a run has found, over what was known: a skipped test keeps what it proved where it could run. */
export function merged(before: Proofs, run: { [file: string]: FileProofs }): Proofs {
  const files = Object.keys(run).sort();
  return Object.fromEntries(
    files.map((file) => [
      file,
      Object.fromEntries(
        Object.entries(run[file] ?? {}).map(([test, now]) => [
          test,
          Array.isArray(now) ? now : (before[file]?.[test] ?? []),
        ]),
      ),
    ]),
  );
}

/** One test that proves something. */
export interface Proof {
  file: string;
  test: string;
}

/** Id → the tests that prove it. */
export function byId(proofs: Proofs): Map<string, Proof[]> {
  const found = new Map<string, Proof[]>();
  for (const [file, tests] of Object.entries(proofs)) {
    for (const [test, ids] of Object.entries(tests)) {
      for (const id of ids) found.set(id, [...(found.get(id) ?? []), { file, test }]);
    }
  }
  return found;
}
