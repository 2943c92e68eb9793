/** The chunk of init: loaded in the child, while the parent still joins cgroups. */
export { runInit } from "./init/sequence.ts";
