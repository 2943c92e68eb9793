// Static checks: types, lint and format, which folder may import which, cited rules, generated files. One line each: ok, FAIL or skip.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { checkImports } from "../conformance/lint/imports.mjs";
import { checkRules } from "../conformance/lint/rules.mjs";

let failed = 0;

function report(name, problems) {
  if (problems === "") console.log(`ok   ${name}`);
  else {
    failed++;
    console.log(`FAIL ${name}\n${problems.replace(/^/gm, "    ")}`);
  }
}

function program(name, command, args) {
  const result = spawnSync(command, args, { encoding: "utf8" });
  report(name, result.status === 0 ? "" : `${result.stdout}${result.stderr}`.split("\n").slice(0, 60).join("\n"));
}

program("types", "node_modules/.bin/tsc", ["-p", "."]);
const biome = "node_modules/@biomejs/cli-linux-x64/biome";
if (existsSync(biome)) program("lint and format", biome, ["check", "--error-on-warnings"]);
else console.log("skip lint and format: no biome for this machine");
report("imports", checkImports().join("\n"));
report("rules that are cited", checkRules().join("\n"));
program("generated kernel tables", "node", ["native/generate/write.mjs", "--check"]);
process.exitCode = failed === 0 ? 0 : 1;
