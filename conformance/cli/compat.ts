/** docs/runc-compat.md: runc's command line beside ours, made from the commands' data. */
import { type Command, type Flag, GLOBAL_FLAGS } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { BEHAVIOUR, DIFFERENCES, RUNC_COMMANDS, RUNC_GLOBAL } from "./runc.ts";

/** Where it is written. */
export const COMPAT = "docs/runc-compat.md";

/** Why a command or flag of runc's is not there at all; what stands here and is there is an error of the test. */
export const ABSENT: ReadonlyMap<string, string> = new Map();

/** One line of the table. */
export interface Row {
  /** `update --memory`. */
  name: string;
  state: "yes" | "refused" | "no";
  note: string;
}

/** All of runc's commands and flags with what becomes of them here. */
export function rows(): Row[] {
  const result = RUNC_GLOBAL.map((name) => flagRow("", name, GLOBAL_FLAGS));
  for (const [name, flags] of RUNC_COMMANDS) {
    const command = COMMANDS.find((entry) => entry.name === name);
    result.push(commandRow(name, command));
    for (const flag of flags) result.push(flagRow(`${name} `, flag, command?.flags ?? [], command));
  }
  return result;
}

function commandRow(name: string, command: Command | undefined): Row {
  const difference = DIFFERENCES.get(name) ?? "";
  if (command === undefined) return { name, state: "no", note: ABSENT.get(name) ?? "" };
  return { name, state: "yes", note: difference };
}

function flagRow(prefix: string, spelled: string, flags: readonly Flag[], command?: Command): Row {
  const [long = "", short] = spelled.split(",");
  const name = `${prefix}--${long}`;
  const flag = flags.find((entry) => entry.name === long && entry.short === short);
  const whole = prefix !== "" && command === undefined ? "with its command" : "";
  if (flag === undefined) return { name, state: "no", note: ABSENT.get(name) ?? whole };
  const difference = DIFFERENCES.get(name) ?? "";
  return flag.refused === undefined
    ? { name, state: "yes", note: difference }
    : { name, state: "refused", note: flag.refused };
}

/** What we have and runc has not. */
export function extras(): string[] {
  const names: string[] = [];
  const add = (command: string, flags: readonly Flag[], known: readonly string[]) => {
    const longs = known.map((flag) => flag.split(",")[0]);
    for (const flag of flags) if (!longs.includes(flag.name)) names.push(`\`${command}--${flag.name}\`: ${flag.help}`);
  };
  add("", GLOBAL_FLAGS, RUNC_GLOBAL);
  for (const command of COMMANDS) {
    const known = RUNC_COMMANDS.get(command.name);
    if (known === undefined) names.push(`\`${command.name}\`: ${command.help}`);
    else add(`${command.name} `, command.flags, known);
  }
  return [...names, "`completion SHELL`: a completion script for bash, zsh or fish"];
}

/** The document. */
export function document(): string {
  const all = rows();
  const count = (state: Row["state"]) => all.filter((row) => row.state === state).length;
  const lines = all.map(({ name, state, note }) => `| \`${name}\` | ${state} | ${note.replaceAll("|", "\\|")} |`);
  return `# runc's command line in ts-runc

Written by \`npm run docs\` from the definitions of the commands; a test compares. Of runc's ${all.length} commands and
flags (1.5) ${count("yes")} are there, ${count("refused")} are known and refused with a line that says why, ${count("no")} are absent.

Long flags take one dash or two (\`-root\`, \`--root\`), values as the next word or after \`=\`. \`exec\`, \`kill\` and \`ps\`
take no flags after the container's id. Any failure exits 1, a failing \`exec\` 255.

| command or flag | there | note |
|---|---|---|
${lines.join("\n")}

## Beside the command line

${BEHAVIOUR.map((line) => `- ${line}`).join("\n")}

## What runc does not have

${extras()
  .map((line) => `- ${line}`)
  .join("\n")}

## crun's

\`--cgroup-manager cgroupfs|disabled\`, \`--log-level\`, \`create --config\` and \`run --config\` are taken as crun takes them,
\`--cgroup-manager systemd\` is refused with a line. crun's other own flags (\`kill --regex\` and \`delete --regex\`: a pattern
that is too wide ends what nobody meant; \`list --quiet\` feeds a loop) and its command \`mounts\` are unknown here, and said to be.
`;
}
