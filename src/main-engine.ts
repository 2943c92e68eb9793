/**
 * Entry of the product. Only what every process needs is here, which is a few lines: the rest is bytecode that costs to be read, and `--version`
 * alone is asked for often enough (moby, crictl) not to read it.
 */

import type * as Engine from "./chunk-main.ts";
import { engineHost, type Native } from "./host/engine.ts";
import { SYS_exit_group, SYS_write } from "./kernel/constants.ts";
import { VERSION_TEXT } from "./version.ts";

declare global {
  /** Exports of every chunk that was run, by name; each chunk registers itself (native/pack.mjs). */
  var chunks: Record<string, unknown>;
}

const native: Native = engineHost();
const [, word = ""] = native.argv;

if (native.argv.length === 2 && (word === "--version" || word === "-v")) {
  const line = `${VERSION_TEXT}\n`;
  native.syscall(SYS_exit_group, native.syscall(SYS_write, 1, line, line.length) === line.length ? 0 : 1);
}
if (globalThis.chunks["chunk-main"] === undefined) native.load("chunk-main");
(globalThis.chunks["chunk-main"] as typeof Engine).runMain(native);
