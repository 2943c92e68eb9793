/** Debian's containerd on a socket and folders of its own, and its client ctr with one runtime. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  command,
  environment,
  firstFile,
  isRoot,
  type Outcome,
  onTerminal,
  type RunOptions,
  type TerminalStep,
  until,
} from "./command.ts";
import { IMAGE, PAUSE_IMAGE, packImage } from "./image.ts";
import { RUNTIMES, type Runtime, Seat } from "./scenario.ts";
import { cgroupsOf, end, sweep } from "./sweep.ts";

const PROGRAM = firstFile(["/usr/bin/containerd", "/usr/local/bin/containerd"]);
const CTR = firstFile(["/usr/bin/ctr", "/usr/local/bin/ctr"]) ?? "ctr";
/** Where shims of any containerd make their sockets; the place is compiled in. */
const SHIM_SOCKETS = "/run/containerd/s";

/** Why there can be no containerd here; undefined when there can. */
export function whyNoContainerd(): string | undefined {
  if (!isRoot()) return "containerd needs root";
  if (PROGRAM === undefined) return "containerd is not installed (Debian's package containerd)";
  return RUNTIMES.map((runtime) => runtime.path)
    .filter((path) => !existsSync(path))
    .map((path) => `${path} is missing`)[0];
}

/** A daemon that is up. */
export class Containerd {
  readonly folder: string;
  readonly mark: string;
  readonly address: string;
  readonly seats: readonly CtrSeat[];
  readonly #sockets: readonly string[];
  readonly #settings: readonly string[];
  #daemon: ChildProcess | undefined;

  /** @param cri Whether the CRI plugin is there, with each runtime as a handler of its name. */
  constructor(cri = false) {
    this.folder = mkdtempSync(join(tmpdir(), "ts-runc-containerd-"));
    this.mark = `tsm${process.pid}`;
    this.address = join(this.folder, "containerd.sock");
    this.seats = RUNTIMES.map((runtime) => new CtrSeat(runtime, this));
    this.#sockets = shimSockets();
    this.#settings = cri
      ? this.#criSettings()
      : ['disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]'];
  }

  #criSettings(): string[] {
    const plugin = 'plugins."io.containerd.grpc.v1.cri"';
    return [
      'disabled_plugins = ["io.containerd.internal.v1.opt"]',
      `[${plugin}]`,
      `  sandbox_image = "${PAUSE_IMAGE}"`,
      '  stream_server_address = "127.0.0.1"',
      '  stream_server_port = "0"',
      "  restrict_oom_score_adj = true",
      `[${plugin}.cni]`,
      `  conf_dir = "${join(this.folder, "cni")}"`,
      ...this.seats.flatMap(({ runtime, folder }) => [
        `[${plugin}.containerd.runtimes.${runtime.name}]`,
        '  runtime_type = "io.containerd.runc.v2"',
        `  [${plugin}.containerd.runtimes.${runtime.name}.options]`,
        `    BinaryName = "${runtime.path}"`,
        `    Root = "${join(folder, "state")}"`,
      ]),
    ];
  }

  /** Starts the daemon and waits until it answers. @throws Error with its log when it does not. */
  async start(): Promise<void> {
    const config = join(this.folder, "config.toml");
    writeFileSync(
      config,
      [
        "version = 2",
        `root = "${join(this.folder, "root")}"`,
        `state = "${join(this.folder, "state")}"`,
        ...this.#settings,
        "[grpc]",
        `  address = "${this.address}"`,
      ].join("\n"),
    );
    const log = join(this.folder, "log");
    const fd = openSync(log, "a");
    this.#daemon = spawn(PROGRAM ?? "", ["--config", config], { env: environment(), stdio: ["ignore", fd, fd] });
    try {
      const answers = async () => (await this.ctr("default", ["version"])).status === 0 || undefined;
      await until(answers, "an answer of containerd");
    } catch (error) {
      throw new Error(`${String(error)}; its log ends:\n${readFileSync(log, "utf8").slice(-2000)}`);
    }
  }

  /** The client in a namespace. */
  ctr(namespace: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return command(CTR, ["--address", this.address, "--namespace", namespace, ...args], options);
  }

  /** Packs the image and imports it into every seat's namespace. */
  async importImage(): Promise<void> {
    const archive = await packImage(this.folder);
    for (const seat of this.seats) seat.prints("import", await seat.ctr(["images", "import", archive]));
  }

  /** Ends the daemon alone: shims and containers live on. */
  async stop(): Promise<void> {
    const pid = this.#daemon?.pid;
    if (pid !== undefined) await end(pid, "SIGTERM", 5000);
    this.#daemon = undefined;
  }

  /** Ends and removes everything. Returns what an orderly end would not have left. */
  async close(): Promise<string[]> {
    await this.stop();
    const left = await sweep(this.folder, this.mark);
    for (const path of shimSockets().filter((one) => !this.#sockets.includes(one))) {
      left.push(`socket ${path}`);
      rmSync(path, { force: true });
    }
    rmSync(this.folder, { recursive: true, force: true });
    return left;
  }
}

function shimSockets(): string[] {
  return existsSync(SHIM_SOCKETS) ? readdirSync(SHIM_SOCKETS).map((name) => join(SHIM_SOCKETS, name)) : [];
}

/** ctr in a namespace of its own, with one runtime. */
export class CtrSeat extends Seat {
  readonly #containerd: Containerd;

  constructor(runtime: Runtime, containerd: Containerd) {
    super(runtime, containerd.folder, containerd.mark);
    this.#containerd = containerd;
  }

  ctr(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.#containerd.ctr(this.mark, args, options);
  }

  /** `ctr run FLAGS IMAGE ID WORDS`. */
  run(flags: readonly string[], id: string, words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.ctr(["run", ...this.#own(), ...flags, IMAGE, id, ...words], options);
  }

  /** The same on a terminal. */
  runOnTerminal(id: string, words: readonly string[], steps: readonly TerminalStep[]): Promise<Outcome> {
    const flags = ["run", "--rm", "--tty", ...this.#own(), IMAGE, id, ...words];
    return onTerminal(CTR, [...this.#global(), ...flags], steps);
  }

  /** `ctr tasks exec` in a running container, under a name of its own. */
  exec(
    id: string,
    words: readonly string[],
    flags: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<Outcome> {
    return this.ctr(
      ["tasks", "exec", "--exec-id", this.id(), "--fifo-dir", this.folder, ...flags, id, ...words],
      options,
    );
  }

  /** The same on a terminal. */
  execOnTerminal(id: string, words: readonly string[], steps: readonly TerminalStep[]): Promise<Outcome> {
    const flags = ["tasks", "exec", "--tty", "--exec-id", this.id(), "--fifo-dir", this.folder, id, ...words];
    return onTerminal(CTR, [...this.#global(), ...flags], steps);
  }

  /** Starts a container that stays. */
  async detached(flags: readonly string[], words: readonly string[] = ["sleep", "1000"]): Promise<string> {
    const id = this.id();
    this.outcome("run --detach", await this.run(["--detach", ...flags], id, words), 0, "", "");
    return id;
  }

  /** The word of `ctr tasks ls`; "none" when it has no line. */
  async status(id: string): Promise<string> {
    const listed = this.prints("tasks ls", await this.ctr(["tasks", "ls"]));
    const line = listed.split("\n").find((one) => one.split(/\s+/)[0] === id);
    return line?.trim().split(/\s+/)[2] ?? "none";
  }

  /** Waits for a status. */
  async becomes(id: string, status: string): Promise<void> {
    await until(async () => ((await this.status(id)) === status ? true : undefined), `${id} ${status}`);
  }

  /** Deletes task and container; returns the status that the container ended with. */
  async remove(id: string): Promise<number> {
    const { stderr } = await this.ctr(["tasks", "delete", id]);
    this.outcome("containers delete", await this.ctr(["containers", "delete", id]), 0);
    return Number(/non-zero exit code ([0-9]+)/.exec(stderr)?.[1] ?? 0);
  }

  async clear(): Promise<string[]> {
    const names = async (kind: string) =>
      (await this.ctr([kind, "ls", "-q"])).stdout.split("\n").filter((name) => name !== "");
    for (const id of await names("tasks")) await this.ctr(["tasks", "delete", "--force", id]);
    for (const id of await names("containers")) await this.ctr(["containers", "delete", id]);
    const root = join(this.folder, "state", this.mark);
    const states = existsSync(root) ? readdirSync(root).map((name) => `state ${join(root, name)}`) : [];
    // The namespace's own cgroup is containerd's; what is below are containers.
    const cgroups = cgroupsOf(`${this.mark}/`).map((path) => `cgroup ${path}`);
    return [...(await names("tasks")), ...(await names("containers")), ...states, ...cgroups];
  }

  #global(): string[] {
    return ["--address", this.#containerd.address, "--namespace", this.mark];
  }

  #own(): string[] {
    const folders = ["--runc-root", join(this.folder, "state"), "--fifo-dir", this.folder];
    return ["--runc-binary", this.runtime.path, ...folders];
  }
}
