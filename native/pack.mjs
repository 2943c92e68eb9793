// Packs the TypeScript with esbuild: for Node as one ES module, for the engine as script chunks, which the engine's compiler turns into bytecode.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import { build } from "esbuild";

/** Chunks that are loaded by need; all other code of the engine's program is in src/hot.ts and what that imports. */
const COLD = [
  "chunk-criu",
  "chunk-diagnose",
  "chunk-events",
  "chunk-features",
  "chunk-help",
  "chunk-hidden",
  "chunk-manage",
  "chunk-net",
  "chunk-notify",
  "chunk-resctrl",
  "chunk-seldom",
  "chunk-spec",
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

const ENGINE = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  target: "es2022",
  charset: "utf8",
  minifySyntax: true,
  minifyWhitespace: true,
  minifyIdentifiers: true,
  write: false,
  logLevel: "warning",
};

/** What help says of commands and flags, wherever these are defined: only the chunk of help needs it. */
const HELP_TEXT = /\bhelp:\s*"(?:[^"\\]|\\.)*",?/g;
const WITH_HELP = readdirSync("src/cli")
  .map((name) => `src/cli/${name}`)
  .filter((path) => !/\.test\.ts$/.test(path) && readFileSync(path, "utf8").match(HELP_TEXT) !== null);

/** Leaves those texts out; the chunk of help has these modules a second time, with them. */
const withoutHelp = {
  name: "without-help",
  setup(setup) {
    setup.onLoad({ filter: /\/src\/cli\/[\w-]+\.ts$/ }, (args) => ({
      contents: readFileSync(args.path, "utf8").replace(HELP_TEXT, ""),
      loader: "ts",
    }));
  },
};

/**
 * Scripts for the engine, [name, path]: `hot` has everything that `main` imports; the cold chunks take what they share with it from
 * `globalThis.hot`, and with each other from chunks of their own, which they load. The last one, `warm`, is run after `hot` when the heap image is made.
 */
export async function packEngine(out, arch, main = "src/main-engine.ts") {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const scripts = new Map();
  const cold = await packCold(arch, await modulesOf(arch, main));
  for (const file of cold.files) {
    const name = basename(file.path, ".js");
    scripts.set(name, toScript(name, file.text));
  }
  scripts.set("hot", await packHot(arch, main, cold.wanted));
  scripts.set("warm", warmUp(scripts.get("hot")));
  return [...scripts].map(([name, text]) => {
    const path = join(out, `${name}.js`);
    writeFileSync(path, text);
    return [name, path];
  });
}

/** The modules that end up in `hot`. Numbers of the kernel are not among them: they stand in the code that uses them. */
async function modulesOf(arch, main) {
  const { metafile } = await build({
    ...ENGINE,
    entryPoints: [main],
    outfile: "hot.js",
    metafile: true,
    plugins: [architecture(arch), withoutHelp],
  });
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return new Set(used.map(([path]) => path).filter((path) => /^src\//.test(path) && !/\.gen\.ts$/.test(path)));
}

/** The cold chunks, and which exports of which module of `hot` they want. */
async function packCold(arch, hotModules) {
  const wanted = new Map();
  const takeFromHot = {
    name: "take-from-hot",
    setup(setup) {
      setup.onResolve({ filter: /^\.\.?\// }, (args) => {
        const path = relative(process.cwd(), join(args.resolveDir, args.path));
        const forHelp = /\/cli\/(help|completion|commands)\.ts$/.test(args.importer);
        if (forHelp && (WITH_HELP.includes(path) || path === "src/cli/commands.ts")) return undefined;
        return hotModules.has(path) ? { path: `hot:${path}`, external: true } : undefined;
      });
    },
  };
  const { outputFiles } = await build({
    ...ENGINE,
    entryPoints: Object.fromEntries(COLD.map((name) => [name, `src/${name}.ts`])),
    outdir: "cold",
    splitting: true,
    chunkNames: "shared-[hash]",
    plugins: [architecture(arch), takeFromHot, commanderWithoutNode()],
  });
  for (const { text } of outputFiles)
    for (const [, names, path] of text.matchAll(/import\s*\{([^}]*)\}\s*from\s*"hot:([^"]+)"/g)) {
      if (!wanted.has(path)) wanted.set(path, new Set());
      for (const name of names.split(",").filter(Boolean)) wanted.get(path).add(name.trim().split(" as ")[0]);
    }
  return { files: outputFiles, wanted };
}

/** `hot`, with what the cold chunks want of it. */
async function packHot(arch, main, wanted) {
  const rows = [...wanted].map(([path, names], index) => {
    const list = [...names].sort();
    return {
      line: `import {${list.map((name) => `${name} as m${index}_${name}`).join(",")}} from "./${path}";`,
      entry: `${JSON.stringify(path)}:{${list.map((name) => `${name}:m${index}_${name}`).join(",")}}`,
    };
  });
  const contents = `import "./${main}";\n${rows.map(({ line }) => line).join("\n")}\nglobalThis.hot={${rows.map(({ entry }) => entry).join(",")}};`;
  const { outputFiles } = await build({
    ...ENGINE,
    format: "iife",
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    plugins: [architecture(arch), withoutHelp],
  });
  return outputFiles[0].text;
}

/**
 * Functions of the language are made when they are first looked at. Those whose names `hot` uses are looked at when the image is made, so
 * that no command has to make them.
 */
function warmUp(hot) {
  const used = new Set([...hot.matchAll(/\.([a-z]\w*)/gi)].map(([, name]) => name));
  const names = [...new Set(LANGUAGE.flatMap(Object.getOwnPropertyNames))].filter((name) => used.has(name));
  return `(()=>{const names=${JSON.stringify(names)};
for(const holder of (${languageObjects})()){
for(const name of names)if(Object.hasOwn(holder,name))Object.getOwnPropertyDescriptor(holder,name);
for(const symbol of Object.getOwnPropertySymbols(holder))Object.getOwnPropertyDescriptor(holder,symbol);
}})();\n`;
}

/** The objects of the language whose functions are called; written into the script as it stands here. */
function languageObjects() {
  const kinds = [
    Object,
    Function,
    Array,
    String,
    Number,
    BigInt,
    Symbol,
    RegExp,
    Map,
    Set,
    Error,
    Uint8Array,
    DataView,
  ];
  const prototypes = [...kinds, Object.getPrototypeOf(Uint8Array)].map((kind) => kind.prototype);
  const iterators = [[].values(), new Map().entries(), new Set().values(), "".matchAll(/a/g)].map(
    Object.getPrototypeOf,
  );
  return [globalThis, Math, JSON, ...kinds, ...prototypes, ...iterators];
}
const LANGUAGE = languageObjects();

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
  let body = text.replace(/import\s*(\{[^}]*\}\s*from\s*)?"(\.\/|hot:)([^"]+)";?/g, (_, names, kind, from) => {
    const key = JSON.stringify(kind === "hot:" ? from : from.replace(/\.js$/, ""));
    if (kind !== "hot:") loads += `if(!globalThis.chunks[${key}])native.load(${key});`;
    if (names === undefined) return "";
    const list = names
      .slice(names.indexOf("{") + 1, names.indexOf("}"))
      .split(",")
      .filter(Boolean);
    const holder = `globalThis.${kind === "hot:" ? "hot" : "chunks"}[${key}]`;
    return `const{${list.map((entry) => entry.trim().replace(/^(\S+) as (\S+)$/, "$1:$2")).join(",")}}=${holder};`;
  });
  body = body.replace(/export\s*\{([^}]*)\};?\s*$/, (_, list) => {
    const entries = list
      .split(",")
      .filter(Boolean)
      .map((entry) => entry.trim().replace(/^(\S+) as (\S+)$/, "$2:$1"));
    return `globalThis.chunks[${JSON.stringify(name)}]={${entries.join(",")}};`;
  });
  if (/^(import|export)\b/m.test(body)) throw new Error(`${name}: an import or export statement was not understood`);
  return `${loads}(()=>{"use strict";${body}\n})();\n`;
}

/** Version of package.json, for the check that the program says the same. */
export function packageVersion() {
  return JSON.parse(readFileSync("package.json", "utf8")).version;
}
