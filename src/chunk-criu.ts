/** The chunk of checkpoint and restore. */
export { checkpoint } from "./lifecycle/checkpoint.ts";
export { restore } from "./lifecycle/restore.ts";
