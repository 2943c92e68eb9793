/** kill: a signal to init, or to all processes of the container. */
import { isFrozen, signalCgroup } from "../cgroup/group.ts";
import { SIGKILL } from "../kernel/constants.ts";
import { close } from "../kernel/file.ts";
import { signalPidfd } from "../kernel/process.ts";
import { openProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { openInit } from "../state/status.ts";
import { withContainer } from "./container.ts";
import type { Runtime } from "./runtime.ts";

/** Text for a container that has ended (containerd's checkKillError, cri-o). */
export const NOT_RUNNING = "container not running";

/**
 * Sends `signal`. With `all`, or SIGKILL where init's end does not take the others along (no pid namespace of its own), it goes to every
 * process in the cgroup.
 *
 * @param signal its number, 0 to 64; 0 only asks.
 * @throws RuntimeError "container not running", "container does not exist".
 */
export function kill(runtime: Runtime, id: string, signal: number, all: boolean): void {
  const { kernel } = runtime;
  const record = withContainer(runtime, id, "kill", (directory) => directory.read());
  const proc = openProc(kernel);
  const pidfd = openInit(kernel, proc, record);
  close(kernel, proc);
  const everyone = all || (signal === SIGKILL && !record.ownPids);
  if (everyone && record.cgroup !== null) signalCgroup(kernel, record.cgroup, signal);
  const reached = pidfd !== undefined && ((everyone && record.cgroup !== null) || signalPidfd(kernel, pidfd, signal));
  if (pidfd !== undefined) close(kernel, pidfd);
  // All of a stopped container is nobody: done (runc; the shim cleans up so).
  if (!reached && !all) throw new RuntimeError({ what: `kill "${id}"`, problem: NOT_RUNNING });
  // A frozen process of v1 takes SIGKILL only once it is thawed.
  if (reached && !everyone && signal === SIGKILL && record.cgroup?.version === 1 && isFrozen(kernel, record.cgroup)) {
    signalCgroup(kernel, record.cgroup, SIGKILL);
  }
}
