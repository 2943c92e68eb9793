/** Freezing and thawing a container, to the end: kernel admin-guide/cgroup-v1/freezer-subsystem, cgroup-v2 "cgroup.freeze". */
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { monotonicMs } from "../kernel/clock.ts";
import { ENODEV, ENOENT, O_RDONLY, POLLPRI } from "../kernel/constants.ts";
import { close, openAt, poll, readAll, readText, writeFile } from "../kernel/file.ts";
import { parseProcessStat } from "../kernel/process.ts";
import { openProc, readProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import { twice } from "../shared/twice.ts";
import { allPids, openPlace } from "./group.ts";
import { type CgroupPlace, type CgroupRecord, placeOf } from "./path.ts";

/** How long all processes may take to stop, or to go on, milliseconds. */
const TIMEOUT_MS = 10_000;
/** v1: after this long a group is let go for a moment: one that forked meanwhile may stay half frozen (as runc). */
const RETRY_MS = 500;

/**
 * Freezes or thaws all processes of a container and waits until the kernel says that it is so. A freeze that does not come to its end is
 * undone.
 *
 * @param what the action and the container, for the line: `pause "x"`.
 * @throws RuntimeError when there is no freezer, or processes do not stop in time: it names them.
 */
export function freezeAndWait(kernel: Kernel, record: CgroupRecord, frozen: boolean, what: string): void {
  const place = placeOf(record, "freezer");
  if (place === undefined) throw noFreezer(what, "the freezer controller is not mounted");
  const fd = openPlace(kernel, place);
  if (fd === undefined) throw noFreezer(what, `the cgroup ${place.mountPoint}/${place.path} is gone`);
  try {
    const done = record.version === 2 ? unified(kernel, fd, frozen) : v1(kernel, fd, frozen);
    if (done) return;
    const late = lateProcesses(kernel, fd, record.version);
    if (frozen) twice(() => setState(kernel, fd, record.version, false));
    throw tooLate(what, frozen, place, late);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.errno === ENOENT) throw noFreezer(what, "this kernel has no cgroup.freeze, want Linux 5.2 or newer");
    throw error;
  } finally {
    close(kernel, fd);
  }
}

function setState(kernel: Kernel, fd: Fd, version: 1 | 2, frozen: boolean): void {
  if (version === 2) writeFile(kernel, fd, "cgroup.freeze", frozen ? "1" : "0");
  else writeFile(kernel, fd, "freezer.state", frozen ? "FROZEN" : "THAWED");
}

/** v2: cgroup.events tells by POLLPRI. False when the time is over. */
function unified(kernel: Kernel, fd: Fd, frozen: boolean): boolean {
  const end = monotonicMs(kernel) + TIMEOUT_MS;
  const wanted = `frozen ${frozen ? "1" : "0"}`;
  setState(kernel, fd, 2, frozen);
  for (;;) {
    // Opened anew each time: a read from the start is what arms the next event.
    const events = openAt(kernel, fd, "cgroup.events", O_RDONLY);
    try {
      const text = decode(readAll(kernel, events, 4096) ?? new Uint8Array(0));
      // Thawed ourselves, we stay frozen where a group above is: that is not ours to change.
      if (text.split("\n").includes(wanted) || !frozen) return true;
      const left = end - monotonicMs(kernel);
      if (left <= 0) return false;
      poll(kernel, [{ fd: events, events: POLLPRI }], Math.ceil(left));
    } finally {
      close(kernel, events);
    }
  }
}

/** v1: no event, so the state is read again and again. False when the time is over. */
function v1(kernel: Kernel, fd: Fd, frozen: boolean): boolean {
  const start = monotonicMs(kernel);
  let begun = start;
  setState(kernel, fd, 1, frozen);
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    const state = readText(kernel, fd, "freezer.state").trim();
    // A group below a frozen one stays frozen: that is not ours to change.
    if (!frozen || state === "FROZEN") return true;
    const now = monotonicMs(kernel);
    if (now - start > TIMEOUT_MS) return false;
    if (now - begun > RETRY_MS) {
      begun = now;
      setState(kernel, fd, 1, false);
      poll(kernel, [], 10);
    } else poll(kernel, [], pauseMs);
    // Each write takes those along that were forked since the last one.
    setState(kernel, fd, 1, true);
  }
}

/** Those that are not frozen: v1's freezer shows a frozen task as D, v2's as S, where D is one that the kernel has not let go. */
function lateProcesses(kernel: Kernel, fd: Fd, version: 1 | 2): string[] {
  const proc = openProc(kernel);
  const late: string[] = [];
  try {
    for (const pid of allPids(kernel, fd)) {
      const text = readProc(kernel, proc, `${pid}/stat`);
      if (text === undefined) continue;
      const { state } = parseProcessStat(text);
      if ((state === "D") === (version === 2)) late.push(`${pid} (state ${state})`);
    }
  } catch (error) {
    // Only for the line, and the group may be gone by now.
    if (!(error instanceof SyscallError) || (error.errno !== ENOENT && error.errno !== ENODEV)) throw error;
  } finally {
    close(kernel, proc);
  }
  return late;
}

function tooLate(what: string, frozen: boolean, place: CgroupPlace, late: readonly string[]): RuntimeError {
  const names = late.length === 0 ? "processes" : `process ${late.slice(0, 5).join(", ")}`;
  return new RuntimeError({
    what,
    problem: `unable to ${frozen ? "freeze" : "thaw"}: ${names} not ${frozen ? "frozen" : "thawed"} after ${TIMEOUT_MS / 1000} s${frozen ? ", thawed again" : ""}`,
    where: `${place.mountPoint}/${place.path}`,
  });
}

function noFreezer(what: string, problem: string): RuntimeError {
  return new RuntimeError({ what, problem, where: "cgroup", hint: "mount the freezer, or use cgroup v2" });
}
