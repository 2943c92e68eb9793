/** Descriptors that a caller hands on to the process: --preserve-fds, LISTEN_FDS. */
import type { Kernel } from "../kernel/call.ts";
import { RLIMIT_NOFILE, SYS_getpid } from "../kernel/constants.ts";
import { isOpen } from "../kernel/file.ts";
import { getLimit } from "../kernel/limits.ts";
import { RuntimeError } from "../shared/error.ts";
import type { Runtime } from "./runtime.ts";

/** LISTEN_FDS counts only when LISTEN_PID is us (sd_listen_fds(3), fd.6). */
export function countListenFds(runtime: Runtime): number {
  const count = runtime.env.get("LISTEN_FDS");
  const pid = runtime.env.get("LISTEN_PID");
  if (count === undefined || pid === undefined || !/^[0-9]{1,4}$/.test(count)) return 0;
  return pid === String(runtime.kernel.call(SYS_getpid)) ? Number(count) : 0;
}

/** What came over execve is not close-on-exec, and all of ours is: so none of ours can be taken for one of the caller's. Node marks both. */
export function checkPreserved(kernel: Kernel, preserved: number, marked: boolean): void {
  if (preserved > Number(getLimit(kernel, RLIMIT_NOFILE).soft) - 16) {
    throw new RuntimeError({
      what: "preserve descriptors",
      problem: `found ${preserved}, want a count below RLIMIT_NOFILE`,
      where: "--preserve-fds",
    });
  }
  for (let fd = 3; fd < 3 + preserved; fd++) {
    if (isOpen(kernel, fd, marked)) continue;
    throw new RuntimeError({
      what: "preserve descriptors",
      problem: `descriptor ${fd} is not open, want 3 to ${2 + preserved} open`,
      where: "--preserve-fds",
    });
  }
}
