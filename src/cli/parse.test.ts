/** The small parser says what commander would say, on generated argument lists. */
import t from "tap";
import { type Command, type Flag, GLOBAL_FLAGS } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { type Answer, answer, buildProgram, rewrite } from "./help.ts";
import { parse } from "./parse.ts";

/** A call in a form that both parsers' answers can be brought to. */
interface Understood {
  command: string;
  global: Record<string, string | true>;
  flags: Record<string, string | true>;
  args: readonly string[];
}

/** Stands between the values of a repeated flag. */
const BETWEEN = "\0";

function byUs(words: readonly string[]): Understood | undefined {
  const parsed = parse(words, COMMANDS);
  if (parsed === undefined) return undefined;
  const { command, call, global } = parsed;
  const read = (flags: readonly Flag[], from: typeof call) =>
    Object.fromEntries(
      flags
        .filter((flag) => from.has(flag.name))
        .map((flag): [string, string | true] => [
          flag.name,
          flag.value === undefined || from.values(flag.name).join(BETWEEN),
        ]),
    );
  return {
    command: command.name,
    global: read(GLOBAL_FLAGS, global),
    flags: read(command.flags, call),
    args: call.args,
  };
}

/** commander keeps `--no-pivot` as `pivot: false`, and other names in camel case. */
function readOptions(flags: readonly Flag[], options: Record<string, unknown>): Record<string, string | true> {
  const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const found: Record<string, string | true> = {};
  for (const flag of flags) {
    const negated = flag.value === undefined && flag.name.startsWith("no-");
    const value = options[camel(negated ? flag.name.slice(3) : flag.name)];
    if (negated ? value === false : value === true) found[flag.name] = true;
    else if (typeof value === "string") found[flag.name] = value;
    else if (Array.isArray(value)) found[flag.name] = value.join(BETWEEN);
  }
  return found;
}

function byCommander(words: readonly string[]): Understood | undefined {
  const said: Answer = { stdout: "", stderr: "", status: 1 };
  const program = buildProgram(COMMANDS, said);
  let seen: Understood | undefined;
  program.hook("preAction", (_, action) => {
    const command = COMMANDS.find((entry) => entry.name === action.name());
    if (command === undefined) return;
    seen = {
      command: command.name,
      global: readOptions(GLOBAL_FLAGS, program.opts()),
      flags: readOptions(command.flags, action.opts()),
      args: action.args,
    };
  });
  try {
    program.parse(rewrite(words, COMMANDS), { from: "user" });
  } catch {
    // A usage error comes before the action; the action itself refuses too, after the hook.
  }
  return seen;
}

/** mulberry32: the same lists on each run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const random = randomFrom(20261121);
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const VALUES = ["/run/x", "json", "a=b", "", "-", "-x", "--", "--root", "-bundle", "9", "-9", "KILL", "ünï", "c1"];

/** Ways to write a flag that runc takes; each with what it means. */
function writeFlag(flag: Flag, into: Record<string, string | true>): string[] {
  const dashes = pick(["-", "--"]);
  const name = flag.short !== undefined && random(2) === 0 ? `-${flag.short}` : `${dashes}${flag.name}`;
  if (flag.value === undefined) {
    const form = pick(["", "", "=true", "=false"]);
    if (form === "=false") delete into[flag.name];
    else into[flag.name] = true;
    return [`${name}${form}`];
  }
  const value = pick(VALUES);
  const before = into[flag.name];
  into[flag.name] = flag.repeated === true && typeof before === "string" ? before + BETWEEN + value : value;
  return random(2) === 0 ? [`${name}=${value}`] : [name, value];
}

function writeFlags(flags: readonly Flag[], into: Record<string, string | true>): string[] {
  return flags.length === 0 ? [] : Array.from({ length: random(4) }, () => writeFlag(pick(flags), into)).flat();
}

/** A well-formed call, and what it means. */
function wellFormed(command: Command): { words: string[]; meant: Understood } {
  const meant: Understood = { command: command.name, global: {}, flags: {}, args: [] };
  const least = command.args.filter((arg) => !arg.startsWith("[")).length;
  const count = least + random(command.args.length - least + 1);
  const args = Array.from({ length: count }, () => pick(["c1", "x", "", "-", "9"]));
  const global = writeFlags(GLOBAL_FLAGS, meant.global);
  const before = writeFlags(command.flags, meant.flags);
  // After the arguments too, as runc's callers write them, but where these may begin with a dash.
  const after = command.flagsFirst === true ? [] : writeFlags(command.flags, meant.flags);
  return { words: [...global, command.name, ...before, ...args, ...after], meant: { ...meant, args } };
}

t.test("a well-formed call means what was meant, to both", (t) => {
  const wrong: unknown[] = [];
  for (let round = 0; round < 3000; round++) {
    const { words, meant } = wellFormed(pick(COMMANDS));
    const want = sorted(meant);
    if (sorted(byUs(words)) !== want || sorted(byCommander(words)) !== want)
      wrong.push({ words, want, us: sorted(byUs(words)), commander: sorted(byCommander(words)) });
  }
  t.strictSame(wrong.slice(0, 3), []);
  t.end();
});

/** Text that is equal for equal calls, whatever the order of their flags. */
function sorted(call: Understood | undefined): string {
  if (call === undefined) return "refused";
  const entries = (flags: Record<string, string | true>) => Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([call.command, entries(call.global), entries(call.flags), call.args]);
}

t.test("any list: what the small parser accepts, commander accepts, with the same meaning", (t) => {
  const flagWords = [...GLOBAL_FLAGS, ...COMMANDS.flatMap((command) => command.flags)].flatMap((flag) => [
    `--${flag.name}`,
    `-${flag.name}`,
    `--${flag.name}=x`,
    ...(flag.short === undefined ? [] : [`-${flag.short}`, `-${flag.short}=x`, `-${flag.short}x`, `--${flag.short}`]),
  ]);
  const extra = ["--all=true", "--all=false", "--all=yes", "-fq", "-ab", "--", "--help", "-h", "help", "completion"];
  const words = [...COMMANDS.map((command) => command.name), ...flagWords, ...extra, ...VALUES];
  let accepted = 0;
  let silent = 0;
  const wrong: unknown[] = [];
  for (let round = 0; round < 6000; round++) {
    // Half from nothing, half a good call with one or two words taken out or put in.
    const list =
      random(2) === 0 ? Array.from({ length: random(6) }, () => pick(words)) : wellFormed(pick(COMMANDS)).words;
    for (let change = random(3); change > 0; change--) list.splice(random(list.length + 1), random(2), pick(words));
    const us = byUs(list);
    if (us !== undefined) {
      accepted++;
      const [ours, theirs] = [sorted(us), sorted(byCommander(list))];
      if (ours !== theirs) wrong.push({ list, ours, theirs });
      continue;
    }
    // The rest is commander's: an answer, or an error; it must never look done.
    const said = answer(list, "ts-runc version 0");
    if (said.status === 0 ? said.stdout === "" : said.stderr === "") silent++;
  }
  t.strictSame(wrong.slice(0, 3), []);
  t.equal(silent, 0, "no list is refused in silence or taken for done");
  t.ok(accepted > 1000, `${accepted} of the lists were accepted`);
  t.end();
});

t.test("kill takes a signal with a dash", (t) => {
  t.strictSame(byUs(["kill", "c1", "-9"])?.args, ["c1", "-9"]);
  t.strictSame(byUs(["kill", "--all", "c1", "KILL"])?.flags, { all: true });
  t.end();
});

t.test("letters run together are an error that says what to write", (t) => {
  const said = answer(["list", "-qf", "json"], "ts-runc version 0");
  t.equal(said.status, 1);
  t.match(said.stderr, /give flags one by one/);
  t.end();
});
