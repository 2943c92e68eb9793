/** start: lets a created init go on, and learns whether the user's program really began (DESIGN section 7). */

import { isFrozen } from "../cgroup/group.ts";
import { oomKills } from "../cgroup/oom.ts";
import type { ExecAnnouncement } from "../channel/message.ts";
import { runHooks } from "../hook/run.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { O_NONBLOCK, O_RDONLY, PF_FORKNOEXEC, POLLIN, SIGKILL } from "../kernel/constants.ts";
import { close, closeAll, poll, read } from "../kernel/file.ts";
import { openPid, signalPidfd } from "../kernel/process.ts";
import { openProc, type Procfs } from "../kernel/procfs.ts";
import { viewOf } from "../shared/bytes.ts";
import { type ErrorParts, RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import type { StateRecord } from "../state/record.ts";
import { isWaiting, openLiving, statInit } from "../state/status.ts";
import type { ContainerDirectory } from "../state/store.ts";
import { withLocked } from "./container.ts";
import { stateForHooks } from "./hook-state.ts";
import type { NotifyProxy } from "./notify.ts";
import type { Runtime } from "./runtime.ts";

/** Starts a created container. @throws RuntimeError in every other state, and when its program could not be executed. */
export function start(runtime: Runtime, id: string): void {
  const waiting = withLocked(runtime, id, "start", (directory) => {
    const record = directory.read();
    const notify = openNotify(runtime, directory);
    startOpen(runtime, directory, record);
    return { notify, pid: record.pid as Pid };
  });
  waiting.notify?.wait(waiting.pid);
}

/** What hands on the container's readiness; undefined: nobody waits for it. Before init goes on. */
export function openNotify(runtime: Runtime, directory: ContainerDirectory): NotifyProxy | undefined {
  return runtime.env.has("NOTIFY_SOCKET") ? runtime.chunks.notify().NotifyProxy.open(runtime, directory) : undefined;
}

/** As start, on an open and locked container. */
export function startOpen(runtime: Runtime, directory: ContainerDirectory, record: StateRecord): void {
  const { kernel } = runtime;
  const proc = openProc(kernel);
  const what = `start "${record.id}"`;
  const open: Fd[] = [proc];
  try {
    const living = record.creating ? undefined : openLiving(kernel, proc, record);
    if (living === undefined) throw new RuntimeError({ what, problem: "cannot start a container that has stopped" });
    const { pidfd, found } = living;
    open.push(pidfd);
    // Its fifo must stay closed: init would take the wake-up, once thawed, for a start that nobody waits for any more.
    if (record.cgroup !== null && isFrozen(kernel, record.cgroup))
      throw new RuntimeError({
        what,
        problem: "cannot start a container in the paused state",
        hint: "resume it first",
      });
    if (!isWaiting(directory, record, found)) throw alreadyRunning(record);
    release(runtime, directory, record, { pidfd, proc });
  } finally {
    closeAll(kernel, open);
  }
}

/** As startOpen, on a container that this process has created and not reaped: its init is surely there, or a zombie. */
export function startCreated(runtime: Runtime, directory: ContainerDirectory, record: StateRecord): void {
  const { kernel } = runtime;
  const pidfd = openPid(kernel, record.pid as Pid);
  if (pidfd === undefined) throw alreadyRunning(record);
  const proc = openProc(kernel);
  try {
    release(runtime, directory, record, { pidfd, proc });
  } finally {
    closeAll(kernel, [pidfd, proc]);
  }
}

function alreadyRunning({ id }: StateRecord): RuntimeError {
  return new RuntimeError({ what: `start "${id}"`, problem: "cannot start an already running container" });
}

/** Opens the fifo and waits for the answer. */
function release(
  runtime: Runtime,
  directory: ContainerDirectory,
  record: StateRecord,
  { pidfd, proc }: { pidfd: Fd; proc: Procfs },
): void {
  const { kernel } = runtime;
  const fifo = directory.openFifo(O_RDONLY | O_NONBLOCK);
  if (fifo === undefined) throw alreadyRunning(record);
  try {
    const answer = new Answer(runtime, directory, record, proc);
    const failure = answer.wait(fifo, pidfd);
    if (!answer.tookFifo) directory.removeFifo();
    if (failure !== undefined) {
      signalPidfd(kernel, pidfd, SIGKILL);
      throw failure;
    }
    poststart(kernel, record, pidfd);
  } finally {
    close(kernel, fifo);
  }
}

/** poststart hooks, once the user's program runs; one that fails ends the container, as in runc. */
function poststart(kernel: Kernel, record: StateRecord, pidfd: Fd): void {
  if (record.poststart.length === 0) return;
  try {
    runHooks(kernel, record.poststart, {
      state: stateForHooks(record, "running", record.pid),
      directory: record.bundle,
    });
  } catch (error) {
    signalPidfd(kernel, pidfd, SIGKILL);
    throw error;
  }
}

/** How long a fifo without a word is waited for after init has ended, milliseconds. */
const GRACE_MS = 50;

/** Reads what init says on the fifo. */
class Answer {
  readonly #runtime: Runtime;
  readonly #directory: ContainerDirectory;
  readonly #record: StateRecord;
  readonly #proc: Procfs;
  #bytes = new Uint8Array(0);
  /** The fifo has been removed. */
  tookFifo = false;

  constructor(runtime: Runtime, directory: ContainerDirectory, record: StateRecord, proc: Procfs) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#record = record;
    this.#proc = proc;
  }

  /** Reads to the end of the fifo; undefined: the user's program runs (or has run). */
  wait(fifo: Fd, pidfd: Fd): RuntimeError | undefined {
    const { kernel } = this.#runtime;
    let ended = false;
    for (;;) {
      const events = poll(
        kernel,
        [
          { fd: fifo, events: POLLIN },
          { fd: ended ? (-1 as Fd) : pidfd, events: POLLIN },
        ],
        ended ? GRACE_MS : undefined,
      );
      const onFifo = events[0] ?? 0;
      // A hang-up without data is no end of file: pipe_poll() looks for data before it looks for writers, and between the two a short program may have
      // come and gone.
      if (onFifo !== 0) {
        const first = this.#bytes.length === 0;
        if (!this.#take(read(kernel, fifo, 4096))) return this.#end();
        // Init is on its way: from here on the container counts as started, whatever happens to us.
        if (first) this.tookFifo = this.#directory.removeFifo();
        const failure = this.#nativeFailure();
        if (failure !== undefined) return failure;
      } else if ((events[1] ?? 0) !== 0) ended = true;
      else if (ended) return this.#end();
    }
  }

  #take(more: Uint8Array): boolean {
    if (more.length === 0) return false;
    const joined = new Uint8Array(this.#bytes.length + more.length);
    joined.set(this.#bytes);
    joined.set(more, this.#bytes.length);
    this.#bytes = joined;
    return true;
  }

  /** A native report follows the lines: {0xffffffff, index, errno}. Its process lingers, so the cause can still be looked at. */
  #nativeFailure(): RuntimeError | undefined {
    const at = this.#bytes.indexOf(0xff);
    if (at < 0 || this.#bytes.length < at + 12) return undefined;
    const view = viewOf(this.#bytes);
    const announcement = this.#lines(this.#bytes.subarray(0, at)).find((line) => "exec" in line)?.exec;
    const index = view.getInt32(at + 4, true);
    const errno = view.getInt32(at + 8, true);
    if (announcement === undefined)
      return new RuntimeError({ what: `start "${this.#record.id}"`, problem: `init failed with errno ${errno}` });
    const { kernel, chunks } = this.#runtime;
    return chunks.explainExec(kernel, {
      announcement,
      index,
      errno,
      pid: this.#record.pid,
      rootfs: this.#record.rootfs,
    });
  }

  #lines(bytes: Uint8Array): { exec?: ExecAnnouncement; error?: ErrorParts }[] {
    return decode(bytes)
      .replace(/^0/, "")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { exec?: ExecAnnouncement; error?: ErrorParts });
  }

  /** End of file: success, unless a record says otherwise, or init never came to execve. */
  #end(): RuntimeError | undefined {
    const what = `start "${this.#record.id}"`;
    const lines = this.#lines(this.#bytes);
    const error = lines.find((line) => line.error !== undefined)?.error;
    if (error !== undefined) return new RuntimeError(error);
    if (!lines.some((line) => line.exec !== undefined)) {
      const { cgroup } = this.#record;
      if (cgroup === null || oomKills(this.#runtime.kernel, cgroup) === 0)
        return new RuntimeError({ what, problem: "init was killed before it could execute the program" });
      return new RuntimeError({
        what,
        problem: "container init was OOM-killed (memory limit too low?) before it could execute the program",
        where: "config.json#/linux/resources/memory/limit",
      });
    }
    // Without a filter a failure of execve is always told. (An init of an earlier version does not say whether there is one.)
    if (lines.every((line) => line.exec === undefined || line.exec.filtered === false)) return undefined;
    const found = statInit(this.#runtime.kernel, this.#proc, this.#record);
    if (found === undefined || this.#record.initExecuted || (found.flags & PF_FORKNOEXEC) === 0) return undefined;
    return new RuntimeError({
      what,
      problem: "execve failed and the seccomp filter hid the errno",
      where: "config.json#/linux/seccomp",
    });
  }
}
