/** Rules for process and hooks. */
import { CAPABILITY_NUMBERS } from "./capability.ts";
import { MAX_CPU } from "./cpu-list.ts";
import { RLIMIT_NUMBERS } from "./rlimit.ts";
import {
  longerThan,
  nearest,
  type Rule,
  type RuleContext,
  refuse,
  show,
  wantAbsolute,
  wantRange,
} from "./rules-report.ts";
import type { Capabilities, Config, Process, Scheduler } from "./types.ts";

/** Longest argument or variable: MAX_ARG_STRLEN of execve(2), without its NUL. */
const MAX_STRING_BYTES = 131071;

/** NGROUPS_MAX (setgroups(2)). */
const MAX_GROUPS = 65536;

export const PROCESS_RULES: readonly Rule[] = [
  { id: "process", level: "MUST", anchor: "config.md#process", check: checkProcess },
  {
    id: "user",
    level: "MUST",
    anchor: "config.md#posix-platform-user",
    check: (config, context) => {
      checkUser(config.process?.user);
      if (context.makes("user")) checkMapped(config);
    },
  },
  { id: "rlimits", level: "MUST", anchor: "config.md#posix-process", check: checkRlimits },
  { id: "capabilities", level: "SHOULD", anchor: "config.md#linux-process", check: checkCapabilities },
  {
    id: "oom-score-adj",
    level: "MUST",
    anchor: "config.md#linux-process; proc_pid_oom_score_adj(5)",
    check: ({ process }) => wantRange("/process/oomScoreAdj", process?.oomScoreAdj, -1000, 1000),
  },
  {
    id: "scheduler",
    level: "MUST",
    anchor: "config.md#linux-process; sched_setattr(2)",
    check: ({ process }) => checkScheduler(process?.scheduler),
  },
  {
    id: "io-priority",
    level: "MUST",
    anchor: "config.md#linux-process; ioprio_set(2)",
    check: ({ process }) => wantRange("/process/ioPriority/priority", process?.ioPriority?.priority, 0, 7),
  },
  {
    id: "exec-cpu-affinity",
    level: "MUST",
    anchor: "config.md#linux-process",
    check: ({ process }) => checkAffinity(process?.execCPUAffinity),
  },
  { id: "hooks", level: "MUST", anchor: "config.md#posix-platform-hooks", check: checkHooks },
];

/** Rules of a process alone, also of `exec --process`; throws at a pointer below /process. */
export function checkProcess({ process }: Config): void {
  if (process === undefined) refuse("/process", 'missing "process"', "it to be given");
  wantAbsolute("/process/cwd", process.cwd);
  const { args } = process;
  if (args === undefined) refuse("/process/args", 'missing "args"', "it to be given");
  if (args.length === 0) refuse("/process/args", "[]", "at least the program");
  if (args[0] === "") refuse("/process/args/0", '""', "the name or path of the program");
  args.forEach((arg, index) => {
    wantShort(`/process/args/${index}`, arg);
  });
  checkEnvironment("/process/env", process.env);
  checkConsole(process);
}

/** Entries must be NAME=value; only the name may not be broken over lines (input.2). */
function checkEnvironment(pointer: string, env: readonly string[] | undefined): void {
  env?.forEach((entry, index) => {
    const at = `${pointer}/${index}`;
    const end = entry.indexOf("=");
    if (end === -1) refuse(at, show(entry), "NAME=value");
    if (end === 0) refuse(at, show(entry), "a name before the =");
    if (entry.slice(0, end).includes("\n")) refuse(at, show(entry), "a name without a line break");
    wantShort(at, entry);
  });
}

function wantShort(pointer: string, text: string): void {
  if (longerThan(text, MAX_STRING_BYTES)) refuse(pointer, show(text), `at most ${MAX_STRING_BYTES} bytes`);
}

/** struct winsize holds 16 bits each; the size is ignored without a terminal. */
function checkConsole({ terminal, consoleSize }: Process): void {
  if (terminal !== true || consoleSize === undefined) return;
  wantRange("/process/consoleSize/height", consoleSize.height, 0, 65535);
  wantRange("/process/consoleSize/width", consoleSize.width, 0, 65535);
}

function checkUser(user: Process["user"]): void {
  if (user === undefined) return;
  if (user.umask !== undefined && user.umask > 0o777) {
    const hint = "JSON has no octal numbers: 0022 is 18";
    refuse("/process/user/umask", `${user.umask} (octal ${user.umask.toString(8)})`, "0 to 511 (octal 777)", hint);
  }
  const groups = user.additionalGids?.length ?? 0;
  if (groups > MAX_GROUPS) refuse("/process/user/additionalGids", `${groups} groups`, `at most ${MAX_GROUPS}`);
}

/** In a new user namespace an id that no line maps cannot be had (EINVAL of setresuid(2) and setgroups(2)). */
function checkMapped({ process, linux = {} }: Config): void {
  const { uid = 0, gid = 0, additionalGids = [] } = process?.user ?? {};
  const want = (id: number, name: "uidMappings" | "gidMappings", pointer: string): void => {
    const lines = linux[name] ?? [];
    if (lines.some(({ containerID, size }) => id >= containerID && id - containerID < size)) return;
    refuse(`/process/user/${pointer}`, String(id), `an id that linux.${name} maps`);
  };
  want(uid, "uidMappings", "uid");
  want(gid, "gidMappings", "gid");
  additionalGids.forEach((group, index) => {
    want(group, "gidMappings", `additionalGids/${index}`);
  });
}

function checkRlimits({ process }: Config): void {
  const seen = new Set<string>();
  process?.rlimits?.forEach(({ type, soft, hard }, index) => {
    const pointer = `/process/rlimits/${index}`;
    if (!RLIMIT_NUMBERS.has(type)) {
      const near = nearest(type, [...RLIMIT_NUMBERS.keys()]);
      const hint = near === undefined ? undefined : `nearest is "${near}"`;
      refuse(`${pointer}/type`, show(type), "a limit of getrlimit(2)", hint);
    }
    if (seen.has(type)) refuse(`${pointer}/type`, `${show(type)} a second time`, "each limit once");
    seen.add(type);
    if (soft > hard) refuse(`${pointer}/soft`, String(soft), `at most the hard limit ${hard}`);
  });
}

const CAPABILITY_SETS = ["bounding", "effective", "inheritable", "permitted", "ambient"] as const;

/** Unknown capabilities are no error (config.md asks for a warning): fewer rights is the safe side (user.3). */
function checkCapabilities({ process }: Config, { warnings }: RuleContext): void {
  const capabilities: Capabilities = process?.capabilities ?? {};
  const unknown = new Set<string>();
  for (const set of CAPABILITY_SETS) {
    for (const name of capabilities[set] ?? []) {
      if (!CAPABILITY_NUMBERS.has(name)) unknown.add(name);
    }
  }
  if (unknown.size === 0) return;
  const names = [...unknown].slice(0, 20).map(show).join(", ");
  warnings.push(`unknown capabilities are not granted: ${names}; config.json#/process/capabilities`);
}

/** Lists such as 0-3,7 (cpuset(7)). */
function checkAffinity(affinity: Process["execCPUAffinity"]): void {
  for (const name of ["initial", "final"] as const) {
    const list = affinity?.[name] ?? "";
    const pointer = `/process/execCPUAffinity/${name}`;
    if (list !== "" && !/^[0-9]+(-[0-9]+)?(, *[0-9]+(-[0-9]+)?)*$/.test(list))
      refuse(pointer, show(list), "a list such as 0-3,7");
    const high = list.match(/[0-9]+/g)?.find((cpu) => Number(cpu) > MAX_CPU);
    if (high !== undefined) refuse(pointer, high, `CPUs from 0 to ${MAX_CPU}`);
  }
}

/** Which of nice and priority counts depends on the policy (sched(7)). */
function checkScheduler(scheduler: Scheduler | undefined): void {
  if (scheduler === undefined) return;
  const { policy, nice, priority = 0 } = scheduler;
  wantRange("/process/scheduler/nice", nice, -20, 19);
  const realTime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
  wantRange("/process/scheduler/priority", priority, realTime ? 1 : 0, realTime ? 99 : 0);
  if (policy === "SCHED_DEADLINE") return;
  for (const name of ["runtime", "deadline", "period"] as const) {
    const value = scheduler[name];
    if (value !== undefined && value > 0) {
      refuse(`/process/scheduler/${name}`, `${value} with ${policy}`, "it with SCHED_DEADLINE only");
    }
  }
}

/** Kinds of hooks, in the order in which they run. */
export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

function checkHooks({ hooks = {} }: Config): void {
  for (const kind of HOOK_KINDS) {
    hooks[kind]?.forEach(({ path, env, timeout }, index) => {
      const pointer = `/hooks/${kind}/${index}`;
      wantAbsolute(`${pointer}/path`, path);
      checkEnvironment(`${pointer}/env`, env);
      // In milliseconds it must fit the int of poll(2).
      wantRange(`${pointer}/timeout`, timeout, 1, 2_147_483);
    });
  }
}
