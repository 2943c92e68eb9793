/** Entry of the Node host: the same program, with init executed anew. Not hardened (DESIGN section 1). */
import process from "node:process";
import { receive } from "./channel/link.ts";
import * as createChunk from "./chunk-create.ts";
import * as criuChunk from "./chunk-criu.ts";
import * as diagnoseChunk from "./chunk-diagnose.ts";
import * as eventsChunk from "./chunk-events.ts";
import * as execChunk from "./chunk-exec.ts";
import * as featuresChunk from "./chunk-features.ts";
import * as helpChunk from "./chunk-help.ts";
import * as hiddenChunk from "./chunk-hidden.ts";
import * as manageChunk from "./chunk-manage.ts";
import * as netChunk from "./chunk-net.ts";
import * as notifyChunk from "./chunk-notify.ts";
import * as resctrlChunk from "./chunk-resctrl.ts";
import * as seccompChunk from "./chunk-seccomp.ts";
import * as seldomChunk from "./chunk-seldom.ts";
import * as specChunk from "./chunk-spec.ts";
import * as traceChunk from "./chunk-trace.ts";
import { validate } from "./config/generated/validate-config.js";
import { nodeHost } from "./host/node.ts";
import { runJoin } from "./init/join.ts";
import { runInit } from "./init/sequence.ts";
import { createKernel, type Fd } from "./kernel/call.ts";
import { exit } from "./kernel/process.ts";
import { main, type ProgramChunks, runtimeChunks } from "./main.ts";

const host = nodeHost();
const script = process.argv[1] ?? "";
const words = process.argv.slice(2);
const env = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ""}`);

/** The second half of a container's init: the plan comes over the channel, whose descriptor is the last word. */
function initMain(link: Fd): never {
  const kernel = createKernel(host, diagnoseChunk.describeCall);
  const received = receive(kernel, link);
  const message = received?.message;
  if (message?.type !== "plan" && message?.type !== "join") return exit(kernel, 1);
  const { filter } = message;
  const bytes = message.plan.hasSeccomp ? Uint8Array.from(filter, (character) => character.charCodeAt(0)) : undefined;
  return message.type === "plan"
    ? runInit(kernel, { plan: message.plan, filter: bytes, link, awaitGo: false, doors: [], tell: undefined })
    : runJoin(kernel, { plan: message.plan, filter: bytes, link, tell: undefined, doors: [] });
}

if (words[0] === "init" && words.length === 2) initMain(Number(words[1]) as Fd);

const chunks: ProgramChunks = {
  create: () => createChunk,
  criu: () => criuChunk,
  init: () => ({ runInit }),
  join: () => ({ runJoin }),
  exec: () => execChunk,
  diagnose: () => diagnoseChunk,
  events: () => eventsChunk,
  features: () => featuresChunk,
  help: () => helpChunk,
  hidden: () => hiddenChunk,
  manage: () => manageChunk,
  net: () => netChunk,
  notify: () => notifyChunk,
  resctrl: () => resctrlChunk,
  seldom: () => seldomChunk,
  seccomp: () => seccompChunk,
  spec: () => specChunk,
  trace: () => traceChunk,
  validateConfig: () => validate,
};

const status = main({
  host,
  words,
  env,
  // The environment of init must not hold ours: a process that looks into "created" would read it.
  initEntry: { path: process.execPath, argv: [process.execPath, "--v8-pool-size=0", script], env: [] },
  chunks,
  runtimeChunks: runtimeChunks(chunks),
});
exit(createKernel(host, diagnoseChunk.describeCall), status);
