/** The engine host: what native/engine/host.c gives, as it is. */
import type { Host } from "./host.ts";

/** The global object `native` that native/engine/main.c makes. */
export interface Native extends Host {
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
