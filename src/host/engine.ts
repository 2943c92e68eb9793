/** The engine host: what native/engine/host.c gives, as it is. */
import type { Host } from "./host.ts";

/** The global object `native` that native/engine/main.c makes. */
export interface Native extends Host {
  /** Text of memory that is all ASCII; undefined for other (shared/text.ts). */
  text(memory: Uint8Array): string | undefined;
  /** UTF-8 of a text; a lone surrogate becomes the three bytes that encode it. */
  bytes(text: string): Uint8Array;
  /** Runs a chunk of bytecode, which registers its exports. */
  load(chunk: string): void;
}

declare global {
  var native: Native;
}

/** The engine host. */
export function engineHost(): Native {
  return globalThis.native;
}
