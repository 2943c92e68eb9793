/** The engine host's program: what is in hot.ts is there from the start, every other `chunk-*.ts` is loaded when a command needs it. */
import type * as CreateChunk from "./chunk-create.ts";
import type * as CriuChunk from "./chunk-criu.ts";
import type * as DiagnoseChunk from "./chunk-diagnose.ts";
import type * as EventsChunk from "./chunk-events.ts";
import type * as ExecChunk from "./chunk-exec.ts";
import type * as FeaturesChunk from "./chunk-features.ts";
import type * as HelpChunk from "./chunk-help.ts";
import type * as HiddenChunk from "./chunk-hidden.ts";
import type * as InitChunk from "./chunk-init.ts";
import type * as JoinChunk from "./chunk-join.ts";
import type * as ManageChunk from "./chunk-manage.ts";
import type * as NetChunk from "./chunk-net.ts";
import type * as NotifyChunk from "./chunk-notify.ts";
import type * as ResctrlChunk from "./chunk-resctrl.ts";
import type * as SeccompChunk from "./chunk-seccomp.ts";
import type * as SeldomChunk from "./chunk-seldom.ts";
import type * as SpecChunk from "./chunk-spec.ts";
import type * as TraceChunk from "./chunk-trace.ts";
import { COMMANDS } from "./cli/commands.ts";
import { indexCommands } from "./cli/parse.ts";
import type { ConfigValidator } from "./config/types.ts";
import type { Native } from "./host/engine.ts";
import type { Host } from "./host/host.ts";
import { SYS_exit_group } from "./kernel/constants.ts";
import { main, type ProgramChunks, runtimeChunks } from "./main.ts";

/** A chunk's exports; it is loaded the first time. */
function load<T>(name: string): T {
  if (globalThis.chunks[name] === undefined) globalThis.native.load(name);
  return globalThis.chunks[name] as T;
}

/** Made once, in the heap image: no process has to make these functions. */
const CHUNKS: ProgramChunks = {
  create: () => load<typeof CreateChunk>("chunk-create"),
  criu: () => load<typeof CriuChunk>("chunk-criu"),
  diagnose: () => load<typeof DiagnoseChunk>("chunk-diagnose"),
  exec: () => load<typeof ExecChunk>("chunk-exec"),
  events: () => load<typeof EventsChunk>("chunk-events"),
  help: () => load<typeof HelpChunk>("chunk-help"),
  hidden: () => load<typeof HiddenChunk>("chunk-hidden"),
  init: () => load<typeof InitChunk>("chunk-init"),
  join: () => load<typeof JoinChunk>("chunk-join"),
  features: () => load<typeof FeaturesChunk>("chunk-features"),
  manage: () => load<typeof ManageChunk>("chunk-manage"),
  net: () => load<typeof NetChunk>("chunk-net"),
  notify: () => load<typeof NotifyChunk>("chunk-notify"),
  resctrl: () => load<typeof ResctrlChunk>("chunk-resctrl"),
  seldom: () => load<typeof SeldomChunk>("chunk-seldom"),
  seccomp: () => load<typeof SeccompChunk>("chunk-seccomp"),
  spec: () => load<typeof SpecChunk>("chunk-spec"),
  trace: () => load<typeof TraceChunk>("chunk-trace"),
  validateConfig: () => load<{ validate: ConfigValidator }>("validate-config").validate,
};
const RUNTIME_CHUNKS = runtimeChunks(CHUNKS);
indexCommands(COMMANDS);

/** Runs the program on a host (the engine's own, or one that wraps it) and ends the process. */
export function runMain(native: Native, host: Host, words: readonly string[], env: readonly string[]): void {
  const program = { host, words, env, initEntry: undefined, chunks: CHUNKS, runtimeChunks: RUNTIME_CHUNKS };
  native.syscall(SYS_exit_group, main(program));
}
