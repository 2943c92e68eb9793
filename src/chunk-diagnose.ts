/** The chunk that explains: words for calls, causes of a failing execve, properties that nobody knows. */
import { properties } from "./config/generated/properties.js";
import { unknownProperties } from "./config/unknown-properties.ts";

export { describeCall, describeResult } from "./kernel/decode.ts";
export { explainExec } from "./lifecycle/diagnose.ts";

/** Pointers of the properties of a config that runtime-spec 1.3 does not have for Linux. */
export function unknownInConfig(config: unknown): string[] {
  return unknownProperties(config, properties);
}
