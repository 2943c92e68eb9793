/** delete: removes what create made (runtime-spec runtime.md#delete). It may be repeated, and starts from any state that a crash left. */
import { removeCgroup, signalCgroup } from "../cgroup/group.ts";
import { runHooks } from "../hook/run.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import { POLLIN, SIGKILL } from "../kernel/constants.ts";
import { close, poll } from "../kernel/file.ts";
import { signalPidfd } from "../kernel/process.ts";
import { openProc } from "../kernel/procfs.ts";
import { partsOf, RuntimeError } from "../shared/error.ts";
import type { StateRecord } from "../state/record.ts";
import { openInit, statusOf } from "../state/status.ts";
import { type ContainerDirectory, DOES_NOT_EXIST } from "../state/store.ts";
import { openIfThere } from "./container.ts";
import { stateForHooks } from "./hook-state.ts";
import type { Runtime } from "./runtime.ts";

/** How long init may take to end after SIGKILL, milliseconds (runc: 100 × 100 ms). */
const KILL_TIMEOUT_MS = 10_000;

/**
 * Deletes a container that is stopped, or created; with `force` one in any state, and one that is not there.
 *
 * @throws RuntimeError that says what is left; it may be called again.
 */
export function deleteContainer(runtime: Runtime, id: string, force: boolean): void {
  const directory = openIfThere(runtime, id);
  if (directory === undefined) {
    if (force) return;
    throw new RuntimeError({ what: `delete "${id}"`, problem: DOES_NOT_EXIST });
  }
  try {
    if (force) killLocked(runtime.kernel, directory);
    directory.lock();
    const record = readRecord(directory, force);
    if (record !== undefined) {
      stop(runtime, directory, record, force);
      removeOpen(runtime, directory, record);
    } else directory.remove();
  } finally {
    directory.close();
  }
}

/** Who holds the lock (a create that goes on, a start that waits for an init that was stopped) gives up when init is gone. */
function killLocked(kernel: Kernel, directory: ContainerDirectory): void {
  if (!directory.isLocked()) return;
  try {
    const record = directory.read();
    const proc = openProc(kernel);
    const pidfd = openInit(kernel, proc, record);
    close(kernel, proc);
    if (pidfd === undefined) return;
    signalPidfd(kernel, pidfd, SIGKILL);
    close(kernel, pidfd);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
  }
}

/**
 * Undefined where only the directory is left: the record is the first thing that create writes and the last that delete removes, so with the
 * lock held there is nothing else. One that is damaged is no obstacle to force: only the directory is ours for sure.
 */
function readRecord(directory: ContainerDirectory, force: boolean): StateRecord | undefined {
  try {
    return directory.readIfPresent();
  } catch (error) {
    if (force) return undefined;
    throw error;
  }
}

/** Ends init, if the state allows it. */
function stop(runtime: Runtime, directory: ContainerDirectory, record: StateRecord, force: boolean): void {
  const { kernel } = runtime;
  const proc = openProc(kernel);
  const pidfd = openInit(kernel, proc, record);
  close(kernel, proc);
  if (pidfd === undefined) {
    // Init is gone; without a pid namespace of its own others may have stayed.
    if (force && record.cgroup !== null) signalCgroup(kernel, record.cgroup, SIGKILL);
    return;
  }
  if (!force) {
    const { status } = record.creating ? { status: "creating" as const } : statusOf(kernel, directory, record);
    if (status === "creating")
      throw new RuntimeError({
        what: `delete "${record.id}"`,
        problem: "the container is being created, want it created or stopped",
        hint: "delete --force",
      });
    if (status !== "created")
      throw new RuntimeError({
        what: `delete "${record.id}"`,
        problem: `cannot delete container ${record.id} that is not stopped: ${status}`,
        hint: "kill it first, or delete --force",
      });
  }
  killAndWait(kernel, record, pidfd);
  close(kernel, pidfd);
}

function killAndWait(kernel: Kernel, record: StateRecord, pidfd: Fd): void {
  signalPidfd(kernel, pidfd, SIGKILL);
  // Also thaws what is frozen, and reaches those that do not end with init.
  if (record.cgroup !== null) signalCgroup(kernel, record.cgroup, SIGKILL);
  const events = poll(kernel, [{ fd: pidfd, events: POLLIN }], KILL_TIMEOUT_MS);
  if ((events[0] ?? 0) !== 0) return;
  throw new RuntimeError({
    what: `delete "${record.id}"`,
    problem: `process ${record.pid} has not ended ${KILL_TIMEOUT_MS / 1000} s after SIGKILL; state kept`,
    hint: "call delete again",
  });
}

/** Removes cgroup and state, then runs the poststop hooks. */
export function removeOpen(runtime: Runtime, directory: ContainerDirectory, record: StateRecord): void {
  if (record.cgroup !== null) {
    // Without a pid namespace of its own init's end has not taken the others along (runc ends them here as well).
    if (!record.ownPids) signalCgroup(runtime.kernel, record.cgroup, SIGKILL);
    removeCgroup(runtime.kernel, record.cgroup);
  }
  if (record.resctrl !== undefined) runtime.chunks.resctrl().removeResctrl(runtime.kernel, record.resctrl);
  directory.remove();
  runPoststop(runtime, record);
}

/** poststop hooks: a failing one is a warning, and the others still run (runtime-spec runtime.md#lifecycle). */
export function runPoststop(runtime: Runtime, record: StateRecord): void {
  for (const hook of record.poststop) {
    try {
      runHooks(runtime.kernel, [hook], { state: stateForHooks(record, "stopped", 0), directory: record.bundle });
    } catch (error) {
      const parts = partsOf(error);
      runtime.warn(`${parts.what}: ${parts.problem}`);
    }
  }
}
