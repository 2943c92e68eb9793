/** Larger commands, each loaded when it is called for: state, kill and delete must not pay for them. */
import type * as CreateChunk from "../chunk-create.ts";
import type * as CriuChunk from "../chunk-criu.ts";
import type * as EventsChunk from "../chunk-events.ts";
import type * as ExecChunk from "../chunk-exec.ts";
import type * as FeaturesChunk from "../chunk-features.ts";
import type * as ManageChunk from "../chunk-manage.ts";
import type * as SpecChunk from "../chunk-spec.ts";

/** What commands load. */
export interface CommandChunks {
  create(): typeof CreateChunk;
  criu(): typeof CriuChunk;
  exec(): typeof ExecChunk;
  events(): typeof EventsChunk;
  features(): typeof FeaturesChunk;
  manage(): typeof ManageChunk;
  spec(): typeof SpecChunk;
}

let chunks: CommandChunks | undefined;

/** Set once by main: how a chunk is loaded depends on the host. */
export function setChunks(given: CommandChunks): void {
  chunks = given;
}

function loaded(): CommandChunks {
  if (chunks === undefined) throw new Error("no loader was set");
  return chunks;
}

export const loadCreate = (): typeof CreateChunk => loaded().create();
export const loadCriu = (): typeof CriuChunk => loaded().criu();
export const loadExec = (): typeof ExecChunk => loaded().exec();
export const loadEvents = (): typeof EventsChunk => loaded().events();
export const loadFeatures = (): typeof FeaturesChunk => loaded().features();
export const loadManage = (): typeof ManageChunk => loaded().manage();
export const loadSpec = (): typeof SpecChunk => loaded().spec();
