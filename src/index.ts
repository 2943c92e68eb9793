/**
 * The library's public surface, for Node programs, on the Node host: create, start, state, list, kill, pause, resume, ps (`processes`) and delete
 * as functions. All of it is synchronous.
 *
 *     import { create, deleteContainer, openRuntime, start } from "./build/node/index.mjs";
 *     const runtime = openRuntime({ root: "/run/ts-runc" });
 *     console.log(create(runtime, { id: "hello", bundle: "/srv/hello" }).status);
 *     start(runtime, "hello");
 *     deleteContainer(runtime, "hello", true);
 */

import { join, resolve } from "node:path";
import process from "node:process";
import * as resctrl from "./cgroup/resctrl.ts";
import { unknownInConfig } from "./chunk-diagnose.ts";
import { validate } from "./config/generated/validate-config.js";
import { addonPath, nodeHost } from "./host/node.ts";
import { runJoin } from "./init/join.ts";
import { runInit } from "./init/sequence.ts";
import { createKernel } from "./kernel/call.ts";
import { ARCH } from "./kernel/constants.ts";
import { describeCall } from "./kernel/decode.ts";
import { close } from "./kernel/file.ts";
import { type CreateOptions, create as createWith } from "./lifecycle/create.ts";
import { explainExec } from "./lifecycle/diagnose.ts";
import { preparesHidden } from "./lifecycle/exec-hidden.ts";
import { type ContainerState, state } from "./lifecycle/list.ts";
import { NetDevices } from "./lifecycle/net-devices.ts";
import * as notify from "./lifecycle/notify.ts";
import type { Runtime } from "./lifecycle/runtime.ts";
import * as seldom from "./lifecycle/seldom.ts";
import { compileSeccomp } from "./seccomp/compile.ts";

export { loadConfig } from "./config/load.ts";
export { deleteContainer } from "./lifecycle/delete.ts";
export { kill } from "./lifecycle/kill.ts";
export { type ContainerState, list, state } from "./lifecycle/list.ts";
export { pause, resume } from "./lifecycle/pause.ts";
export { processes } from "./lifecycle/ps.ts";
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
      netDevices: () => NetDevices,
      notify: () => notify,
      seldom: () => seldom,
      resctrl: () => resctrl,
      preparesHidden,
      compileSeccomp: (profile) => compileSeccomp(profile, ARCH),
      explainExec,
      runInit,
      runJoin,
      unknownInConfig,
    },
    initEntry: { path: process.execPath, argv: [process.execPath, "--v8-pool-size=0", script], env: [] },
    traceFd: undefined,
    env: new Map(),
    debug: undefined,
    warn: options.warn ?? (() => undefined),
  };
}

/** What a container is made from; what is left out is as on the command line. */
export type NewContainer = Pick<CreateOptions, "id" | "bundle"> & Partial<CreateOptions>;

/**
 * Creates a container; its process waits for `start`, and has the standard streams of this program unless `stdio`
 * names others.
 *
 * @param container `bundle` may be relative to the current folder.
 * @returns its state.
 * @throws RuntimeError, with nothing left behind.
 */
export function create(runtime: Runtime, container: NewContainer): ContainerState {
  const { directory, master } = createWith(runtime, {
    pidFile: undefined,
    consoleSocket: undefined,
    pidfdSocket: undefined,
    preserveFds: 0,
    noPivot: false,
    noNewKeyring: false,
    ownTerminal: false,
    stdio: [-1, -1, -1],
    ...container,
    bundle: resolve(container.bundle),
    config: container.config === undefined ? undefined : resolve(container.config),
  });
  directory.close();
  if (master !== undefined) close(runtime.kernel, master);
  return state(runtime, container.id);
}
