/** The state as hooks get it on stdin. */
import type { StateRecord } from "../state/record.ts";

/** The state as hooks get it on stdin, runtime-spec runtime.md#state. */
export function stateForHooks(record: StateRecord, status = "creating", pid = 0): string {
  const annotations = record.annotations.length === 0 ? {} : { annotations: fromEntries(record.annotations) };
  return JSON.stringify({
    ociVersion: record.ociVersion,
    id: record.id,
    status,
    pid,
    bundle: record.bundle,
    ...annotations,
  });
}

/** An object with keys that a document chose: no prototype to change (ts.1). */
function fromEntries(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const object = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) object[key] = value;
  return object;
}
