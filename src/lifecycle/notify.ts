/**
 * NOTIFY_SOCKET (sd_notify(3)): the service manager's socket never enters the container (input.5). create binds a folder of the state
 * directory at /run/notify; start listens in it, hands "ready" on with the pid of the container's first process, and waits until it
 * was, or that process has ended. The protocol, the places and the 30 s for the barrier are runc's (notify_socket.go). A manager that
 * cannot be reached is found before the container's process begins, not when that is ready.
 */
import { NOTIFY_FOLDER, NOTIFY_SOCKET_NAME, NOTIFY_VARIABLE } from "../config/notify.ts";
import { show } from "../config/rules-report.ts";
import type { LoadedConfig, Mount } from "../config/types.ts";
import { withStep } from "../init/step.ts";
import type { Fd, Kernel, Pid } from "../kernel/call.ts";
import {
  AF_UNIX,
  O_DIRECTORY,
  O_PATH,
  POLLIN,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SYS_bind,
  SYS_fchmodat,
  SYS_mkdirat,
  SYS_socket,
  SYS_unlinkat,
} from "../kernel/constants.ts";
import { close, inDirectory, openIfPresent, pipe, poll, read } from "../kernel/file.ts";
import { openPid } from "../kernel/process.ts";
import { sendMessage, unixAddress } from "../kernel/socket.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode, encode } from "../shared/text.ts";
import { type ContainerDirectory, NOTIFY_DIRECTORY } from "../state/store.ts";
import { connectPath } from "./console-socket.ts";
import type { Runtime } from "./runtime.ts";

/** How long the manager may take to say that it has read all, milliseconds. */
const BARRIER_MS = 30_000;
/** Longest datagram that is looked at, bytes. */
const MAX_DATAGRAM = 4096;

/** The manager's socket: an absolute path or an abstract name; undefined: there is none, or it is neither (input.5). */
export function notifyTarget(runtime: Runtime): string | undefined {
  const target = runtime.env.get("NOTIFY_SOCKET");
  return target !== undefined && /^[/@]./.test(target) ? target : undefined;
}

/** The config with the folder mounted and the variable set; as it is where no mount namespace of its own would hide that from the host. */
export function withNotify(config: LoadedConfig, stateDirectory: string): LoadedConfig {
  const own = (config.linux?.namespaces ?? []).some((entry) => entry.type === "mount" && (entry.path ?? "") === "");
  if (!own) return config;
  const mount: Mount = {
    destination: NOTIFY_FOLDER,
    type: "bind",
    source: `${stateDirectory}/${NOTIFY_DIRECTORY}`,
    options: ["bind", "nosuid", "noexec", "nodev", "ro"],
  };
  const env = (config.process.env ?? []).filter((entry) => !entry.startsWith("NOTIFY_SOCKET="));
  return {
    ...config,
    mounts: [...(config.mounts ?? []), mount],
    process: { ...config.process, env: [...env, NOTIFY_VARIABLE] },
  };
}

/** Makes the folder; it goes with the state directory. */
export function makeNotifyFolder(kernel: Kernel, directory: ContainerDirectory): void {
  kernel.call(SYS_mkdirat, directory.fd, NOTIFY_DIRECTORY, 0o755);
  kernel.call(SYS_fchmodat, directory.fd, NOTIFY_DIRECTORY, 0o755);
}

/** Listens for the container's word and hands it on. */
export class NotifyProxy {
  readonly #kernel: Kernel;
  readonly #manager: Fd;
  readonly fd: Fd;

  private constructor(kernel: Kernel, manager: Fd, fd: Fd) {
    this.#kernel = kernel;
    this.#manager = manager;
    this.fd = fd;
  }

  /** Before init goes on. undefined: the manager wants no word, or the container was made without. Ends with the command. */
  static open(runtime: Runtime, directory: ContainerDirectory): NotifyProxy | undefined {
    const { kernel } = runtime;
    const target = notifyTarget(runtime);
    const folder =
      target === undefined ? undefined : openIfPresent(kernel, directory.fd, NOTIFY_DIRECTORY, O_PATH | O_DIRECTORY);
    if (target === undefined || folder === undefined) return undefined;
    try {
      const manager = openDatagrams(kernel);
      connectPath(kernel, manager, target.replace(/^@/, "\0"));
      return new NotifyProxy(kernel, manager, listenIn(kernel, folder));
    } catch (error) {
      const problem = "want the path or @name of a listening Unix datagram socket";
      const words = { what: "connect to the service manager", problem, where: `NOTIFY_SOCKET=${show(target)}` };
      throw withStep("notify", words, error);
    } finally {
      close(kernel, folder);
    }
  }

  /** Waits until the container is ready and the manager knows, or its first process has ended. */
  wait(pid: Pid): void {
    const pidfd = openPid(this.#kernel, pid);
    if (pidfd === undefined) return;
    const waits = [this.fd, pidfd].map((fd) => ({ fd, events: POLLIN }));
    for (let done = false; !done; ) {
      const [word = 0, ended = 0] = poll(this.#kernel, waits, undefined);
      if (word !== 0) done = this.take(pid);
      else done = ended !== 0;
    }
    close(this.#kernel, pidfd);
  }

  /**
   * Takes one datagram. True: it said "ready", and that was handed on.
   *
   * @param main the process that the manager shall watch; undefined: it watches us already.
   */
  take(main: Pid | undefined): boolean {
    const lines = decode(read(this.#kernel, this.fd, MAX_DATAGRAM)).split("\n");
    const ready = lines.find((line) => line.startsWith("READY="));
    if (ready === undefined) return false;
    try {
      sendMessage(this.#kernel, this.#manager, encode(`${ready}\n`), []);
      if (main !== undefined) sendMessage(this.#kernel, this.#manager, encode(`MAINPID=${main}\n`), []);
      this.#barrier();
    } catch (error) {
      const words = { what: "tell the service manager", problem: "it does not listen", where: "NOTIFY_SOCKET" };
      throw withStep("notify", words, error);
    }
    return true;
  }

  /** The manager closes the pipe's end once it has read all that came before (sd_notify_barrier(3)). */
  #barrier(): void {
    const [ours, theirs] = pipe(this.#kernel);
    try {
      sendMessage(this.#kernel, this.#manager, encode("BARRIER=1"), [theirs]);
      close(this.#kernel, theirs);
      if ((poll(this.#kernel, [{ fd: ours, events: POLLIN }], BARRIER_MS)[0] ?? 0) !== 0) return;
      throw new RuntimeError({
        what: "tell the service manager",
        problem: `found no answer to BARRIER=1 in ${BARRIER_MS / 1000} s, want the descriptor closed`,
        where: "NOTIFY_SOCKET",
      });
    } finally {
      close(this.#kernel, ours);
    }
  }
}

/** A socket that any user of the container can send to. */
function listenIn(kernel: Kernel, folder: Fd): Fd {
  // A name relative to the folder is never too long for a socket.
  kernel.attempt(SYS_unlinkat, folder, NOTIFY_SOCKET_NAME, 0); // of a start that was killed
  const socket = openDatagrams(kernel);
  const address = unixAddress(NOTIFY_SOCKET_NAME);
  inDirectory(kernel, folder, () => kernel.call(SYS_bind, socket, address, address.length));
  kernel.call(SYS_fchmodat, folder, NOTIFY_SOCKET_NAME, 0o777);
  return socket;
}

function openDatagrams(kernel: Kernel): Fd {
  return kernel.call(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as Fd;
}
