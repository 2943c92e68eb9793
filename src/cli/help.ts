/** commander's program, made from the same data as the small parser: help, usage errors, shell completion. */
import { CommanderError, Option, Command as Program } from "commander";
import type { Command, Flag } from "./command.ts";
import { GLOBAL_FLAGS } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { completion } from "./completion.ts";
import { matchFlag } from "./parse.ts";

/** What commander has to say to a call that the small parser did not take. */
export interface Answer {
  stdout: string;
  stderr: string;
  status: number;
}

/** Words for a call: help, or what is wrong with it. */
export function answer(words: readonly string[], version: string): Answer {
  const result: Answer = { stdout: "", stderr: "", status: 1 };
  // commander calls two functions that the engine lacks: its errors V8's, its suggestions this one. Names of commands are ASCII.
  const errors: { captureStackTrace?: unknown } = Error;
  errors.captureStackTrace ??= () => undefined;
  const text: { localeCompare?: unknown } = String.prototype;
  text.localeCompare ??= function (this: string, other: string): number {
    return `${this}` < other ? -1 : Number(`${this}` > other);
  };
  const program = buildProgram(COMMANDS, result);
  program.version(version, "-v, --version");
  try {
    program.parse(rewrite(words, COMMANDS), { from: "user" });
    result.status = 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    result.status = error.exitCode === 0 ? 0 : 1;
  }
  return result;
}

const ONE_BY_ONE = "give flags one by one (-a -b), a value as the next word or after =, and no -- before the command";

/** The program; its actions refuse: what is understood was done by the small parser, but for completion. */
export function buildProgram(commands: readonly Command[], result: Answer): Program {
  const program = new Program("ts-runc");
  const output = {
    writeOut: (text: string) => {
      result.stdout += text;
    },
    writeErr: (text: string) => {
      // In Go's words: Podman looks for them to learn whether restore has --lsm-mount-context (pkg/checkpoint/crutils).
      result.stderr += text.replace(
        /option '(?:-[a-z], )?--([a-z0-9-]+) <[^>]*>' argument missing/,
        "flag needs an argument: --$1",
      );
    },
    getOutHelpWidth: () => 100,
    getErrHelpWidth: () => 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
  program.configureOutput(output).exitOverride().enablePositionalOptions().description("OCI container runtime");
  for (const flag of GLOBAL_FLAGS) program.addOption(optionOf(flag));
  for (const command of commands) {
    const child = program.command(command.name).description(command.help).configureOutput(output).exitOverride();
    for (const arg of command.args) child.argument(arg);
    for (const flag of command.flags) child.addOption(optionOf(flag));
    if (command.flagsFirst === true) child.passThroughOptions();
    // Letters run together, or a value that hangs on one: commander knows them, runc and the small parser do not. Never
    // a silent success.
    child.action(() => program.error(`error: ${ONE_BY_ONE}`));
  }
  program
    .command("completion")
    .description("print a completion script for bash, zsh or fish")
    .argument("<shell>")
    .action((shell: string) => {
      const script = completion(shell, commands);
      if (script === undefined) program.error(`error: unknown shell '${shell}', want bash, zsh or fish`);
      else result.stdout += script;
    });
  return program;
}

function optionOf(flag: Flag): Option {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.value === undefined ? "" : ` <${flag.value}>`;
  const option = new Option(`${short}--${flag.name}${value}`, flag.help);
  if (flag.repeated === true) option.argParser((text: string, before: string[] = []) => [...before, text]);
  return flag.hidden === true ? option.hideHelp() : option;
}

/**
 * Words as commander reads them: runc's long names with one dash get their second, `-b=x` and `--all=true` become
 * what they mean there. Words that are a value or an argument stay as they are: the walk is the small parser's (parse.ts).
 */
export function rewrite(words: readonly string[], commands: readonly Command[]): string[] {
  const result: string[] = [];
  let flags: readonly Flag[] = GLOBAL_FLAGS;
  let begin = 0;
  let first = true;
  for (let next = 0; next < words.length; next++) {
    const word = words[next] ?? "";
    if (word === "--") return [...result, ...words.slice(next)];
    if (word === "-" || !word.startsWith("-")) {
      const command = begin === 0 ? commands.find((entry) => entry.name === word) : undefined;
      if (first && command === undefined) return [...result, ...words.slice(next)];
      result.push(word);
      if (command === undefined) continue;
      ({ flags, flagsFirst: first = false } = command);
      begin = result.length;
      continue;
    }
    const { flag, value } = matchFlag(word, flags);
    if (flag === undefined) result.push(word);
    else if (flag.value === undefined) rewriteSwitch(result, begin, word, flag, value);
    else if (value !== undefined) result.push(`--${flag.name}=${value}`);
    else if (next + 1 < words.length) result.push(`--${flag.name}=${words[++next]}`);
    else result.push(`--${flag.name}`);
  }
  return result;
}

/** A switch that is turned off takes back what came before it; commander has no word for it. */
function rewriteSwitch(result: string[], begin: number, word: string, flag: Flag, value: string | undefined): void {
  const name = `--${flag.name}`;
  if (value === undefined || value === "true") result.push(name);
  else if (value !== "false") result.push(word);
  else result.splice(begin, result.length, ...result.slice(begin).filter((earlier) => earlier !== name));
}
