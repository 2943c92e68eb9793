/** Reads what a container's cgroups say of its use. */
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { O_DIRECTORY, O_RDONLY } from "../kernel/constants.ts";
import { close, listDirectory, openAt, readText } from "../kernel/file.ts";
import { openPlace } from "./group.ts";
import { type CgroupRecord, placeOf } from "./path.ts";
import { keyedNumbers, numberOf, type StatFiles, type Stats } from "./stats.ts";
import { v1Stats } from "./stats-v1.ts";
import { v2Stats } from "./stats-v2.ts";

/** Reads everything once. */
export function readStats(kernel: Kernel, record: CgroupRecord): Stats {
  const fds = new Map<string, Fd | undefined>();
  const directory = (controller: string): Fd | undefined => {
    const place = placeOf(record, controller);
    const key = place?.mountPoint ?? "";
    if (place !== undefined && !fds.has(key)) fds.set(key, openPlace(kernel, place));
    return fds.get(key);
  };
  const text = (controller: string, file: string): string | undefined => {
    const fd = directory(controller);
    if (fd === undefined) return undefined;
    try {
      return readText(kernel, fd, file).trim();
    } catch (error) {
      // Absent on this kernel, or the container has just gone: there is nothing to report then.
      if (error instanceof SyscallError) return undefined;
      throw error;
    }
  };
  const files: StatFiles = {
    text,
    number: (controller, file) => numberOf(text(controller, file)),
    keyed: (controller, file) => keyedNumbers(text(controller, file) ?? ""),
    names: (controller) => {
      const fd = directory(controller);
      return fd === undefined ? [] : fileNames(kernel, fd);
    },
  };
  try {
    return record.version === 1 ? v1Stats(files) : v2Stats(files);
  } finally {
    for (const fd of fds.values()) if (fd !== undefined) close(kernel, fd);
  }
}

function fileNames(kernel: Kernel, directory: Fd): string[] {
  const readable = openAt(kernel, directory, ".", O_RDONLY | O_DIRECTORY);
  try {
    return listDirectory(kernel, readable);
  } finally {
    close(kernel, readable);
  }
}
