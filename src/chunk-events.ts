/** The chunk of events: what a container has used, and OOM kills. */
export { runEvents } from "./cli/events-run.ts";
