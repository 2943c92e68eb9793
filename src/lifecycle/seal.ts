/**
 * exe.2 and exe.3: a process with CAP_SYS_ADMIN and no user namespace could make the read-only clone of our executable writable again if
 * any descriptor of it were left; for such a container we go on from a sealed copy in memory, before anything is made.
 */

import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  AT_EMPTY_PATH,
  EINVAL,
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  O_RDONLY,
  SYS_execveat,
  SYS_fchmod,
  SYS_fcntl,
  SYS_memfd_create,
  SYS_sendfile,
} from "../kernel/constants.ts";
import { openAt, readAll, stat } from "../kernel/file.ts";
import { stringTable } from "../kernel/process.ts";
import { openProc, openProcFile, selfName } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";

const SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/** Re-executes this program from a sealed memfd, unless it is one already: for containers that may undo a read-only mount. */
export function sealForAdmin(kernel: Kernel): void {
  const proc = openProc(kernel);
  const directory = selfName(kernel, proc);
  // A magic link, by its nature: it leads to our own executable.
  const self = openAt(kernel, proc, `${directory}/exe`, O_RDONLY);
  const seals = kernel.attempt(SYS_fcntl, self, F_GET_SEALS);
  if (seals >= 0 && (seals & SEALS) === SEALS) return;
  try {
    const copy = sealedCopy(kernel, self);
    const read = (name: string) => {
      const fd = openProcFile(kernel, proc, `${directory}/${name}`, O_RDONLY);
      return fd === undefined
        ? []
        : decode(readAll(kernel, fd, 1 << 24) ?? new Uint8Array(0))
            .split("\0")
            .slice(0, -1);
    };
    const argv = stringTable(kernel, read("cmdline"));
    const env = stringTable(kernel, read("environ"));
    const result = kernel.attempt(SYS_execveat, copy, "", argv.table, env.table, AT_EMPTY_PATH);
    throw kernel.failure(result, SYS_execveat, copy, "", argv.table, env.table, AT_EMPTY_PATH);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "protect own executable",
      problem: "a sealed copy could not be made or run, want one for a container with CAP_SYS_ADMIN",
      where: "config.json#/process/capabilities",
      step: "seal",
      call: error.call,
      errno: error.code,
    });
  }
}

function sealedCopy(kernel: Kernel, self: Fd): Fd {
  let copy = kernel.attempt(SYS_memfd_create, "ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  // Before Linux 6.3 every memfd is executable and the flag unknown.
  if (copy === -EINVAL) copy = kernel.call(SYS_memfd_create, "ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  else if (copy < 0)
    throw kernel.failure(copy, SYS_memfd_create, "ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  const { size } = stat(kernel, self);
  for (let sent = 0; sent < size; ) sent += kernel.call(SYS_sendfile, copy, self, 0, size - sent);
  kernel.call(SYS_fchmod, copy, 0o500);
  kernel.call(SYS_fcntl, copy, F_ADD_SEALS, SEALS);
  return copy as Fd;
}
