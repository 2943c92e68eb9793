/** Whether the kernel's OOM killer was at work in a container, as its memory controller counts it. */
import { type Kernel, SyscallError } from "../kernel/call.ts";
import { close, readText } from "../kernel/file.ts";
import { openPlace } from "./group.ts";
import { type CgroupRecord, placeOf } from "./path.ts";

/** How many processes of the container the OOM killer has ended; 0 also where nobody counts. */
export function oomKills(kernel: Kernel, record: CgroupRecord): number {
  const place = placeOf(record, "memory");
  try {
    const fd = place === undefined ? undefined : openPlace(kernel, place);
    if (fd === undefined) return 0;
    try {
      // v1 has the line since Linux 4.13.
      return oomKillCount(readText(kernel, fd, record.version === 2 ? "memory.events" : "memory.oom_control"));
    } finally {
      close(kernel, fd);
    }
  } catch (error) {
    // It only serves to explain another failure.
    if (error instanceof SyscallError) return 0;
    throw error;
  }
}

/** The count in memory.oom_control (v1) or memory.events (v2). */
export function oomKillCount(text: string): number {
  return Number(/^oom_kill ([0-9]+)$/m.exec(text)?.[1] ?? 0);
}
