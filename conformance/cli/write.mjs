// npm run docs: writes the documents that are made from the commands' data.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const OUT = "build/docs/all.mjs";
await build({
  entryPoints: ["conformance/cli/all.ts"],
  outfile: OUT,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
const { documents } = await import(pathToFileURL(OUT));
rmSync("docs/man", { recursive: true, force: true });
mkdirSync("docs/man", { recursive: true });
const written = documents();
for (const [path, text] of written) writeFileSync(path, text);
console.log(`${written.size} documents written`);
