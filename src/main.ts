/** The program: from words to an exit status. The one place that prints an error. */
import type * as DiagnoseChunk from "./chunk-diagnose.ts";
import type * as HelpChunk from "./chunk-help.ts";
import type * as HiddenChunk from "./chunk-hidden.ts";
import type * as InitChunk from "./chunk-init.ts";
import type * as JoinChunk from "./chunk-join.ts";
import type * as NetChunk from "./chunk-net.ts";
import type * as NotifyChunk from "./chunk-notify.ts";
import type * as ResctrlChunk from "./chunk-resctrl.ts";
import type * as SeccompChunk from "./chunk-seccomp.ts";
import type * as SeldomChunk from "./chunk-seldom.ts";
import type * as TraceChunk from "./chunk-trace.ts";
import { type Call, type Context, type Flag, GLOBAL_FLAGS } from "./cli/command.ts";
import { COMMANDS } from "./cli/commands.ts";
import { type CommandChunks, setChunks } from "./cli/load.ts";
import { Log } from "./cli/log.ts";
import { type Parsed, parse } from "./cli/parse.ts";
import type { ConfigValidator } from "./config/types.ts";
import type { Host } from "./host/host.ts";
import { AT_CWD, createKernel, type Fd, type Kernel, SyscallError } from "./kernel/call.ts";
import { ARCH, O_RDWR, SIGCHLD, SIGPIPE, SIGXFSZ, SYS_write } from "./kernel/constants.ts";
import { getCwd, isOpen, openAt, writeAll } from "./kernel/file.ts";
import { effectiveUid } from "./kernel/identity.ts";
import { setUmask } from "./kernel/limits.ts";
import { setDisposition } from "./kernel/process.ts";
import type { InitEntry, Runtime } from "./lifecycle/runtime.ts";
import { type ErrorParts, errorLine, partsOf, RuntimeError } from "./shared/error.ts";
import { absolute } from "./shared/path.ts";
import { encode } from "./shared/text.ts";
import { VERSION_TEXT } from "./version.ts";

/** Code that is loaded when it is needed: bytecode chunks on the engine host, plain modules on Node. */
export interface ProgramChunks extends CommandChunks {
  diagnose(): typeof DiagnoseChunk;
  help(): typeof HelpChunk;
  hidden(): typeof HiddenChunk;
  init(): typeof InitChunk;
  join(): typeof JoinChunk;
  net(): typeof NetChunk;
  notify(): typeof NotifyChunk;
  seldom(): typeof SeldomChunk;
  resctrl(): typeof ResctrlChunk;
  seccomp(): typeof SeccompChunk;
  trace(): typeof TraceChunk;
  validateConfig(): ConfigValidator;
}

/** What the entry of a host gives. */
export interface Program {
  host: Host;
  /** Words after the program's name. */
  words: readonly string[];
  /** `NAME=value` strings. */
  env: readonly string[];
  chunks: ProgramChunks;
  /** What the verbs load of them (runtimeChunks). */
  runtimeChunks: Runtime["chunks"];
  initEntry: InitEntry | undefined;
}

/** Those of the program's chunks that the verbs load, in the form that they know. */
export function runtimeChunks(chunks: ProgramChunks): Runtime["chunks"] {
  return {
    validateConfig: () => chunks.validateConfig(),
    netDevices: () => chunks.net().NetDevices,
    notify: () => chunks.notify().notify,
    seldom: () => chunks.seldom().seldom,
    resctrl: () => chunks.resctrl().resctrl,
    preparesHidden: (plan, filter) => chunks.hidden().preparesHidden(plan, filter),
    compileSeccomp: (profile) => chunks.seccomp().compileSeccomp(profile, ARCH),
    runInit: (inner, input) => chunks.init().runInit(inner, input),
    runJoin: (inner, input) => chunks.join().runJoin(inner, input),
    unknownInConfig: (config) => chunks.diagnose().unknownInConfig(config),
    explainExec: (inner, failure) => chunks.diagnose().explainExec(inner, failure),
  };
}

/** Runs a command. Returns the exit status. */
export function main(program: Program): number {
  const kernel = createKernel(program.host, (number, args) => program.chunks.diagnose().describeCall(number, args));
  try {
    return command(program, kernel);
  } catch (error) {
    // Before there is a log, or by the log itself.
    const failure = parse(program.words, COMMANDS)?.command.failure;
    const line = encode(`${failure?.prefix ?? ""}${errorLine(failureOf("start-up", error))}\n`);
    kernel.attempt(SYS_write, 2, line, line.length);
    return failure?.status ?? 1;
  }
}

function command(program: Program, plain: Kernel): number {
  const { words, chunks } = program;
  openStandardStreams(plain);
  // A reader that goes away must be an error that we see, not our end. Every child of ours gets its defaults back.
  setDisposition(plain, SIGPIPE, 1);
  // So is a file size limit of the caller's (user.7): EFBIG in the one line instead of a silent death.
  setDisposition(plain, SIGXFSZ, 1);
  // What the caller ignores or masks is not ours: with SIGCHLD ignored there would be no exit status to read (user.7).
  setDisposition(plain, SIGCHLD, 0);
  setUmask(plain, 0o022);
  if (words.length === 1 && (words[0] === "--version" || words[0] === "-v")) {
    print(plain, `${VERSION_TEXT}\n`);
    return 0;
  }
  const parsed = parse(words, COMMANDS);
  if (parsed === undefined) return usage(plain, chunks, words);
  const env = readEnvironment(program.env);
  const log = new Log(plain, parsed.global);
  try {
    log.open();
    const trace = { file: parsed.global.value("trace"), folder: env.get("TSRUNC_TRACE") || undefined };
    const isTraced = trace.file !== undefined || trace.folder !== undefined;
    const traced = isTraced ? chunks.trace().openTrace(plain, trace, chunks) : undefined;
    const kernel = traced?.kernel ?? plain;
    checkFlags(parsed);
    setChunks(chunks);
    const status = parsed.command.run(contextOf(kernel, program, parsed, env, log, traced?.file));
    log.finish();
    return status;
  } catch (error) {
    const { name } = parsed.command;
    const [id] = parsed.call.args;
    const parts = failureOf(name, error, id === undefined ? name : `${name} ${JSON.stringify(id)}`);
    const { failure } = parsed.command;
    log.fail(failure === undefined ? parts : { ...parts, what: `${failure.prefix}${parts.what}` });
    return failure?.status ?? 1;
  }
}

/** The parts of what was thrown; a call that nobody has worded is the command's own step. */
function failureOf(step: string, error: unknown, what = step): ErrorParts {
  if (!(error instanceof SyscallError)) return partsOf(error);
  return { what, problem: "the kernel refused a call", step, call: error.call, errno: error.code };
}

/** Help to stdout; a usage error to stderr. */
function usage(kernel: Kernel, chunks: ProgramChunks, words: readonly string[]): number {
  const said = chunks.help().answer(words, VERSION_TEXT);
  if (said.stdout !== "") print(kernel, said.stdout);
  if (said.stderr !== "") writeAll(kernel, 2 as Fd, said.stderr);
  return said.status;
}

function print(kernel: Kernel, text: string): void {
  if (text !== "") writeAll(kernel, 1 as Fd, text);
}

/** A closed standard stream would be taken by the next file that is opened (fd.3). */
function openStandardStreams(kernel: Kernel): void {
  for (let fd = 0; fd < 3; fd++) if (!isOpen(kernel, fd)) openAt(kernel, AT_CWD, "/dev/null", O_RDWR);
}

/** The variables that we look at, and no others (input.5). */
const VARIABLES: ReadonlySet<string> = new Set([
  "XDG_RUNTIME_DIR",
  "LISTEN_FDS",
  "LISTEN_PID",
  "NOTIFY_SOCKET",
  "TSRUNC_TRACE",
]);

function readEnvironment(env: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const entry of env) {
    const equals = entry.indexOf("=");
    const name = entry.slice(0, equals);
    if (VARIABLES.has(name)) values.set(name, entry.slice(equals + 1));
  }
  return values;
}

/** Flags that are known and refused, of the program and of each command. */
const REFUSED: ReadonlyMap<string, readonly Flag[]> = new Map(
  [{ name: "", flags: GLOBAL_FLAGS }, ...COMMANDS].map(({ name, flags }) => [
    name,
    flags.filter(({ refused }) => refused !== undefined),
  ]),
);

/** What is known and cannot be done is said before anything is done. */
function checkFlags({ global, command, call }: Parsed): void {
  for (const [owner, given] of [
    ["", global],
    [command.name, call],
  ] as const) {
    for (const { name, refused } of REFUSED.get(owner) ?? [])
      if (given.has(name)) throw badFlag(name, `found --${name}, ${refused}`);
  }
  oneOf(global, "log-level", ["error", "warning", "debug"]);
  const manager = global.value("cgroup-manager");
  if (manager === "systemd")
    throw badFlag(
      "cgroup-manager",
      "found systemd, want cgroupfs or disabled: the systemd driver is missing in this version",
    );
  oneOf(global, "cgroup-manager", ["cgroupfs", "disabled"]);
}

function oneOf(given: Call, name: string, words: readonly string[]): void {
  const value = given.value(name);
  if (value === undefined || words.includes(value)) return;
  throw badFlag(name, `found ${JSON.stringify(value)}, want ${words.slice(0, -1).join(", ")} or ${words.slice(-1)[0]}`);
}

function badFlag(name: string, problem: string): RuntimeError {
  return new RuntimeError({ what: "read command line", problem, where: `--${name}` });
}

function contextOf(
  kernel: Kernel,
  program: Program,
  parsed: Parsed,
  env: ReadonlyMap<string, string>,
  log: Log,
  traceFd: Fd | undefined,
): Context {
  const runtime: Runtime = {
    kernel,
    root: stateRoot(kernel, parsed.global.value("root"), env),
    rootGiven: parsed.global.value("root") !== undefined,
    chunks: program.runtimeChunks,
    initEntry: program.initEntry,
    traceFd,
    env,
    noCgroup: parsed.global.value("cgroup-manager") === "disabled",
    debug:
      parsed.global.has("debug") || parsed.global.value("log-level") === "debug"
        ? (line) => log.debug(line)
        : undefined,
    warn: (line) => log.warn(line),
  };
  return { runtime, call: parsed.call, print: (text) => print(kernel, text), directory: () => getCwd(kernel) };
}

/** Root: /run/ts-runc; others: below XDG_RUNTIME_DIR. */
function stateRoot(kernel: Kernel, given: string | undefined, env: ReadonlyMap<string, string>): string {
  if (given !== undefined) {
    const root = given.startsWith("/") ? absolute(given, "/") : absolute(given, getCwd(kernel));
    if (root !== "/") return root;
    throw new RuntimeError({
      what: "open state directory",
      problem: "found /, want a folder of its own",
      where: "--root",
    });
  }
  const runtimeDirectory = env.get("XDG_RUNTIME_DIR") ?? "";
  return effectiveUid(kernel) !== 0 && runtimeDirectory.startsWith("/")
    ? `${runtimeDirectory}/ts-runc`
    : "/run/ts-runc";
}
