/** events: what a container uses, at intervals, and each time the OOM killer was at work; one JSON object a line. */
import { watchOom } from "../cgroup/oom-watch.ts";
import type { CgroupRecord } from "../cgroup/path.ts";
import { readStats } from "../cgroup/read-stats.ts";
import { statsJson } from "../cgroup/stats.ts";
import type { Fd } from "../kernel/call.ts";
import { monotonicMs } from "../kernel/clock.ts";
import { POLLIN } from "../kernel/constants.ts";
import { close, poll } from "../kernel/file.ts";
import { openProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { openInit, statusOf } from "../state/status.ts";
import { withContainer, wrongState } from "./container.ts";
import { NOT_RUNNING } from "./kill.ts";
import type { Runtime } from "./runtime.ts";

/** Takes a line with its end; false: nobody reads any more. */
export type TakeLine = (line: string) => boolean;

/** One event of type stats. @throws RuntimeError "container not running". */
export function writeStats(runtime: Runtime, id: string, take: TakeLine): void {
  const { cgroup, init } = openRunning(runtime, id);
  close(runtime.kernel, init);
  take(statsLine(runtime, id, cgroup));
}

/**
 * Events until the container's first process has ended, or nobody reads them.
 *
 * @param intervalMs between two of type stats.
 */
export function streamEvents(runtime: Runtime, id: string, intervalMs: number, take: TakeLine): void {
  const { kernel } = runtime;
  const { cgroup, init } = openRunning(runtime, id);
  const oom = watchOom(kernel, cgroup);
  const oomFd = oom?.fd ?? (-1 as Fd);
  const takeOom = (): boolean => {
    for (let count = oom?.take() ?? 0; count > 0; count--)
      if (!take(`${statsJson({ type: "oom", id })}\n`)) return false;
    return true;
  };
  try {
    let next = monotonicMs(kernel) + intervalMs;
    for (let ended = false; !ended; ) {
      const left = Math.max(0, next - monotonicMs(kernel));
      const what = [
        { fd: oomFd, events: oom?.events ?? 0 },
        { fd: init, events: POLLIN },
      ];
      const [, ofInit = 0] = poll(kernel, what, Math.ceil(left));
      ended = ofInit !== 0;
      // The kill that ended it may have come with it.
      if (!takeOom()) return;
      if (ended || monotonicMs(kernel) < next) continue;
      if (!take(statsLine(runtime, id, cgroup))) return;
      next += intervalMs;
    }
  } finally {
    for (const fd of [oomFd, init]) if (fd >= 0) close(kernel, fd);
  }
}

function openRunning(runtime: Runtime, id: string): { cgroup: CgroupRecord; init: Fd } {
  const { kernel } = runtime;
  const what = `events "${id}"`;
  const { record, status } = withContainer(runtime, id, "events", (directory) => {
    const found = directory.read();
    return { record: found, status: statusOf(kernel, directory, found).status };
  });
  const proc = openProc(kernel);
  const init = status === "stopped" ? undefined : openInit(kernel, proc, record);
  close(kernel, proc);
  if (init === undefined) throw wrongState(what, NOT_RUNNING, "stopped");
  if (record.cgroup === null) {
    close(kernel, init);
    throw new RuntimeError({ what, problem: "the container has no cgroup, want one to read" });
  }
  return { cgroup: record.cgroup, init };
}

function statsLine({ kernel }: Runtime, id: string, cgroup: CgroupRecord): string {
  return `${statsJson({ type: "stats", id, data: readStats(kernel, cgroup) })}\n`;
}
