// The engine from source: QuickJS of 2026-06-04, as the crate hirofa-quickjs-sys carries it unchanged. It comes from the crates registry, is checked
// against the digest of that registry's index, and is compiled here, so that what nothing calls is left out and its insides can be used (engine.c).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CRATE = "hirofa-quickjs-sys-0.16.1";
const SHA256 = "27d0405f4ade508b49a0cde9ee59baaad60937a353ce9a7b7364fff66fbe7af8";
/** The registry's own address, and the one that its index names where a mirror stands in for it. */
const PLACES = [
  `https://static.crates.io/crates/hirofa-quickjs-sys/${CRATE}.crate`,
  "https://index.crates.io/artifactory/api/cargo/crates-io/v1/crates/hirofa-quickjs-sys/0.16.1/download",
];
/** The functions of the engine that common commands call (bench/hot-functions.mjs). */
export const HOT_FUNCTIONS = "native/engine/hot-functions.txt";
const SOURCE = `${CRATE}/bellard/quickjs`;

/** Leaves the engine's source in `folder`. Throws with one line that says what could not be had. */
export async function fetchEngine(folder) {
  const archive = await download();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const tar = spawnSync("tar", ["-xzf", "-", "-C", folder, "--strip-components=3", SOURCE], { input: archive });
  if (tar.status !== 0) throw new Error(`${CRATE}: cannot be unpacked: ${tar.error?.message ?? tar.stderr}`);
  for (const [name, changes] of Object.entries(IMMORTAL)) change(join(folder, name), changes);
  const hot = new Set(readFileSync(HOT_FUNCTIONS, "utf8").split("\n"));
  for (const name of ["quickjs", "libregexp", "libunicode", "cutils", "dtoa"]) markCold(join(folder, `${name}.c`), hot);
}

async function download() {
  const failures = [];
  for (const place of [...PLACES, ...PLACES]) {
    try {
      const answer = await fetch(place, { signal: AbortSignal.timeout(60_000) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      const digest = createHash("sha256").update(bytes).digest("hex");
      if (digest !== SHA256) throw new Error(`found SHA-256 ${digest}, want ${SHA256}`);
      return bytes;
    } catch (error) {
      failures.push(`${place}: ${error.cause?.code ?? error.message}`);
    }
  }
  throw new Error(`the engine's source cannot be had: ${[...new Set(failures)].join("; ")}`);
}

/**
 * Marks the functions that common commands do not call (native/engine/hot-functions.txt has those that they do): they are made small instead of
 * fast, and lie together, so that their pages are not among those that a process maps.
 */
function markCold(path, hot) {
  const text = readFileSync(path, "utf8");
  // A definition or a prototype, by its first line: a type, a name, an opening parenthesis.
  const marked = text.replace(
    /^(?:static|const|void|int|uint|double|BOOL|JS)[^;={}()#]*?\b(\w+)\((?!\*)/gm,
    (start, name) =>
      hot.has(name) || /\binline\b|\bjs_force_inline\b/.test(start) ? start : `__attribute__((cold)) ${start}`,
  );
  writeFileSync(path, marked);
}

/**
 * What has a count of references of JS_IMMORTAL or more is never counted again: the objects of the heap image (engine.c), whose pages the
 * kernel would otherwise have to copy for a count that no process of ours lives to need. [what, by what, how often it stands there].
 */
const IMMORTAL = {
  "quickjs.h": [
    [
      /} JSRefCountHeader;\n/,
      `$&

#define JS_IMMORTAL (1 << 29)
#define JS_COUNT(header) ((void)((header)->ref_count < JS_IMMORTAL && (header)->ref_count++))
#define JS_UNCOUNT(header) ((header)->ref_count < JS_IMMORTAL ? --(header)->ref_count : JS_IMMORTAL)
`,
      1,
    ],
    [/\bp->ref_count\+\+;/, "JS_COUNT(p);", 2],
    [/--p->ref_count\b/, "JS_UNCOUNT(p)", 2],
  ],
  "quickjs.c": [
    [/(js_rc\((?:\w+|\w+\[\w+\]|\w+->u\.\w+)\))->ref_count\+\+;/, "JS_COUNT($1);", 28],
    [/--(js_rc\(\w+\))->ref_count\b/, "JS_UNCOUNT($1)", 6],
    [/(js_rc\(\w+\))->ref_count--;/, "(void)JS_UNCOUNT($1);", 2],
  ],
};

function change(path, changes) {
  let text = readFileSync(path, "utf8");
  for (const [what, by, times] of changes) {
    const found = [...text.matchAll(new RegExp(what, "g"))].length;
    if (found !== times) throw new Error(`${path}: found ${what} ${found} times, want ${times}`);
    text = text.replace(new RegExp(what, "g"), by);
  }
  writeFileSync(path, text);
}
