/**
 * Tests whose assertions say what they prove: each has in its name the ids of the demands (`runtime.md#state/1`) and of
 * the fields (`/process/cwd`) that would be broken if it failed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { fails, prints, type Test } from "../../test/support/life.ts";
import { ENGINE, type Outcome, Sandbox } from "../../test/support/sandbox.ts";
import { fieldsOf, MUSTS, type Schema } from "./catalogue.ts";
import { type FileProofs, PROOFS, readProofs, SCHEMA } from "./proofs.ts";

/** Assertions that prove the ids that they were made for. `more` tells two of the same ids apart. */
export interface Claim {
  ok(value: unknown, more?: string): void;
  equal(found: unknown, want: unknown, more?: string): void;
  same(found: unknown, want: unknown, more?: string): void;
  match(found: unknown, want: unknown, more?: string): void;
  /** Status 1 and one line on stderr that this matches. */
  fails(outcome: Outcome, line: RegExp | string): void;
  /** Status 0 and nothing on stderr; returns what was printed. */
  prints(outcome: Outcome, more?: string): string;
}

/** Begins an assertion that proves demands or fields. */
export type Proves = (...ids: string[]) => Claim;

const texts = new Map<string, string>([
  ...MUSTS.map(({ id, text }): [string, string] => [id, text]),
  ...fieldsOf(JSON.parse(readFileSync(SCHEMA, "utf8")) as Schema).map(({ pointer, text }): [string, string] => [
    pointer,
    text,
  ]),
]);

/** What this file's tests have proven, or why one was skipped. */
const proven: FileProofs = {};

function claim(t: Test, noted: Set<string>, ids: readonly string[]): Claim {
  const unknown = ids.filter((id) => !texts.has(id));
  if (unknown.length > 0) throw new Error(`no demand or field in the catalogue: ${unknown.join(", ")}`);
  for (const id of ids) noted.add(id);
  const name = (more?: string) =>
    `${ids.join(" ")}: ${more ?? ids.map((id) => texts.get(id)).find((text) => text !== undefined)}`;
  return {
    ok: (value, more) => void t.ok(value, name(more)),
    equal: (found, want, more) => void t.equal(found, want, name(more)),
    same: (found, want, more) => void t.strictSame(found, want, name(more)),
    match: (found, want, more) => void t.match(found, want as never, name(more)),
    fails: (outcome, line) => {
      t.match(outcome.stderr, line as never, name());
      fails(t, outcome, line);
    },
    prints: (outcome, more) => {
      t.equal(outcome.status, 0, name(more));
      return prints(t, outcome, more);
    },
  };
}

/**
 * A test against dist/ts-runc, in a sandbox that must be empty at the end. `skip` says why it cannot be here: what it
 * proved where it could stays in proofs.json.
 */
export function spec(
  name: string,
  check: (proves: Proves, box: Sandbox, t: Test) => void | Promise<void>,
  skip?: string,
): void {
  if (Object.hasOwn(proven, name)) throw new Error(`two tests named ${name}`);
  const noted = new Set<string>();
  proven[name] = skip === undefined ? [] : { skipped: skip };
  t.test(name, skip === undefined ? {} : { skip }, async (t) => {
    const box = new Sandbox(ENGINE);
    try {
      await check((...ids) => claim(t, noted, ids), box, t);
    } finally {
      proven[name] = [...noted].sort();
      t.strictSame(box.close(), [], "nothing is left behind");
    }
  });
}

/**
 * The last line of each file of tests: what they have proven is what proofs.json, and so docs/spec-coverage.md, says.
 * `npm run coverage` sets TSRUNC_PROOFS, a folder in which this then writes instead.
 */
export function done(file: string): void {
  t.test("proofs.json says what these tests prove (npm run coverage writes it)", (t) => {
    const folder = process.env["TSRUNC_PROOFS"];
    if (folder !== undefined) {
      writeFileSync(join(folder, `${file}.json`), JSON.stringify(proven));
      t.pass("written");
    } else {
      const written = readProofs()[file] ?? {};
      for (const [name, now] of Object.entries(proven)) {
        if (Array.isArray(now)) t.strictSame(written[name], now, `${PROOFS}: ${file}: ${name}`);
        else t.ok(Object.hasOwn(written, name), `${PROOFS}: ${file}: ${name} (skipped: ${now.skipped})`);
      }
      t.strictSame(Object.keys(written).sort(), Object.keys(proven).sort(), "and no other test of this file");
    }
    t.end();
  });
}
