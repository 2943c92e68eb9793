/** The chunk of create and run. */

export { runInit } from "./init/sequence.ts";
export { create } from "./lifecycle/create.ts";
export { run } from "./lifecycle/run.ts";
