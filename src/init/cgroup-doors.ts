/** v1: into the container's cgroups, by the doors that the parent has opened (cgroup/group.ts, openDoors). */
import type { Fd, Kernel } from "../kernel/call.ts";
import { SyscallError } from "../kernel/call.ts";
import { close, writeOnce } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";

/** A file that moves the process which writes 0 to it, and the directory that it belongs to, for messages. */
export interface Door {
  fd: Fd;
  path: string;
}

/** Goes through all and closes them: no descriptor of a cgroup enters the container (fd.4). */
export function enterCgroups(kernel: Kernel, doors: readonly Door[]): void {
  for (const { fd, path } of doors) {
    try {
      writeOnce(kernel, fd, "0");
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw doorRefused(path, error);
    }
    close(kernel, fd);
  }
}

/** The error of a door that does not open. */
export function doorRefused(path: string, error: SyscallError): RuntimeError {
  return new RuntimeError({
    what: `join cgroup ${path}`,
    problem: `${error.code}: the kernel refused the process`,
    where: "config.json#/linux/cgroupsPath",
    step: "cgroup",
    call: error.call,
    errno: error.code,
  });
}
