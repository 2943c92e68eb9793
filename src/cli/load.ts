/** The life cycle's larger half, loaded when create or run need it: state, kill and delete must not pay for it. */
import type * as CreateChunk from "../chunk-create.ts";

let load: (() => typeof CreateChunk) | undefined;

/** Set once by main: how the chunk is loaded depends on the host. */
export function setCreateLoader(loader: () => typeof CreateChunk): void {
  load = loader;
}

/** The chunk. */
export function loadCreate(): typeof CreateChunk {
  if (load === undefined) throw new Error("no loader was set");
  return load();
}
