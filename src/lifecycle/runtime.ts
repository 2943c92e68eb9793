/** What every verb is given: the kernel, where state is kept, and what is loaded only when needed. */
import type * as Resctrl from "../cgroup/resctrl.ts";
import type { ProcessPlan } from "../config/plan-types.ts";
import type { ConfigValidator } from "../config/types.ts";
import type { JoinInput } from "../init/join.ts";
import type { InitInput } from "../init/sequence.ts";
import type { Fd, Kernel } from "../kernel/call.ts";
import type { SeccompFilter } from "../seccomp/compile.ts";
import type { SeccompProfile } from "../seccomp/profile.ts";
import type { RuntimeError } from "../shared/error.ts";
import type { ExecFailure } from "./diagnose.ts";
import type { NetDevices } from "./net-devices.ts";
import type * as Notify from "./notify.ts";
import type * as Seldom from "./seldom.ts";

/** Code that is loaded when it is used: on the engine host what few commands need is packed bytecode. */
export interface Chunks {
  validateConfig(): ConfigValidator;
  resctrl(): typeof Resctrl;
  netDevices(): typeof NetDevices;
  notify(): typeof Notify;
  seldom(): typeof Seldom;
  preparesHidden(plan: ProcessPlan, filter: Uint8Array | undefined): boolean;
  compileSeccomp(profile: SeccompProfile): SeccompFilter;
  /** Becomes the container's init; never returns. */
  runInit(kernel: Kernel, input: InitInput): never;
  /** Becomes a process that joins; never returns. */
  runJoin(kernel: Kernel, input: JoinInput): never;
  unknownInConfig(config: unknown): string[];
  explainExec(kernel: Kernel, failure: ExecFailure): RuntimeError;
}

/** How init goes on where it cannot be this process (Node): its program is executed anew, with `init FD` as last arguments. */
export interface InitEntry {
  path: string;
  argv: string[];
  env: string[];
}

export interface Runtime {
  kernel: Kernel;
  /** State directory of all containers. */
  root: string;
  /** The user named it with --root. */
  rootGiven: boolean;
  chunks: Chunks;
  /** undefined: init goes on in the cloned process (engine). */
  initEntry: InitEntry | undefined;
  /** A folder in resctrl's place, for tests of the library on machines without it; undefined: where resctrl is mounted. */
  resctrl?: string;
  /** Containers get no cgroup of their own (--cgroup-manager disabled). */
  noCgroup?: boolean;
  /** Descriptor of the trace file, which init inherits. */
  traceFd: Fd | undefined;
  /** The environment variables that we use, and no others (input.5). */
  env: ReadonlyMap<string, string>;
  /** Takes a line for --debug; undefined without it. */
  debug: ((line: string) => void) | undefined;
  /** Takes a warning, which is folded into the one log object. */
  warn(line: string): void;
}
