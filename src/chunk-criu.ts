/** The chunk of checkpoint and restore. */
export { runCheckpoint, runRestore } from "./cli/checkpoint-run.ts";
