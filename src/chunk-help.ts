/** The chunk of commander: help, usage errors, completion. */
export { answer } from "./cli/help.ts";
