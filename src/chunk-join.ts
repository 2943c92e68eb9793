/** The chunk of a process that joins a container: loaded in the child. */
export { runJoin } from "./init/join.ts";
