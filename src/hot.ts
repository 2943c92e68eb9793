/**
 * The code of the commands that are called most. The build runs it once and keeps the heap as part of the executable (native/engine/heap.h), so
 * that a command finds it ready; all other chunks are bytecode, and are read when they are asked for.
 */
import { create, run } from "./chunk-create.ts";
import { exec } from "./chunk-exec.ts";
import { runInit } from "./chunk-init.ts";
import { runJoin } from "./chunk-join.ts";
import { compileSeccomp } from "./chunk-seccomp.ts";
import { validate } from "./config/generated/validate-config.js";

/** What native/engine/main.c calls: the words with the program's own name, and `NAME=value` strings. */
export type Start = (argv: readonly string[], env: readonly string[]) => void;

declare global {
  /** Exports of every chunk that was run, by name; a chunk of bytecode registers itself (native/pack.mjs). */
  var chunks: Record<string, unknown>;
  var start: Start;
}

/** Registers what is here, and the function that a process begins with. Nothing here may look at words, environment or kernel yet. */
export function keep(start: Start): void {
  globalThis.chunks = {
    "chunk-create": { create, run },
    "chunk-exec": { exec },
    "chunk-init": { runInit },
    "chunk-join": { runJoin },
    "chunk-seccomp": { compileSeccomp },
    "validate-config": { validate },
  };
  globalThis.start = start;
  // A key that a document chose must never change what all objects have (ts.1).
  Object.freeze(Object.prototype);
}
