/** The chunk of the seccomp compiler. */
export { compileSeccomp } from "./seccomp/compile.ts";
