/** The chunk that explains failures: words for calls, causes of a failing execve. */
export { describeCall, describeResult } from "./kernel/decode.ts";
export { explainExec } from "./lifecycle/diagnose.ts";
