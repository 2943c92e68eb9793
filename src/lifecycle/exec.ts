/** exec: another process in a container that runs (runc's exec; the spec has none). */
import { birthplace, type OpenCgroup, openDoors, openPlace } from "../cgroup/group.ts";
import type { CgroupRecord } from "../cgroup/path.ts";
import { receive, send } from "../channel/link.ts";
import type { ExecAnnouncement } from "../channel/message.ts";
import type { JoinPlan, ProcessPlan } from "../config/plan-types.ts";
import type { Door } from "../init/cgroup-doors.ts";
import { filtersEarly } from "../init/early-filter.ts";
import { type Words, withStep } from "../init/step.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import { CLONE_NEWNS, CLONE_NEWUSER, O_DIRECTORY, O_PATH, SIGPIPE, SIGXFSZ, SYS_write } from "../kernel/constants.ts";
import { close, closeAll, openAt } from "../kernel/file.ts";
import { killAndReap, openPid, resetDispositions, signalPidfd, wait } from "../kernel/process.ts";
import { openProc, type Procfs } from "../kernel/procfs.ts";
import { setAffinity } from "../kernel/scheduling.ts";
import { RuntimeError } from "../shared/error.ts";
import { encode } from "../shared/text.ts";
import { twice } from "../shared/twice.ts";
import type { StateRecord } from "../state/record.ts";
import { openInit, statusOf } from "../state/status.ts";
import type { ContainerDirectory } from "../state/store.ts";
import { type ExecTemplate, readTemplate } from "../state/template.ts";
import { Cleanup } from "./cleanup.ts";
import { type ConsoleTarget, openConsoleSocket, sendConsole } from "./console-socket.ts";
import { withContainer } from "./container.ts";
import { checkPreserved, countListenFds } from "./descriptors.ts";
import { cgroupOfInit, execCgroup } from "./exec-cgroup.ts";
import { type ExecRequest, planExec } from "./exec-plan.ts";
import { Foreground } from "./foreground.ts";
import { raiseLimits, setOomScore } from "./host-rights.ts";
import { sendListener } from "./listener.ts";
import { removePidFile, writePidFile } from "./pid-file.ts";
import { sendPidfd } from "./pidfd-socket.ts";
import type { Runtime } from "./runtime.ts";
import { explainReport, type Spawned } from "./spawn.ts";
import { awaitJoined, foreignNamespaces, spawnJoin } from "./spawn-join.ts";

/** CAP_SYS_ADMIN of capability.h. */
const CAP_SYS_ADMIN = 21n;

/** Runs a process in a container. Returns the exit status for our own process: 0 when detached. */
export function exec(runtime: Runtime, request: ExecRequest): number {
  const { kernel } = runtime;
  const { record, template, filter } = withContainer(runtime, request.id, "exec in", (directory) => {
    const found = directory.read();
    checkStatus(kernel, directory, found, request);
    return { record: found, ...readTemplate(directory) };
  });
  const listenFds = countListenFds(runtime);
  const preserved = request.preserveFds + listenFds;
  checkPreserved(kernel, preserved, runtime.initEntry !== undefined);
  const plan = planExec(runtime, template, request, { preserved, listenFds });
  if (runtime.initEntry === undefined && !template.userNamespace && [template.process, plan].some(mayAdminister))
    runtime.chunks.seldom().sealForAdmin(kernel);
  if (plan.apparmorProfile !== "" || plan.selinuxLabel !== "") {
    const { asAsked, checkLabels } = runtime.chunks.seldom();
    try {
      checkLabels(kernel, plan, "");
    } catch (error) {
      throw asAsked(request, error);
    }
  }
  checkTerminal(request, plan.terminal);
  return new Exec(runtime, { request, record, template, plan, filter }).run();
}

function mayAdminister({ capabilities }: ProcessPlan): boolean {
  if (capabilities === null) return true;
  const { bounding, permitted, effective } = capabilities;
  return (((BigInt(bounding) | BigInt(permitted) | BigInt(effective)) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

function checkStatus(kernel: Kernel, directory: ContainerDirectory, record: StateRecord, request: ExecRequest): void {
  const { status } = statusOf(kernel, directory, record);
  const refuseExec = (problem: string, hint?: string): never => {
    throw new RuntimeError({ what: `exec in "${request.id}"`, problem, hint });
  };
  if (status === "creating") refuseExec("cannot exec in a container that is being created");
  if (status === "stopped") refuseExec("cannot exec in a stopped container");
  if (status === "paused" && !request.ignorePaused)
    refuseExec("cannot exec in a paused container (use --ignore-paused to override)", "resume it first");
}

function checkTerminal(request: ExecRequest, terminal: boolean): void {
  const refuseExec = (problem: string): never => {
    throw new RuntimeError({ what: `exec in "${request.id}"`, problem, where: "--console-socket" });
  };
  if (terminal && request.detach && request.consoleSocket === undefined)
    refuseExec(
      "cannot allocate tty if runc will detach without setting console socket: found --detach with a terminal, want the socket",
    );
  if (!terminal && request.consoleSocket !== undefined)
    refuseExec(
      "cannot use console socket if runc will not detach or allocate tty: found it without a terminal, want one of the two changed",
    );
}

function wordsOf(id: string): Words {
  return { what: `exec in "${id}"`, problem: "the kernel refused a call" };
}

interface Parts {
  request: ExecRequest;
  record: StateRecord;
  template: ExecTemplate;
  plan: ProcessPlan;
  filter: Uint8Array | undefined;
}

/** Those directories of a container's that are still there. */
function openPresent(kernel: Kernel, { version, places }: CgroupRecord): OpenCgroup {
  const open = places.map((place) => ({ place, fd: openPlace(kernel, place) }));
  const present = open.filter((entry): entry is { place: (typeof entry)["place"]; fd: Fd } => entry.fd !== undefined);
  return { record: { version, places: present.map(({ place }) => place) }, fds: present.map(({ fd }) => fd) };
}

class Exec {
  readonly #runtime: Runtime;
  readonly #with: Parts;
  readonly #foreground: Foreground;
  readonly #cleanup = new Cleanup();
  /** For words: what the child failed at may be the way into one of these. */
  #doors: readonly Door[] = [];

  constructor(runtime: Runtime, parts: Parts) {
    this.#runtime = runtime;
    this.#with = parts;
    this.#foreground = new Foreground(runtime.kernel);
  }

  get #kernel(): Kernel {
    return this.#runtime.kernel;
  }

  run(): number {
    const { request, plan } = this.#with;
    const kernel = this.#kernel;
    if (this.#runtime.initEntry === undefined) resetDispositions(kernel, [SIGPIPE, SIGXFSZ]);
    this.#foreground.begin();
    try {
      if (!plan.terminal && !request.detach) this.#foreground.replaceTerminals(plan.stdio);
      const pid = this.#start();
      if (request.detach) return 0;
      const status = this.#untilEnd(pid);
      this.#foreground.finish();
      return status;
    } finally {
      this.#foreground.end();
    }
  }

  #start(): Pid {
    const { request } = this.#with;
    try {
      const pid = this.#spawn();
      this.#cleanup.release();
      return pid;
    } catch (error) {
      throw this.#cleanup.undo(
        this.#runtime.chunks.seldom().asAsked(request, withStep("exec", wordsOf(request.id), error)),
      );
    }
  }

  /** Relays and forwards until the process has ended, and is reaped; one that can be waited for no more is ended. Returns its status. */
  #untilEnd(pid: Pid): number {
    const kernel = this.#kernel;
    try {
      this.#foreground.untilEnd(pid);
    } catch (error) {
      const { id, pidFile } = this.#with.request;
      if (pidFile !== undefined) this.#cleanup.add("pid file", () => removePidFile(kernel, pidFile));
      this.#cleanup.add("process", () => killAndReap(kernel, pid));
      throw this.#cleanup.undo(withStep("exec", wordsOf(id), error));
    }
    return twice(() => wait(kernel, pid, 0))?.status ?? 0;
  }

  #spawn(): Pid {
    const { request, plan, record, template, filter } = this.#with;
    const kernel = this.#kernel;
    const console = request.consoleSocket === undefined ? undefined : openConsoleSocket(kernel, request.consoleSocket);
    const proc = openProc(kernel);
    const pidfd = openInit(kernel, proc, record);
    const gone = () =>
      new RuntimeError({ what: `exec in "${request.id}"`, problem: "cannot exec in a stopped container" });
    if (pidfd === undefined) throw gone();
    // Init may have made itself a user namespace: the config gave it none, so nobody joins that, nor counts as confined by it (exec.2).
    const namespaces = foreignNamespaces(kernel, proc, record.pid) & (template.userNamespace ? -1 : ~CLONE_NEWUSER);
    // Node's child has joined the others when it is executed.
    const left = this.#runtime.initEntry === undefined ? namespaces : namespaces & CLONE_NEWNS;
    // A magic link, by its nature: it leads to init's root.
    const root = template.chrooted ? openAt(kernel, proc, `${record.pid}/root`, O_PATH | O_DIRECTORY) : undefined;
    // What was read of /proc/PID was init's only if init is still there (state.3).
    if (!signalPidfd(kernel, pidfd, 0)) throw gone();
    const joinPlan: JoinPlan = {
      ...plan,
      id: record.id,
      pidfd: left === 0 ? -1 : pidfd,
      namespaces: left,
      root: root ?? -1,
      proc,
      becomeRoot: template.becomeRoot,
      userNamespace: template.userNamespace,
      newKeyring: template.newKeyring,
      hidden: this.#runtime.initEntry === undefined && this.#preparesHidden(),
    };
    const cgroup = execCgroup(kernel, record, request.cgroups);
    if (plan.affinity.initial.length > 0) setAffinity(kernel, plan.affinity.initial);
    const spawned = this.#clone(pidfd, namespaces, joinPlan, cgroup);
    const { link, tells } = spawned;
    if (spawned.inChild)
      return this.#runtime.chunks.runJoin(kernel, { plan: joinPlan, filter, link, tell: tells, doors: this.#doors });
    this.#cleanup.add("process", () => {
      if (spawned.pid !== 0) killAndReap(kernel, spawned.pid);
    });
    this.#release(spawned, joinPlan, proc);
    if (tells !== undefined) {
      this.#untilReadable(tells);
      awaitJoined(kernel, spawned, tells);
    }
    const master = this.#untilExec(spawned, console);
    const pid = spawned.pid as Pid;
    this.#tell(pid);
    if (master !== undefined) this.#foreground.terminal(master);
    return pid;
  }

  #preparesHidden(): boolean {
    const { plan, filter } = this.#with;
    if (plan.scheduler === null && !filtersEarly(plan)) return true;
    return this.#runtime.chunks.preparesHidden(plan, filter);
  }

  #clone(pidfd: Fd, namespaces: number, plan: JoinPlan, cgroup: CgroupRecord | undefined): Spawned {
    const kernel = this.#kernel;
    const { initEntry: entry, traceFd } = this.#runtime;
    const keep = [plan.pidfd, plan.root, plan.proc, ...plan.stdio].filter((fd) => fd > 2).map((fd) => fd as Fd);
    if (traceFd !== undefined) keep.push(traceFd);
    const userNamespace = (namespaces & CLONE_NEWUSER) !== 0;
    const base = { keep, preserved: plan.preserved, entry, userNamespace, pidfd, namespaces };
    // A v2 cgroup whose children have controllers takes no process: then init has moved to one of them, and so do we, unless we were told.
    const fixed = cgroup?.version !== 2 || this.#with.request.cgroups.length > 0;
    for (const choice of fixed
      ? [() => cgroup]
      : [() => cgroup, () => cgroupOfInit(kernel, this.#with.record, plan.proc as Procfs)]) {
      const chosen = choice();
      const open = chosen === undefined ? undefined : openPresent(kernel, chosen);
      this.#doors = open === undefined ? [] : openDoors(kernel, open);
      const born = open === undefined ? undefined : birthplace(open);
      const spawned = spawnJoin(kernel, { ...base, cgroup: born, doors: this.#doors });
      if (spawned?.inChild !== true) closeAll(kernel, [...(open?.fds ?? []), ...this.#doors.map((door) => door.fd)]);
      if (spawned !== undefined) return spawned;
    }
    throw new RuntimeError({
      what: `exec in "${this.#with.request.id}"`,
      problem: "found controllers enabled below the container's cgroup, want a cgroup that takes processes",
      where: "--cgroup",
      hint: "name the one that init is in",
    });
  }

  /** Does for the child what needs the host's rights, and lets it go on. */
  #release(spawned: Spawned, plan: JoinPlan, proc: Procfs): void {
    const kernel = this.#kernel;
    const pid = spawned.pid as Pid;
    const { resctrl } = this.#with.record;
    if (resctrl !== undefined) this.#runtime.chunks.resctrl().joinResctrl(kernel, resctrl, pid);
    if (plan.oomScoreAdj !== null) setOomScore(kernel, proc, pid, plan.oomScoreAdj);
    raiseLimits(kernel, pid, plan);
    kernel.call(SYS_write, spawned.link, encode("g"), 1);
    if (this.#runtime.initEntry === undefined) return;
    send(kernel, spawned.link, { type: "join", plan, filter: String.fromCharCode(...(this.#with.filter ?? [])) });
  }

  /** @throws RuntimeError when a signal ends the wait. */
  #untilReadable(fd: Fd): void {
    if (this.#foreground.untilReadable(fd)) return;
    throw new RuntimeError({
      what: `exec in "${this.#with.request.id}"`,
      problem: "interrupted by a signal, the process was ended",
    });
  }

  /** Serves the child until its program runs; returns the terminal's master when we relay it ourselves. */
  #untilExec(spawned: Spawned, console: ConsoleTarget | undefined): Fd | undefined {
    const kernel = this.#kernel;
    let master: Fd | undefined;
    let announcement: ExecAnnouncement | undefined;
    for (;;) {
      this.#untilReadable(spawned.link);
      const received = receive(kernel, spawned.link);
      const message = received?.message;
      switch (message?.type) {
        case "console":
          [master] = received?.fds ?? [];
          if (master !== undefined && console !== undefined) {
            sendConsole(kernel, console, master);
            close(kernel, master);
            master = undefined;
          }
          break;
        case "listener": {
          const { record, template } = this.#with;
          const [listener] = received?.fds ?? [];
          if (listener === undefined)
            throw new RuntimeError({
              what: "send seccomp listener",
              problem: "the child sent no descriptor, want one",
            });
          sendListener(kernel, template.agent, { record, status: "running", pid: spawned.pid }, listener);
          break;
        }
        case "exec":
          announcement = message.announcement;
          break;
        case "error":
          throw new RuntimeError(message.parts);
        case "native": {
          if (announcement === undefined)
            throw explainReport(kernel, spawned, message, { joins: [], doors: this.#doors });
          const { index, error } = message;
          const { rootfs } = this.#with.record;
          throw this.#runtime.chunks.explainExec(kernel, {
            announcement,
            index,
            errno: error,
            pid: spawned.pid,
            rootfs,
          });
        }
        default:
          if (announcement !== undefined) return master;
          throw this.#ended(spawned);
      }
    }
  }

  #ended(spawned: Spawned): RuntimeError {
    const ended = spawned.pid === 0 ? undefined : wait(this.#kernel, spawned.pid, 0);
    spawned.pid = 0;
    const how = ended?.signal === undefined ? `with status ${ended?.status ?? "unknown"}` : `by signal ${ended.signal}`;
    return new RuntimeError({
      what: `exec in "${this.#with.request.id}"`,
      problem: `the process ended ${how} before it could execute the program (the container was stopped, or is out of memory)`,
    });
  }

  /** Who waits for the process is told of it: only now that it runs (conmon takes a missing pid file for the failure). */
  #tell(pid: Pid): void {
    const { pidFile, pidfdSocket } = this.#with.request;
    if (pidfdSocket !== undefined) {
      const pidfd = openPid(this.#kernel, pid);
      if (pidfd !== undefined) sendPidfd(this.#kernel, pidfdSocket, pidfd, "setns");
    }
    if (pidFile !== undefined) writePidFile(this.#kernel, pidFile, pid);
  }
}
