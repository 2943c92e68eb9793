/** The chunk of create and run. */

export { create } from "./lifecycle/create.ts";
export { run } from "./lifecycle/run.ts";
