/**
 * The parser for well-formed calls: commander costs 2 ms, more than most commands take (ENGINE.md). It says "no" to everything that it does
 * not know, and then commander words the answer; on what it accepts the two are proven equal (parse.test.ts).
 */
import type { Call, Command, Flag } from "./command.ts";
import { GLOBAL_FLAGS } from "./command.ts";

/** A call that was understood. */
export interface Parsed {
  global: Call;
  command: Command;
  call: Call;
}

/** Parses words after the program's name; undefined: ask commander. */
export function parse(words: readonly string[], commands: readonly Command[]): Parsed | undefined {
  const global = takeFlags(words, 0, GLOBAL_FLAGS, true);
  if (global === undefined) return undefined;
  const name = words[global.next];
  const command = name === undefined ? undefined : indexCommands(commands).get(name);
  if (command === undefined) return undefined;
  const own = takeFlags(words, global.next + 1, command.flags, command.flagsFirst === true);
  if (own === undefined) return undefined;
  const args = [...own.args, ...words.slice(own.next)];
  const least = command.args.filter((arg) => !arg.startsWith("[")).length;
  const most = command.args.some((arg) => arg.includes("...")) ? Infinity : command.args.length;
  if (args.length < least || args.length > most) return undefined;
  return { global: callOf(global.values, []), command, call: callOf(own.values, args) };
}

function callOf(values: Values, args: readonly string[]): Call {
  return {
    value: (name) => {
      const value = values.get(name);
      return value === true ? undefined : value?.at(-1);
    },
    values: (name) => {
      const value = values.get(name);
      return value === true ? [] : (value ?? []);
    },
    has: (name) => values.has(name),
    args,
  };
}

/** Switches that are on, and the values of flags in order. */
type Values = Map<string, readonly string[] | true>;

interface Taken {
  values: Values;
  args: string[];
  /** Index of the first word that was not taken. */
  next: number;
}

/**
 * Takes flags from `start` on. Long names work with one dash as well as with two (go-runc sends `-no-subreaper`), values as the next word or
 * after `=`.
 *
 * @param first stop at the first argument.
 */
function takeFlags(words: readonly string[], start: number, flags: readonly Flag[], first: boolean): Taken | undefined {
  const taken: Taken = { values: new Map(), args: [], next: start };
  while (taken.next < words.length) {
    const word = words[taken.next] ?? "";
    if (word === "--") {
      if (first && start === 0) return undefined;
      taken.next++;
      return taken;
    }
    if (word === "-" || !word.startsWith("-")) {
      if (first) return taken;
      taken.args.push(word);
      taken.next++;
      continue;
    }
    if (!takeFlag(words, taken, flags)) return undefined;
  }
  return taken;
}

/** Commands and flags by their names, made once for each list: to look through a list touches all of its objects. */
const COMMAND_INDEX = new WeakMap<readonly Command[], ReadonlyMap<string, Command>>();
const FLAG_INDEX = new WeakMap<readonly Flag[], FlagIndex>();

interface FlagIndex {
  long: ReadonlyMap<string, Flag>;
  short: ReadonlyMap<string, Flag>;
}

/** Makes the indexes of commands and of their flags, unless it has; the heap image has those of all. */
export function indexCommands(commands: readonly Command[]): ReadonlyMap<string, Command> {
  const known = COMMAND_INDEX.get(commands);
  if (known !== undefined) return known;
  const index = new Map(commands.map((command) => [command.name, command]));
  COMMAND_INDEX.set(commands, index);
  for (const flags of [GLOBAL_FLAGS, ...commands.map((command) => command.flags)]) indexFlags(flags);
  return index;
}

function indexFlags(flags: readonly Flag[]): FlagIndex {
  const known = FLAG_INDEX.get(flags);
  if (known !== undefined) return known;
  const short = flags.flatMap((flag): [string, Flag][] => (flag.short === undefined ? [] : [[flag.short, flag]]));
  const index = { long: new Map(flags.map((flag) => [flag.name, flag])), short: new Map(short) };
  FLAG_INDEX.set(flags, index);
  return index;
}

/** The flag that a word names, and what follows its `=`. */
export function matchFlag(word: string, flags: readonly Flag[]): { flag: Flag | undefined; value: string | undefined } {
  const equals = word.indexOf("=");
  const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^--?/, "");
  const { long, short } = indexFlags(flags);
  const flag = long.get(name) ?? (word.startsWith("--") ? undefined : short.get(name));
  return { flag, value: equals < 0 ? undefined : word.slice(equals + 1) };
}

function takeFlag(words: readonly string[], taken: Taken, flags: readonly Flag[]): boolean {
  const { flag, value } = matchFlag(words[taken.next] ?? "", flags);
  if (flag === undefined) return false;
  taken.next++;
  if (flag.value === undefined) {
    const text = value ?? "true";
    if (text !== "true" && text !== "false") return false;
    if (text === "true") taken.values.set(flag.name, true);
    else taken.values.delete(flag.name);
    return true;
  }
  const text = value ?? words[taken.next++];
  if (text === undefined) return false;
  const before = taken.values.get(flag.name) ?? [];
  taken.values.set(flag.name, before === true || flag.repeated !== true ? [text] : [...before, text]);
  return true;
}
