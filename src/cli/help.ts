/** commander's program, made from the same data as the small parser: help, usage errors, shell completion. */
import { CommanderError, Option, Command as Program } from "commander";
import type { Command, Flag } from "./command.ts";
import { GLOBAL_FLAGS } from "./command.ts";
import { completion } from "./completion.ts";

/** What commander has to say to a call that the small parser did not take. */
export interface Answer {
  stdout: string;
  stderr: string;
  status: number;
}

/** Words for a call: help, or what is wrong with it. */
export function answer(words: readonly string[], commands: readonly Command[], version: string): Answer {
  const result: Answer = { stdout: "", stderr: "", status: 1 };
  // commander's errors call V8's function, which the engine lacks.
  const errors: { captureStackTrace?: unknown } = Error;
  errors.captureStackTrace ??= () => undefined;
  const program = buildProgram(commands, result);
  program.version(version, "-v, --version");
  try {
    program.parse(rewrite(words, commands), { from: "user" });
    result.status = 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    result.status = error.exitCode === 0 ? 0 : 1;
  }
  return result;
}

/** The program; its actions do nothing: what parses was done by the small parser, but for completion. */
export function buildProgram(commands: readonly Command[], result: Answer): Program {
  const program = new Program("ts-runc");
  const output = {
    writeOut: (text: string) => {
      result.stdout += text;
    },
    writeErr: (text: string) => {
      result.stderr += text;
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
    child.action(() => undefined);
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
  return flag.hidden === true ? option.hideHelp() : option;
}

/** Long names with one dash, which runc takes and commander would read as letters, get their second. */
export function rewrite(words: readonly string[], commands: readonly Command[]): string[] {
  const names = new Set([...GLOBAL_FLAGS, ...commands.flatMap((command) => command.flags)].map((flag) => flag.name));
  const rest = words.indexOf("--");
  return words.map((word, index) => {
    const name = /^-([a-z][a-z-]+)(=|$)/.exec(word)?.[1];
    return name !== undefined && names.has(name) && (rest < 0 || index < rest) ? `-${word}` : word;
  });
}
