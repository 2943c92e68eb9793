/**
 * The library's public surface, for Node programs: the verbs of the command line as functions, on the Node host. All of it is synchronous.
 *
 *     import { openRuntime, state } from "ts-runc";
 *     const runtime = openRuntime({ root: "/run/ts-runc" });
 *     console.log(state(runtime, "hello").status);
 */

import { join } from "node:path";
import process from "node:process";
import { unknownInConfig } from "./chunk-diagnose.ts";
import { validate } from "./config/generated/validate-config.js";
import { addonPath, nodeHost } from "./host/node.ts";
import { runInit } from "./init/sequence.ts";
import { createKernel } from "./kernel/call.ts";
import { ARCH } from "./kernel/constants.ts";
import { describeCall } from "./kernel/decode.ts";
import { explainExec } from "./lifecycle/diagnose.ts";
import type { Runtime } from "./lifecycle/runtime.ts";
import { compileSeccomp } from "./seccomp/compile.ts";

export { loadConfig } from "./config/load.ts";
export { create } from "./lifecycle/create.ts";
export { deleteContainer } from "./lifecycle/delete.ts";
export { kill } from "./lifecycle/kill.ts";
export { list, state } from "./lifecycle/list.ts";
export type { Runtime } from "./lifecycle/runtime.ts";
export { start } from "./lifecycle/start.ts";
export { RuntimeError } from "./shared/error.ts";

/** Where state is kept, and what becomes of warnings. */
export interface RuntimeOptions {
  root?: string;
  warn?: (line: string) => void;
}

/** A runtime on the Node host. @throws Error when the addon is missing: run `npm run build`. */
export function openRuntime(options: RuntimeOptions = {}): Runtime {
  const script = join(addonPath(), "..", "ts-runc.mjs");
  return {
    kernel: createKernel(nodeHost(), describeCall),
    root: options.root ?? "/run/ts-runc",
    rootGiven: options.root !== undefined,
    chunks: {
      validateConfig: () => validate,
      compileSeccomp: (profile) => compileSeccomp(profile, ARCH),
      explainExec,
      runInit,
      unknownInConfig,
    },
    initEntry: { path: process.execPath, argv: [process.execPath, "--v8-pool-size=0", script], env: [] },
    traceFd: undefined,
    env: new Map(),
    debug: undefined,
    warn: options.warn ?? (() => undefined),
  };
}
