/** The chunk of events: what a container has used, and OOM kills. */
export { streamEvents, writeStats } from "./lifecycle/events.ts";
