// npm run coverage: runs the tests of conformance/spec and writes what they prove into proofs.json and docs/spec-coverage.md.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { compileForNode } from "../../native/compile.mjs";

const FOLDER = "build/spec";
const tests = readdirSync("conformance/spec").filter(
  (name) => name.endsWith(".test.ts") && name !== "coverage.test.ts",
);

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(`${FOLDER}/proofs`, { recursive: true });
await compileForNode(
  [...tests, "all.ts"].map((name) => `conformance/spec/${name}`),
  FOLDER,
  "conformance/spec",
);

let failed = false;
const run = {};
for (const name of tests) {
  const file = name.slice(0, -".test.ts".length);
  const started = Date.now();
  const result = spawnSync(process.execPath, ["--enable-source-maps", `${FOLDER}/${file}.test.mjs`], {
    encoding: "utf8",
    env: { ...process.env, TAP: "1", TAP_TIMEOUT: "0", TSRUNC_PROOFS: `${FOLDER}/proofs` },
    maxBuffer: 1 << 28,
  });
  console.log(`${result.status === 0 ? "ok  " : "FAIL"} ${name}  ${((Date.now() - started) / 1000).toFixed(1)} s`);
  if (result.status !== 0) {
    failed = true;
    console.log(
      result.stdout
        .split("\n")
        .filter((line) => /^ *not ok/.test(line))
        .join("\n"),
      result.stderr,
    );
  } else run[file] = JSON.parse(readFileSync(`${FOLDER}/proofs/${file}.json`, "utf8"));
}
if (failed) {
  console.log("nothing is written: a failing test proves nothing");
  process.exit(1);
}
const { PROOFS, COVERAGE, coverage, document, gaps, merged, readProofs } = await import(
  pathToFileURL(`${FOLDER}/all.mjs`)
);
const proofs = merged(readProofs(), run);
writeFileSync(PROOFS, `${JSON.stringify(proofs, undefined, 2)}\n`);
const now = coverage(proofs);
writeFileSync(COVERAGE, document(now));
for (const problem of gaps(now)) console.log(`gap: ${problem}`);
console.log(`${COVERAGE}: ${now.musts.length} demands, ${now.fields.length} fields, ${gaps(now).length} gaps`);
