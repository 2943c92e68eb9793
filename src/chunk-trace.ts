/** The chunk of the tracing host. */
export { openTrace } from "./cli/trace.ts";
export { traceHost } from "./host/trace.ts";
