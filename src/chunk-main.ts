/** The engine host's program: what is in hot.ts is there from the start, every other `chunk-*.ts` is loaded when a command needs it. */
import type * as CreateChunk from "./chunk-create.ts";
import type * as CriuChunk from "./chunk-criu.ts";
import type * as DiagnoseChunk from "./chunk-diagnose.ts";
import type * as EventsChunk from "./chunk-events.ts";
import type * as ExecChunk from "./chunk-exec.ts";
import type * as FeaturesChunk from "./chunk-features.ts";
import type * as HelpChunk from "./chunk-help.ts";
import type * as InitChunk from "./chunk-init.ts";
import type * as JoinChunk from "./chunk-join.ts";
import type * as ManageChunk from "./chunk-manage.ts";
import type * as NetChunk from "./chunk-net.ts";
import type * as ResctrlChunk from "./chunk-resctrl.ts";
import type * as SeccompChunk from "./chunk-seccomp.ts";
import type * as TraceChunk from "./chunk-trace.ts";
import type { ConfigValidator } from "./config/types.ts";
import type { Native } from "./host/engine.ts";
import type { Host } from "./host/host.ts";
import { SYS_exit_group } from "./kernel/constants.ts";
import { main } from "./main.ts";

/** Runs the program on a host (the engine's own, or one that wraps it) and ends the process. */
export function runMain(native: Native, host: Host, words: readonly string[], env: readonly string[]): void {
  function load<T>(name: string): T {
    if (globalThis.chunks[name] === undefined) native.load(name);
    return globalThis.chunks[name] as T;
  }
  const status = main({
    host,
    words,
    env,
    initEntry: undefined,
    chunks: {
      create: () => load<typeof CreateChunk>("chunk-create"),
      criu: () => load<typeof CriuChunk>("chunk-criu"),
      diagnose: () => load<typeof DiagnoseChunk>("chunk-diagnose"),
      exec: () => load<typeof ExecChunk>("chunk-exec"),
      events: () => load<typeof EventsChunk>("chunk-events"),
      help: () => load<typeof HelpChunk>("chunk-help"),
      init: () => load<typeof InitChunk>("chunk-init"),
      join: () => load<typeof JoinChunk>("chunk-join"),
      features: () => load<typeof FeaturesChunk>("chunk-features"),
      manage: () => load<typeof ManageChunk>("chunk-manage"),
      net: () => load<typeof NetChunk>("chunk-net"),
      resctrl: () => load<typeof ResctrlChunk>("chunk-resctrl"),
      seccomp: () => load<typeof SeccompChunk>("chunk-seccomp"),
      trace: () => load<typeof TraceChunk>("chunk-trace"),
      validateConfig: () => load<{ validate: ConfigValidator }>("validate-config").validate,
    },
  });
  native.syscall(SYS_exit_group, status);
}
