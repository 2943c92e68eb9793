/** A dockerd on a socket and folders of its own, with both runtimes in its daemon.json, and docker with one of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
import { EngineSeat } from "./engine.ts";
import { packImage } from "./image.ts";
import { RUNTIMES, type Runtime } from "./scenario.ts";
import { cgroupsOf, end, sweep } from "./sweep.ts";

const DAEMON = firstFile(["/usr/sbin/dockerd", "/usr/bin/dockerd"]);
const DOCKER = firstFile(["/usr/bin/docker", "/usr/local/bin/docker"]) ?? "docker";

/** Why there can be no Docker here; undefined when there can. */
export function whyNoDocker(): string | undefined {
  if (!isRoot()) return "dockerd needs root";
  if (DAEMON === undefined) return "dockerd is not installed (Debian's package docker.io)";
  return RUNTIMES.map((runtime) => runtime.path)
    .filter((path) => !existsSync(path))
    .map((path) => `${path} is missing`)[0];
}

/** A daemon that is up. */
export class Docker {
  readonly folder: string;
  readonly mark: string;
  readonly host: string;
  readonly seats: readonly DockerSeat[];
  #daemon: ChildProcess | undefined;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "ts-runc-docker-"));
    this.mark = `tsm${process.pid}`;
    this.host = `unix://${join(this.folder, "docker.sock")}`;
    this.seats = RUNTIMES.map((runtime) => new DockerSeat(runtime, this));
  }

  /** Starts the daemon and waits until it answers. @throws Error with its log when it does not. */
  async start(): Promise<void> {
    const config = join(this.folder, "daemon.json");
    const settings = {
      "data-root": join(this.folder, "data"),
      "exec-root": join(this.folder, "exec"),
      pidfile: join(this.folder, "pid"),
      hosts: [this.host],
      // No network of the host is touched: containers have none, the host's or another container's.
      iptables: false,
      ip6tables: false,
      "ip-forward": false,
      bridge: "none",
      "userland-proxy": false,
      "live-restore": true,
      runtimes: Object.fromEntries(
        RUNTIMES.filter((one) => one.name !== "runc").map((one) => [one.name, { path: one.path }]),
      ),
    };
    writeFileSync(config, JSON.stringify(settings));
    const log = join(this.folder, "log");
    const fd = openSync(log, "a");
    this.#daemon = spawn(DAEMON ?? "", ["--config-file", config], { env: environment(), stdio: ["ignore", fd, fd] });
    try {
      const answers = async () => (await this.docker(["version"])).status === 0 || undefined;
      await until(answers, "an answer of dockerd", 30_000);
    } catch (error) {
      throw new Error(`${String(error)}; its log ends:\n${readFileSync(log, "utf8").slice(-2000)}`);
    }
  }

  docker(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return command(DOCKER, ["--host", this.host, ...args], { timeoutMs: 60_000, ...options });
  }

  /** Packs the image and loads it. */
  async loadImage(): Promise<void> {
    const archive = await packImage(this.folder);
    const found = await this.docker(["load", "--input", archive]);
    if (found.status !== 0) throw new Error(`docker load: ${found.stderr}`);
  }

  /** Ends the daemon alone; containers live on (live-restore). */
  async stop(): Promise<void> {
    const pid = this.#daemon?.pid;
    if (pid !== undefined) await end(pid, "SIGTERM", 20_000);
    this.#daemon = undefined;
  }

  /** Ends and removes everything. Returns what an orderly end would not have left. */
  async close(): Promise<string[]> {
    await this.stop();
    const left = await sweep(this.folder, this.mark);
    rmSync(this.folder, { recursive: true, force: true });
    return left;
  }
}

/** docker with one runtime. Containers carry the seat's mark as a label, and their cgroups are below it. */
export class DockerSeat extends EngineSeat {
  readonly manager = "docker";
  readonly own: readonly string[];
  readonly docker: Docker;

  constructor(runtime: Runtime, docker: Docker) {
    super(runtime, docker.folder, docker.mark);
    this.docker = docker;
    this.own = ["--runtime", runtime.name, "--cgroup-parent", `/${this.mark}`, "--label", `seat=${this.mark}`];
  }

  cgroup(hash: string): string {
    return join(this.mark, hash);
  }

  cli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.docker.docker(args, options);
  }

  onTerminal(args: readonly string[], steps: readonly TerminalStep[]): Promise<Outcome> {
    return onTerminal(DOCKER, ["--host", this.docker.host, ...args], steps);
  }

  async clear(): Promise<string[]> {
    const lines = async (args: string[]) => (await this.cli(args)).stdout.split("\n").filter((line) => line !== "");
    const containers = ["ps", "--all", "--quiet", "--filter", `label=seat=${this.mark}`];
    const there = await lines(containers);
    if (there.length > 0) await this.cli(["rm", "--force", "--volumes", ...there]);
    const volumes = ["volume", "ls", "--quiet", "--filter", `name=${this.mark}`];
    const made = await lines(volumes);
    if (made.length > 0) await this.cli(["volume", "rm", ...made]);
    const cgroups = cgroupsOf(`/${this.mark}/`).map((path) => `cgroup ${path}`);
    return [...(await lines(containers)), ...(await lines(volumes)), ...cgroups];
  }
}
