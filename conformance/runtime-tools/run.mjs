// Compiles main.ts and runs it, so that the command needs no more than Node 20.
import process from "node:process";
import { build } from "esbuild";

await build({
  entryPoints: ["conformance/runtime-tools/main.ts"],
  outfile: "build/conformance/runtime-tools.mjs",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
await import(`file://${process.cwd()}/build/conformance/runtime-tools.mjs`);
