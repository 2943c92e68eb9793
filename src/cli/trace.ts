/** --trace FILE and TSRUNC_TRACE=DIR: puts the tracing host between the kernel layer and the real one. */
import type * as DiagnoseChunk from "../chunk-diagnose.ts";
import type * as TraceChunk from "../chunk-trace.ts";
import { AT_CWD, createKernel, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  SYS_clock_gettime,
  SYS_clone3,
  SYS_getpid,
  SYS_write,
} from "../kernel/constants.ts";
import { close, dupAbove, openAt, stat } from "../kernel/file.ts";
import { effectiveUid } from "../kernel/identity.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { encode } from "../shared/text.ts";

/** Above what a caller may preserve in practice, so that numbers stay free for the container's. */
const TRACE_FD = 1000;

/**
 * A kernel whose every call is written down, and the file.
 *
 * @param given a file, or a folder for one of each process.
 */
export function openTrace(
  kernel: Kernel,
  given: { file: string | undefined; folder: string | undefined },
  chunks: { trace(): typeof TraceChunk; diagnose(): typeof DiagnoseChunk },
): { kernel: Kernel; file: Fd } {
  const { file, folder = "" } = given;
  const path = file ?? inFolder(kernel, folder);
  const where = file === undefined ? `TSRUNC_TRACE=${folder}` : `--trace ${file}`;
  const opened = openFor(where, () => openAt(kernel, AT_CWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600));
  const fd = dupAbove(kernel, opened, TRACE_FD);
  close(kernel, opened);
  const { describeCall, describeResult } = chunks.diagnose();
  const host = chunks.trace().traceHost(kernel.host, fd, {
    describeCall,
    describeResult,
    listedCalls,
    encode,
    numbers: { clock_gettime: SYS_clock_gettime, getpid: SYS_getpid, write: SYS_write, clone3: SYS_clone3 },
  });
  return { kernel: createKernel(host, describeCall), file: fd };
}

function openFor(where: string, open: () => Fd): Fd {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new RuntimeError({
      what: "open trace",
      problem: `${error.code}: want ${where.startsWith("-") ? "a file that may be appended to" : "a folder"}`,
      where,
      step: "trace",
      call: error.call,
      errno: error.code,
    });
  }
}

/** A folder from the environment must be ours alone (input.5). */
function inFolder(kernel: Kernel, folder: string): string {
  const fd = openFor(`TSRUNC_TRACE=${folder}`, () => openAt(kernel, AT_CWD, folder, O_PATH | O_DIRECTORY));
  const status = stat(kernel, fd);
  close(kernel, fd);
  const owner = status.uid === 0 || status.uid === effectiveUid(kernel);
  if (!owner || (status.mode & 0o022) !== 0) {
    throw new RuntimeError({
      what: "open trace",
      problem: "found a folder that others may write, want one of root or our own",
      where: `TSRUNC_TRACE=${folder}`,
    });
  }
  return `${folder}/${kernel.call(SYS_getpid)}.trace`;
}

/** Numbers and words of the records of a list (native/common/raw.h). */
function listedCalls(calls: Uint8Array): { number: number; args: (number | bigint)[] }[] {
  const view = viewOf(calls);
  const listed: { number: number; args: (number | bigint)[] }[] = [];
  for (let at = 0; at + 80 <= calls.length; at += 80) {
    const args = Array.from({ length: 6 }, (_, index) => {
      const word = view.getBigInt64(at + 8 + index * 8, true);
      return word >= -4096n && word <= 9007199254740991n ? Number(word) : word;
    });
    listed.push({ number: view.getUint32(at, true), args });
  }
  return listed;
}
