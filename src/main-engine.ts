/** Entry of the product: the engine host, chunks of bytecode. The build makes one chunk of each `chunk-*.ts`. */
import type * as CreateChunk from "./chunk-create.ts";
import type * as DiagnoseChunk from "./chunk-diagnose.ts";
import type * as HelpChunk from "./chunk-help.ts";
import type * as SeccompChunk from "./chunk-seccomp.ts";
import type * as TraceChunk from "./chunk-trace.ts";
import type { ConfigValidator } from "./config/types.ts";
import { engineHost } from "./host/engine.ts";
import { SYS_exit_group } from "./kernel/constants.ts";
import { main } from "./main.ts";

/** Exports of every chunk that was run, by name; each chunk registers itself (native/pack.mjs). */
declare global {
  var chunks: Record<string, unknown>;
}

const native = engineHost();

function load<T>(name: string): T {
  if (globalThis.chunks[name] === undefined) native.load(name);
  return globalThis.chunks[name] as T;
}

const status = main({
  host: native,
  words: native.argv.slice(1),
  env: native.env,
  initEntry: undefined,
  chunks: {
    create: () => load<typeof CreateChunk>("chunk-create"),
    diagnose: () => load<typeof DiagnoseChunk>("chunk-diagnose"),
    help: () => load<typeof HelpChunk>("chunk-help"),
    seccomp: () => load<typeof SeccompChunk>("chunk-seccomp"),
    trace: () => load<typeof TraceChunk>("chunk-trace"),
    validateConfig: () => load<{ validate: ConfigValidator }>("validate-config").validate,
  },
});
native.syscall(SYS_exit_group, status);
