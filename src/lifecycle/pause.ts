/** pause and resume: all processes of a container stop, and go on. */
import { freezeAndWait } from "../cgroup/freezer.ts";
import { RuntimeError } from "../shared/error.ts";
import type { StateRecord } from "../state/record.ts";
import { statusOf } from "../state/status.ts";
import { withContainer, withLocked, wrongState } from "./container.ts";
import { NOT_RUNNING } from "./kill.ts";
import type { Runtime } from "./runtime.ts";

/** Text of runc for a resume of what is not paused (libcontainer/error.go). */
export const NOT_PAUSED = "container not paused";

/**
 * Freezes a container that is running or created; returns once all its processes stand still.
 *
 * @throws RuntimeError "container not running" in every other state.
 */
export function pause(runtime: Runtime, id: string): void {
  // Locked: a start that is going on would wait for a frozen init.
  withLocked(runtime, id, "pause", (directory) => {
    const record = directory.read();
    const { status } = statusOf(runtime.kernel, directory, record);
    if (status !== "running" && status !== "created") throw wrongState(`pause "${id}"`, NOT_RUNNING, status);
    change(runtime, record, true, `pause "${id}"`);
  });
}

/** Lets a paused container go on. @throws RuntimeError "container not paused" in every other state. */
export function resume(runtime: Runtime, id: string): void {
  // No lock: who holds it may be waiting for the container to go on.
  withContainer(runtime, id, "resume", (directory) => {
    const record = directory.read();
    const { status } = statusOf(runtime.kernel, directory, record);
    if (status !== "paused") throw wrongState(`resume "${id}"`, NOT_PAUSED, status);
    change(runtime, record, false, `resume "${id}"`);
  });
}

function change({ kernel }: Runtime, record: StateRecord, frozen: boolean, what: string): void {
  if (record.cgroup === null)
    throw new RuntimeError({ what, problem: "the container has no cgroup, want one with a freezer" });
  freezeAndWait(kernel, record.cgroup, frozen, what);
}
