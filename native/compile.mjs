// TypeScript that runs on Node beside the product: tests, conformance, tools of the bench.
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Compiles each file, with what it imports of ours, to `outdir` under its path below `outbase`, with the extension .mjs. */
export async function compileForNode(files, outdir, outbase = ".") {
  await build({
    entryPoints: files,
    outdir,
    outbase,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
}

/** Compiles a file and imports it: its exports. */
export async function importTypeScript(file) {
  const outdir = "build/scripts";
  await compileForNode([file], outdir);
  return import(pathToFileURL(resolve(join(outdir, file.replace(/\.ts$/, ".mjs")))).href);
}
