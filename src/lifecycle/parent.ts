/** The parent's half of create, from the clone to "ready". */
import { signalCgroup } from "../cgroup/group.ts";
import { oomKills } from "../cgroup/oom.ts";
import { receive, send } from "../channel/link.ts";
import { planHooks } from "../config/plan.ts";
import type { InitPlan } from "../config/plan-types.ts";
import type { LoadedConfig } from "../config/types.ts";
import { runHooks } from "../hook/run.ts";
import type { Door } from "../init/cgroup-doors.ts";
import { type Fd, type Kernel, type Pid, SyscallError } from "../kernel/call.ts";
import { ECONNRESET, EPIPE, POLLIN, SIGHUP, SIGINT, SIGKILL, SIGTERM, SYS_write } from "../kernel/constants.ts";
import { close, closeAll, poll } from "../kernel/file.ts";
import { killAndReap, openPid, openSignals, parseProcessStat, wait } from "../kernel/process.ts";
import { openProc, openProcNamespace, type Procfs, readProc } from "../kernel/procfs.ts";
import { RuntimeError } from "../shared/error.ts";
import { encode } from "../shared/text.ts";
import type { StateRecord } from "../state/record.ts";
import type { ContainerDirectory } from "../state/store.ts";
import { writeTemplate } from "../state/template.ts";
import { type ConsoleTarget, sendConsole } from "./console-socket.ts";
import { stateForHooks } from "./hook-state.ts";
import { raiseLimits, setOomScore } from "./host-rights.ts";
import { writeIdMaps } from "./id-map.ts";
import { sendListener } from "./listener.ts";
import type { NetDevices } from "./net-devices.ts";
import { writePidFile } from "./pid-file.ts";
import { sendPidfd } from "./pidfd-socket.ts";
import type { Runtime } from "./runtime.ts";
import { explainReport, type Join, type Spawned } from "./spawn.ts";
import { awaitJoined } from "./spawn-join.ts";

/** Signals that end a create, which then gives everything back. */
export const ENDING: readonly number[] = [SIGHUP, SIGINT, SIGTERM];

/** What the parent holds while init is being made. */
export interface ParentParts {
  id: string;
  pidFile: string | undefined;
  pidfdSocket: string | undefined;
  config: LoadedConfig;
  directory: ContainerDirectory;
  record: StateRecord;
  spawned: Spawned;
  joins: Join[];
  console: ConsoleTarget | undefined;
  doors: readonly Door[];
}

/**
 * Ends init and whatever it left in its cgroup, and reaps it. Where its pid is not known (it was never told, or init has been reaped) it is
 * sought in its cgroup; before it has entered that, end of file on the link ends it.
 */
export function killSpawned(kernel: Kernel, spawned: Spawned | undefined, record: StateRecord): void {
  const pid = spawned?.pid ?? 0;
  if (pid !== 0) killAndReap(kernel, pid);
  // A stray init reads end of file where it would wait for us.
  else if (spawned !== undefined && spawned.link >= 0) {
    close(kernel, spawned.link);
    spawned.link = -1 as Fd;
  }
  if (record.cgroup !== null && (pid === 0 || !record.ownPids)) signalCgroup(kernel, record.cgroup, SIGKILL);
}

function startTimeOf(kernel: Kernel, proc: Procfs, pid: Pid): number {
  return parseProcessStat(readProc(kernel, proc, `${pid}/stat`, undefined, true) ?? "").startTime;
}

/** The parent's half of create, after the clone. */
export class Parent {
  readonly #runtime: Runtime;
  readonly #with: ParentParts;
  readonly #signals: Fd;
  /** The pid file has its name. */
  wrotePidFile = false;
  /** Hooks of create were run (init's own are about to be), whatever became of them. */
  hooksBegan = false;
  /** Interfaces that are the container's as soon as it is created, and until then given back on failure. */
  netDevices: NetDevices | undefined;

  constructor(runtime: Runtime, parts: ParentParts) {
    this.#runtime = runtime;
    this.#with = parts;
    this.#signals = openSignals(runtime.kernel, ENDING);
  }

  get #kernel(): Kernel {
    return this.#runtime.kernel;
  }

  /** Does for the new process what needs the host's rights, records it, and lets it go on. */
  release(plan: InitPlan, filter: Uint8Array | undefined): void {
    const { spawned, record, directory } = this.#with;
    const kernel = this.#kernel;
    if (spawned.pid === 0) throw this.#failure(receive(kernel, spawned.link)?.message);
    const pid = spawned.pid;
    const proc = openProc(kernel);
    record.pid = pid;
    record.startTime = startTimeOf(kernel, proc, pid);
    directory.write(record);
    if (plan.newNamespaces.includes("user")) writeIdMaps(kernel, proc, pid, this.#with.config);
    if (plan.oomScoreAdj !== null) setOomScore(kernel, proc, pid, plan.oomScoreAdj);
    raiseLimits(kernel, pid, plan);
    if (record.resctrl !== undefined) this.#runtime.chunks.resctrl().joinResctrl(kernel, record.resctrl, pid);
    this.#moveDevices(proc, pid);
    close(kernel, proc);
    if (spawned.tells === undefined) this.#sendPidfd(pid);
    try {
      kernel.call(SYS_write, spawned.link, encode("g"), 1);
      writeTemplate(directory, this.#with.config, plan, filter);
      if (this.#runtime.initEntry !== undefined) {
        send(kernel, spawned.link, { type: "plan", plan, filter: String.fromCharCode(...(filter ?? [])) });
      }
    } catch (error) {
      // Init is gone already (v2: OOM-killed at its first instruction): the receiver finds out why.
      if (!(error instanceof SyscallError) || error.errno !== EPIPE) throw error;
    }
  }

  /** The stage has made init, which takes its place. */
  #takeVisible(): void {
    const { spawned, record, directory } = this.#with;
    const kernel = this.#kernel;
    const told = spawned.tells;
    spawned.tells = undefined;
    if (told === undefined) return;
    awaitJoined(kernel, spawned, told);
    // Where the stage has failed the link says why.
    if (spawned.pid === 0) return;
    const proc = openProc(kernel);
    record.pid = spawned.pid;
    record.startTime = startTimeOf(kernel, proc, spawned.pid);
    close(kernel, proc);
    directory.write(record);
    this.#sendPidfd(spawned.pid);
  }

  #moveDevices(proc: Procfs, pid: Pid): void {
    const devices = this.#with.config.linux?.netDevices ?? {};
    if (Object.keys(devices).length === 0) return;
    const away = openProcNamespace(this.#kernel, proc, pid, "net");
    // Init is gone already: the receiver finds out why.
    if (away === undefined) return;
    const Devices = this.#runtime.chunks.netDevices();
    this.netDevices = new Devices(this.#kernel, proc, away);
    this.netDevices.move(devices);
  }

  #sendPidfd(pid: Pid): void {
    const { pidfdSocket } = this.#with;
    const pidfd = pidfdSocket === undefined ? undefined : openPid(this.#kernel, pid);
    if (pidfdSocket !== undefined && pidfd !== undefined) sendPidfd(this.#kernel, pidfdSocket, pidfd, "standard");
  }

  /** Serves init until it is ready; returns the terminal's master when the caller relays it itself. */
  untilReady(): Fd | undefined {
    const kernel = this.#kernel;
    const { spawned, directory, record } = this.#with;
    let master: Fd | undefined;
    for (;;) {
      this.#waitForLink();
      const received = this.#receive();
      const message = received?.message;
      switch (message?.type) {
        case "hooks":
          this.#runtimeHooks();
          send(kernel, spawned.link, { type: "hooked" });
          break;
        case "console":
          master = this.#takeMaster(received?.fds[0]);
          break;
        case "listener":
          this.#sendListener(received?.fds[0]);
          break;
        case "ready":
          record.creating = false;
          directory.write(record);
          this.#writePidFile(record.pid);
          directory.unlock();
          this.netDevices?.close();
          closeAll(kernel, [spawned.link, this.#signals]);
          spawned.link = -1 as Fd;
          return master;
        default:
          throw this.#failure(message);
      }
    }
  }

  #writePidFile(pid: number): void {
    const { pidFile } = this.#with;
    if (pidFile === undefined) return;
    writePidFile(this.#kernel, pidFile, pid);
    this.wrotePidFile = true;
  }

  /** Waits for init or for a signal to us. */
  #waitForLink(): void {
    const { spawned } = this.#with;
    const events = poll(
      this.#kernel,
      [
        { fd: spawned.link, events: POLLIN },
        { fd: this.#signals, events: POLLIN },
        { fd: spawned.tells ?? (-1 as Fd), events: POLLIN },
      ],
      undefined,
    );
    if ((events[1] ?? 0) === 0) {
      if ((events[2] ?? 0) === 0) return;
      this.#takeVisible();
      this.#waitForLink();
      return;
    }
    throw new RuntimeError({
      what: `create "${this.#with.id}"`,
      problem: "interrupted by a signal, the container was given back",
    });
  }

  #receive(): ReturnType<typeof receive> {
    try {
      return receive(this.#kernel, this.#with.spawned.link);
    } catch (error) {
      // Unread data on its side makes the kernel say ECONNRESET where it means that init is gone.
      if (error instanceof SyscallError && error.errno === ECONNRESET) return undefined;
      throw error;
    }
  }

  #runtimeHooks(): void {
    this.hooksBegan = true;
    const { record } = this.#with;
    const hooks = this.#with.config.hooks;
    const context = (status: string) => ({
      state: stateForHooks(record, status, record.pid),
      directory: record.bundle,
    });
    // prestart is of runtime-spec 1.0, where it ran after create: its hooks, and the conformance suite, expect that word (crun says it too).
    runHooks(this.#kernel, planHooks(hooks?.prestart, "prestart"), context("created"));
    runHooks(this.#kernel, planHooks(hooks?.createRuntime, "createRuntime"), context("creating"));
  }

  #sendListener(listener: Fd | undefined): void {
    const { record, config } = this.#with;
    const { listenerPath = "", listenerMetadata } = config.linux?.seccomp ?? {};
    if (listener === undefined)
      throw new RuntimeError({ what: "send seccomp listener", problem: "init sent no descriptor, want one" });
    const whose = { record, status: "creating", pid: record.pid } as const;
    sendListener(this.#kernel, { listenerPath, listenerMetadata }, whose, listener);
  }

  #takeMaster(master: Fd | undefined): Fd | undefined {
    if (master === undefined)
      throw new RuntimeError({ what: "make terminal", problem: "init sent no descriptor, want one" });
    if (this.#with.console === undefined) return master;
    sendConsole(this.#kernel, this.#with.console, master);
    close(this.#kernel, master);
    return undefined;
  }

  /** Words for an init that failed or ended without a word. */
  #failure(message: Exclude<ReturnType<typeof receive>, undefined>["message"] | undefined): RuntimeError {
    const { spawned, record } = this.#with;
    const kills = record.cgroup === null ? 0 : oomKills(this.#kernel, record.cgroup);
    const limit = "config.json#/linux/resources/memory/limit";
    if (message?.type === "error") {
      if (kills === 0 || message.parts.hint !== undefined) return new RuntimeError(message.parts);
      return new RuntimeError({ ...message.parts, hint: `${kills} OOM-killed in the container, is ${limit} too low?` });
    }
    if (message?.type === "native") return explainReport(this.#kernel, spawned, message, this.#with);
    const ended = spawned.pid === 0 ? undefined : wait(this.#kernel, spawned.pid, 0);
    if (ended !== undefined) spawned.pid = 0;
    const what = `create "${this.#with.id}"`;
    if (ended?.signal === SIGKILL && kills > 0) {
      const found = this.#with.config.linux?.resources?.memory?.limit;
      const problem = `container init was OOM-killed (memory limit too low?): found ${found ?? "none of its own"}, want more`;
      return new RuntimeError({ what, problem, where: limit });
    }
    const how = ended?.signal === undefined ? `with status ${ended?.status ?? "unknown"}` : `by signal ${ended.signal}`;
    return new RuntimeError({ what, problem: `init ended ${how} before it was ready` });
  }
}
