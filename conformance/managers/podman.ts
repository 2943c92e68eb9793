/** Podman with folders of its own, one set a runtime, configured by the drop-in that ships in docs/. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  command,
  firstFile,
  isRoot,
  type Outcome,
  onTerminal,
  pause,
  type RunOptions,
  type TerminalStep,
} from "./command.ts";
import { EngineSeat } from "./engine.ts";
import { packImage } from "./image.ts";
import { RUNTIMES, type Runtime } from "./scenario.ts";
import { cgroupsOf, removeUnused, sweep } from "./sweep.ts";

const PODMAN = firstFile(["/usr/bin/podman", "/usr/local/bin/podman"]);
const DEFAULT_PARENT = "/libpod_parent";
const DROP_IN = "docs/containers.conf.d/ts-runc.conf";

/** Why there can be no Podman here; undefined when there can. */
export function whyNoPodman(): string | undefined {
  if (!isRoot()) return "Podman is tested as root";
  if (PODMAN === undefined) return "podman is not installed (Debian's package podman)";
  return RUNTIMES.map((runtime) => runtime.path)
    .filter((path) => !existsSync(path))
    .map((path) => `${path} is missing`)[0];
}

/** Both seats' folders. Podman has no daemon: what must be ended are its conmons and containers. */
export class Podman {
  readonly folder: string;
  readonly mark: string;
  readonly seats: readonly PodmanSeat[];
  /** Podman's default parent, which play kube cannot be told to leave, as far as somebody else has made it. */
  readonly #before = new Set(cgroupsOf(DEFAULT_PARENT));

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "ts-runc-podman-"));
    this.mark = `tsm${process.pid}`;
    this.seats = RUNTIMES.map((runtime) => new PodmanSeat(runtime, this.folder, this.mark));
  }

  /** Packs the image and loads it into both stores. */
  async loadImage(): Promise<void> {
    const archive = await packImage(this.folder);
    for (const seat of this.seats) {
      const found = await seat.cli(["load", "--input", archive]);
      if (found.status !== 0) throw new Error(`podman load: ${found.stderr}`);
    }
  }

  /** Ends and removes everything. Returns what an orderly end would not have left. */
  async close(): Promise<string[]> {
    const left = await sweep(this.folder, this.mark);
    removeUnused(cgroupsOf(DEFAULT_PARENT).filter((path) => !this.#before.has(path)));
    rmSync(this.folder, { recursive: true, force: true });
    return left;
  }
}

/** The shipped drop-in, with the runtime where it was built, and what only a test needs. */
function configuration(runtime: Runtime): string {
  const shipped = readFileSync(DROP_IN, "utf8");
  const own = RUNTIMES.map((one) => `${one.name} = ["${one.path}"]`).join("\n");
  return shipped
    .replace(/^# runtime = .*$/m, `runtime = "${runtime.name}"\nevents_logger = "file"\nlock_type = "file"`)
    .replace(/^ts-runc = .*$/m, own)
    .concat('\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n');
}

/** podman with one runtime. */
export class PodmanSeat extends EngineSeat {
  readonly manager = "podman";
  readonly own: readonly string[];
  readonly #global: readonly string[];
  readonly #env: Record<string, string>;

  constructor(runtime: Runtime, folder: string, mark: string) {
    super(runtime, folder, mark);
    this.own = ["--cgroup-parent", `/${this.mark}`];
    const store = (name: string): string => {
      const path = join(this.folder, "podman", name);
      mkdirSync(path, { recursive: true });
      return path;
    };
    const config = join(this.folder, "containers.conf");
    writeFileSync(config, configuration(runtime));
    const folders = ["root", "runroot", "tmpdir", "volumepath", "network-config-dir"];
    this.#global = ["--storage-driver", "overlay", ...folders.flatMap((name) => [`--${name}`, store(name)])];
    this.#env = { CONTAINERS_CONF: config };
  }

  cgroup(hash: string): string {
    return join(this.mark, `libpod-${hash}`);
  }

  cli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const env = { ...this.#env, ...options.env };
    return command(PODMAN ?? "", [...this.#global, ...args], { timeoutMs: 60_000, ...options, env });
  }

  onTerminal(args: readonly string[], steps: readonly TerminalStep[]): Promise<Outcome> {
    return onTerminal(PODMAN ?? "", [...this.#global, ...args], steps, { env: this.#env });
  }

  async clear(): Promise<string[]> {
    const said: string[] = [];
    for (const words of [
      ["pod", "rm", "--all", "--force", "--time", "0"],
      ["rm", "--all", "--force", "--volumes", "--time", "0"],
      ["volume", "rm", "--all", "--force"],
    ]) {
      let found = await this.cli(words);
      // Podman's own clean-up of a container that has just ended goes on beside it, and then a mount of it is busy.
      for (let tries = 1; tries < 5 && found.status !== 0; tries++) {
        await pause(1000);
        found = await this.cli(words);
      }
      if (found.status !== 0) said.push(`${words.join(" ")}: ${found.stderr}`);
    }
    const left = (await this.cli(["ps", "--all", "--quiet"])).stdout.split("\n").filter((line) => line !== "");
    // Those of conmon and of pods are Podman's, which leaves them in hierarchies that it does not know. Below the default parent the other seat's
    // containers lie as well, until it has come to its end.
    const cgroupsNow = () =>
      [`/${this.mark}/`, `${DEFAULT_PARENT}/`]
        .flatMap((mark) => cgroupsOf(mark))
        .filter((path) => /\/libpod-[0-9a-f]{64}$/.test(path));
    let cgroups = cgroupsNow();
    for (let look = 0; look < 300 && cgroups.length > 0; look++) {
      await pause(100);
      cgroups = cgroupsNow();
    }
    return [...said, ...left, ...cgroups.map((path) => `cgroup ${path}`)];
  }
}
