/** The life cycle's larger parts, loaded when a command needs them: state, kill and delete must not pay for them. */
import type * as CreateChunk from "../chunk-create.ts";
import type * as ExecChunk from "../chunk-exec.ts";

/** How the chunks are loaded, which depends on the host. */
export interface Loaders {
  create(): typeof CreateChunk;
  exec(): typeof ExecChunk;
}

let loaders: Loaders | undefined;

/** Set once by main. */
export function setLoaders(given: Loaders): void {
  loaders = given;
}

/** The loaders. */
export function load(): Loaders {
  if (loaders === undefined) throw new Error("no loaders were set");
  return loaders;
}
