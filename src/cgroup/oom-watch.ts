/** Waiting for the OOM killer: an eventfd on v1 (cgroup-v1/memory.rst section 9), memory.events on v2. */
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  O_RDONLY,
  POLLIN,
  POLLPRI,
  SYS_eventfd2,
  SYS_lseek,
  SYS_read,
} from "../kernel/constants.ts";
import { close, openAt, openIfPresent, readAll, writeFile } from "../kernel/file.ts";
import { getU64, viewOf } from "../shared/bytes.ts";
import { decode } from "../shared/text.ts";
import { openPlace } from "./group.ts";
import { oomKillCount } from "./oom.ts";
import { type CgroupRecord, placeOf } from "./path.ts";

/** A descriptor that says when there is something to ask for. */
export interface OomWatch {
  fd: Fd;
  /** What to poll it for. */
  events: number;
  /** How many events there were since the last time. */
  take(): number;
}

/** Begins to watch; undefined where the container has no memory controller. */
export function watchOom(kernel: Kernel, record: CgroupRecord): OomWatch | undefined {
  const place = placeOf(record, "memory");
  const directory = place === undefined ? undefined : openPlace(kernel, place);
  if (directory === undefined) return undefined;
  try {
    return record.version === 1 ? watchV1(kernel, directory) : watchV2(kernel, directory);
  } finally {
    close(kernel, directory);
  }
}

function watchV1(kernel: Kernel, directory: Fd): OomWatch {
  const fd = kernel.call(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK) as Fd;
  const control = openAt(kernel, directory, "memory.oom_control", O_RDONLY);
  writeFile(kernel, directory, "cgroup.event_control", `${fd} ${control}`);
  close(kernel, control);
  const take = (): number => {
    const counter = new Uint8Array(8);
    // EAGAIN: nothing has happened.
    return kernel.attempt(SYS_read, fd, counter, 8) === 8 ? getU64(viewOf(counter), 0) : 0;
  };
  return { fd, events: POLLIN, take };
}

function watchV2(kernel: Kernel, directory: Fd): OomWatch | undefined {
  const fd = openIfPresent(kernel, directory, "memory.events", O_RDONLY);
  if (fd === undefined) return undefined;
  // From the start each time, on the one descriptor: that is what arms its next event.
  const read = (): number => {
    kernel.call(SYS_lseek, fd, 0, 0);
    return oomKillCount(decode(readAll(kernel, fd, 4096) ?? new Uint8Array(0)));
  };
  let last = read();
  const take = (): number => {
    const now = readIfThere(read, last);
    const more = Math.max(0, now - last);
    last = now;
    return more;
  };
  return { fd, events: POLLPRI, take };
}

/** ENODEV: the container has just been deleted, and with it the file. */
function readIfThere(read: () => number, last: number): number {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyscallError) return last;
    throw error;
  }
}
