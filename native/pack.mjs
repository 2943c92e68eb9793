// Packs the TypeScript with esbuild: for Node as one ES module, for the engine as script chunks, which the engine's compiler turns into bytecode.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const MAIN = { core: "src/main-engine.ts" };
const CHUNKS = [
  "chunk-create",
  "chunk-diagnose",
  "chunk-exec",
  "chunk-events",
  "chunk-features",
  "chunk-help",
  "chunk-init",
  "chunk-join",
  "chunk-main",
  "chunk-manage",
  "chunk-net",
  "chunk-resctrl",
  "chunk-seccomp",
  "chunk-trace",
];

/** Puts the constants of the architecture in place, and gives all-constants.ts a copy of its own (see there). */
function architecture(arch) {
  const table = (directory) => join(directory, `arch/${arch}.gen.ts`);
  return {
    name: "architecture",
    setup(setup) {
      setup.onResolve({ filter: /arch\/x86_64\.gen\.ts$/ }, (args) =>
        basename(args.importer) === "all-constants.ts"
          ? { path: table(args.resolveDir), namespace: "copy" }
          : { path: table(args.resolveDir) },
      );
      setup.onLoad({ filter: /.*/, namespace: "copy" }, (args) => ({
        contents: readFileSync(args.path, "utf8"),
        loader: "ts",
      }));
    },
  };
}

/** The Node host's program and its source map. */
export async function packNode(out, arch) {
  await build({
    entryPoints: { "ts-runc": "src/main-node.ts", index: "src/index.ts" },
    outdir: out,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["ffi-rs"],
    sourcemap: true,
    outExtension: { ".js": ".mjs" },
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    plugins: [architecture(arch)],
    logLevel: "warning",
  });
}

/**
 * Scripts for the engine. esbuild splits shared code into chunks as ES modules; each becomes a script that takes its imports from, and puts
 * its exports into, `globalThis.chunks`. Returns names in no particular order; every chunk loads what it needs.
 */
export async function packEngine(out, arch, main = MAIN) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const entryPoints = { ...main, "validate-config": "src/config/generated/validate-config.js" };
  for (const name of CHUNKS) entryPoints[name] = `src/${name}.ts`;
  const result = await build({
    entryPoints,
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    charset: "utf8",
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    chunkNames: "shared-[hash]",
    write: false,
    plugins: [architecture(arch), commanderWithoutNode()],
    logLevel: "warning",
  });
  const names = [];
  for (const file of result.outputFiles) {
    const name = basename(file.path, ".js");
    const path = join(out, `${name}.js`);
    writeFileSync(path, toScript(name, file.text));
    names.push([name, path]);
  }
  return names;
}

/** commander wants a few node modules for running sub-commands as files, which we never do. */
function commanderWithoutNode() {
  const stubs = {
    "node:events":
      "export class EventEmitter { constructor() { this.handlers = new Map(); } on(n, f) { const l = this.handlers.get(n) ?? []; l.push(f); this.handlers.set(n, l); return this; } once(n, f) { return this.on(n, f); } prependListener(n, f) { return this.on(n, f); } emit(n, ...a) { const l = this.handlers.get(n) ?? []; for (const f of l) f(...a); return l.length > 0; } listenerCount(n) { return (this.handlers.get(n) ?? []).length; } }",
    "node:child_process": "export default {};",
    "node:path":
      "const basename = (path) => path.slice(path.lastIndexOf('/') + 1); export default { basename, extname: () => '', dirname: (path) => path, resolve: (...parts) => parts.join('/') };",
    "node:fs": "export default { existsSync: () => false };",
    "node:process":
      "const stream = { write: () => true, isTTY: false, columns: 100, hasColors: () => false }; export default { argv: [], env: {}, execArgv: [], stdout: stream, stderr: stream, on: () => {}, versions: {}, exit: () => {} };",
  };
  return {
    name: "commander-without-node",
    setup(setup) {
      setup.onResolve({ filter: /^node:/ }, (args) => ({ path: args.path, namespace: "stub" }));
      setup.onLoad({ filter: /.*/, namespace: "stub" }, (args) => {
        const contents = stubs[args.path];
        if (contents === undefined) throw new Error(`the engine has no ${args.path}`);
        // CommonJS users take the named exports, which a default object must have as well.
        return {
          contents: args.path === "node:events" ? contents : contents.replace("export default", "module.exports ="),
          loader: "js",
        };
      });
    },
  };
}

/** One ES module of esbuild's output as a script. Its imports and exports are single statements of a fixed form. */
function toScript(name, text) {
  let loads = "";
  let body = text.replace(/import\s*(\{[^}]*\}\s*from\s*)?"\.\/([^"]+)\.js";?/g, (_, names, from) => {
    loads += `if(!globalThis.chunks[${JSON.stringify(from)}])native.load(${JSON.stringify(from)});`;
    if (names === undefined) return "";
    const list = names
      .slice(names.indexOf("{") + 1, names.indexOf("}"))
      .split(",")
      .filter(Boolean);
    return `const{${list.map((entry) => entry.trim().replace(/^(\S+) as (\S+)$/, "$1:$2")).join(",")}}=globalThis.chunks[${JSON.stringify(from)}];`;
  });
  body = body.replace(/export\s*\{([^}]*)\};?\s*$/, (_, list) => {
    const entries = list
      .split(",")
      .filter(Boolean)
      .map((entry) => entry.trim().replace(/^(\S+) as (\S+)$/, "$2:$1"));
    return `globalThis.chunks[${JSON.stringify(name)}]={${entries.join(",")}};`;
  });
  if (/^(import|export)\b/m.test(body)) throw new Error(`${name}: an import or export statement was not understood`);
  return `globalThis.chunks??={};${loads}(()=>{"use strict";${body}\n})();\n`;
}

/** Version of package.json, for the check that the program says the same. */
export function packageVersion() {
  return JSON.parse(readFileSync("package.json", "utf8")).version;
}
