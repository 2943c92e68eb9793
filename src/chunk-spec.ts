/** The chunk of spec, which people call and managers do not. */
export { runSpec } from "./cli/spec-run.ts";
