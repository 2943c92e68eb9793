/** The chunk of the tracing host. */
export { traceHost } from "./host/trace.ts";
