/** docs/spec-coverage.md is what the catalogue and the tests say, and leaves nothing out. */
import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { COVERAGE, coverage, document, gaps, readProofs } from "./all.ts";

const proofs = readProofs();
const now = coverage(proofs);

t.test("every demand and every field has a state, and what is tested has tests", (t) => {
  t.strictSame(gaps(now), []);
  const ids = now.musts.map(({ id }) => id);
  t.equal(new Set(ids).size, ids.length, "no id twice");
  t.end();
});

t.test("the document is up to date (npm run coverage writes it)", (t) => {
  const written = readFileSync(COVERAGE, "utf8");
  t.equal(written, document(now));
  t.notMatch(written, /\bignored\b/i);
  t.end();
});

t.test("every test that is named is there", (t) => {
  const files = readdirSync("conformance/spec").filter((name) => name.endsWith(".test.ts"));
  const own = files.map((name) => name.slice(0, -".test.ts".length)).filter((name) => name !== "coverage");
  t.strictSame(Object.keys(proofs).sort(), own.sort(), "proofs.json has each file of tests, and no other");
  for (const file of own) {
    const text = readFileSync(`conformance/spec/${file}.test.ts`, "utf8");
    t.ok(text.includes(`done("${file}");`), `${file} compares itself with proofs.json`);
  }
  const elsewhere = [
    ...now.musts.flatMap(({ elsewhere = [] }) => elsewhere),
    ...now.fieldTests.flatMap(([, ...tests]) => tests),
  ];
  for (const [file, test] of elsewhere) t.ok(readFileSync(file, "utf8").includes(`"${test}"`), `${file}: ${test}`);
  t.end();
});
