/** From the record and the kernel to one word: creating, created, running, paused, stopped. */
import { isFrozen } from "../cgroup/group.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { PF_FORKNOEXEC } from "../kernel/constants.ts";
import { close } from "../kernel/file.ts";
import { openPid, type ProcessStat, parseProcessStat } from "../kernel/process.ts";
import { openProc, type Procfs, readProc } from "../kernel/procfs.ts";
import type { RecordHead, StateRecord } from "./record.ts";
import type { ContainerDirectory } from "./store.ts";

export type Status = "creating" | "created" | "running" | "paused" | "stopped";

/** No process outlives a boot, so each asks once. */
const bootIds = new WeakMap<Kernel, string>();

/** boot_id: differs after each boot, so that a record of an earlier one cannot name a process of this one. */
export function readBootId(kernel: Kernel, proc: Procfs): string {
  const known = bootIds.get(kernel);
  if (known !== undefined) return known;
  const id = (readProc(kernel, proc, "sys/kernel/random/boot_id", MAX_STAT, true) ?? "").trim();
  bootIds.set(kernel, id);
  return id;
}

/** More than /proc/PID/stat ever holds, bytes; a buffer that is a page. */
const MAX_STAT = 4095;

/** State of the recorded init; undefined when it is gone, a zombie, or its pid is somebody else's now (state.3). */
export function statInit(kernel: Kernel, proc: Procfs, record: RecordHead): ProcessStat | undefined {
  if (record.pid === 0) return undefined;
  const text = readProc(kernel, proc, `${record.pid}/stat`, MAX_STAT, true);
  if (text === undefined) return undefined;
  const found = parseProcessStat(text);
  if (found.startTime !== record.startTime || found.state === "Z" || found.state === "X") return undefined;
  // The start time counts from boot: only with another boot id could it match by chance, after a reboot within the same tick.
  return record.bootId === readBootId(kernel, proc) ? found : undefined;
}

/** A pidfd of init that is surely init's: its start time is compared after the pidfd is open (state.3). */
export function openInit(kernel: Kernel, proc: Procfs, record: StateRecord): Fd | undefined {
  return openLiving(kernel, proc, record)?.pidfd;
}

/** As openInit, with what was compared. */
export function openLiving(
  kernel: Kernel,
  proc: Procfs,
  record: StateRecord,
): { pidfd: Fd; found: ProcessStat } | undefined {
  if (record.pid === 0) return undefined;
  const pidfd = openPid(kernel, record.pid as Pid);
  if (pidfd === undefined) return undefined;
  const found = statInit(kernel, proc, record);
  return found === undefined ? undefined : { pidfd, found };
}

/**
 * The status, and pid as `state` shows it: 0 when stopped.
 *
 * @param given the host's procfs, for a caller that asks for many; it stays open.
 */
export function statusOf(
  kernel: Kernel,
  directory: ContainerDirectory,
  record: StateRecord,
  given?: Procfs,
): { status: Status; pid: number } {
  const proc = given ?? openProc(kernel);
  const found = statInit(kernel, proc, record);
  if (given === undefined) close(kernel, proc);
  if (record.creating)
    return {
      status: found === undefined && !directory.isLocked() ? "stopped" : "creating",
      pid: found === undefined ? 0 : record.pid,
    };
  if (found === undefined) return { status: "stopped", pid: 0 };
  if (record.cgroup !== null && isFrozen(kernel, record.cgroup)) return { status: "paused", pid: record.pid };
  return { status: isWaiting(directory, record, found) ? "created" : "running", pid: record.pid };
}

/**
 * Whether init still waits for start: the fifo is there, and it has not executed the user's program. The second is asked because a
 * start that was killed may have left the fifo.
 */
export function isWaiting(directory: ContainerDirectory, record: StateRecord, found: ProcessStat): boolean {
  if (!record.initExecuted && (found.flags & PF_FORKNOEXEC) === 0) return false;
  return directory.hasFifo();
}
