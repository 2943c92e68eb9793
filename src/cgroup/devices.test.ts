/** The v2 device program, run in an eBPF interpreter and held against a model, for many rule lists; v1's lines. */
import t from "tap";
import { deviceProgram, deviceRules, type PlainRule, v1DeviceWrites } from "./devices.ts";

interface Request {
  type: "b" | "c";
  major: number;
  minor: number;
  access: string;
}

const LETTERS: readonly [letter: string, bit: number][] = [
  ["m", 1],
  ["r", 2],
  ["w", 4],
];

/** What is meant: each kind of access that is asked for is decided by the last rule that names it. */
function model(rules: readonly PlainRule[], request: Request): boolean {
  return [...request.access].every((letter) => {
    const last = [...rules]
      .reverse()
      .find(
        (rule) =>
          (rule.type === "a" || rule.type === request.type) &&
          (rule.major === -1 || rule.major === request.major) &&
          (rule.minor === -1 || rule.minor === request.minor) &&
          rule.access.includes(letter),
      );
    return last?.allow ?? false;
  });
}

/** Runs a program as the kernel would: only the codes that we write, and jumps forward. */
function interpret(program: Uint8Array, request: Request): boolean {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const access = LETTERS.reduce((bits, [letter, bit]) => bits | (request.access.includes(letter) ? bit : 0), 0);
  const context = new DataView(new ArrayBuffer(12));
  context.setUint32(0, access * 65536 + (request.type === "b" ? 1 : 2), true);
  context.setUint32(4, request.major, true);
  context.setUint32(8, request.minor, true);
  const registers = new BigUint64Array(11);
  for (let at = 0; at < program.length / 8; at++) {
    const code = view.getUint8(at * 8);
    const destination = view.getUint8(at * 8 + 1) & 15;
    const source = view.getUint8(at * 8 + 1) >> 4;
    const offset = view.getInt16(at * 8 + 2, true);
    // An immediate operand is sign-extended to 64 bits, as BPF_K has it.
    const immediate = BigInt.asUintN(64, BigInt(view.getInt32(at * 8 + 4, true)));
    const value = (code & 8) !== 0 ? (registers[source] ?? 0n) : immediate;
    const left = registers[destination] ?? 0n;
    if (code === 0x61 && source === 1) registers[destination] = BigInt(context.getUint32(offset, true));
    else if (code === 0xb7 || code === 0xbf) registers[destination] = value;
    else if (code === 0x57) registers[destination] = left & value;
    else if (code === 0x77) registers[destination] = left >> value;
    else if (code === 0x55 || code === 0x15) at += (left === value) === (code === 0x15) ? offset : 0;
    else if (code === 0x56) at += BigInt.asUintN(32, left) === BigInt.asUintN(32, value) ? 0 : offset;
    else if (code === 0x95) return registers[0] === 1n;
    else throw new Error(`instruction ${at} has code ${code}`);
  }
  throw new Error("ran past the end");
}

/** Instructions that no path reaches: the kernel's verifier refuses a program that has one. */
function unreachable(program: Uint8Array): number[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const count = program.length / 8;
  const reached = new Set<number>();
  for (const todo = [0]; todo.length > 0; ) {
    const at = todo.pop() ?? 0;
    if (at >= count) throw new Error(`a jump to ${at} of ${count}`);
    if (reached.has(at)) continue;
    reached.add(at);
    const code = view.getUint8(at * 8);
    if (code === 0x95) continue;
    todo.push(at + 1);
    if (code === 0x55 || code === 0x56 || code === 0x15) todo.push(at + 1 + view.getInt16(at * 8 + 2, true));
  }
  return Array.from({ length: count }, (_, index) => index).filter((index) => !reached.has(index));
}

/** Random numbers that are the same in each run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// Above 2^31 an immediate operand turns negative.
const NUMBERS = [0, 1, 2, 1048575, 2 ** 31, 2 ** 32 - 1];
const ACCESS = ["", "r", "w", "m", "rw", "rm", "wm", "rwm"];

function requests(): Request[] {
  const result: Request[] = [];
  for (const type of ["b", "c"] as const)
    for (const major of NUMBERS)
      for (const minor of NUMBERS) for (const access of ACCESS.slice(1)) result.push({ type, major, minor, access });
  return result;
}

t.test("the program decides as the model does, for 300 random lists of rules", (t) => {
  const next = random(7);
  const all = requests();
  let allowed = 0;
  for (let round = 0; round < 300; round++) {
    const rules = Array.from(
      { length: next(9) },
      (): PlainRule => ({
        allow: next(2) === 1,
        type: (["a", "b", "c"] as const)[next(3)] ?? "a",
        major: next(3) === 0 ? -1 : (NUMBERS[next(6)] ?? 0),
        minor: next(3) === 0 ? -1 : (NUMBERS[next(6)] ?? 0),
        access: ACCESS[next(8)] ?? "",
      }),
    );
    const program = deviceProgram(rules);
    const wrong = all.filter((request) => interpret(program, request) !== model(rules, request));
    allowed += all.filter((request) => model(rules, request)).length;
    if (wrong.length > 0) t.fail(`round ${round}`, { rules, wrong: wrong.slice(0, 3) });
    const dead = unreachable(program);
    if (dead.length > 0) t.fail(`round ${round}: dead code`, { rules, dead });
  }
  const share = allowed / (300 * all.length);
  t.ok(
    share > 0.05 && share < 0.9,
    `${Math.round(share * 100)} % of the requests were allowed: both verdicts are tested`,
  );
  t.end();
});

t.test("two rules together grant reading and writing, and a later one takes one away", (t) => {
  const rule = (allow: boolean, access: string): PlainRule => ({ allow, type: "c", major: 1, minor: 11, access });
  const ask = (access: string, ...rules: PlainRule[]) =>
    interpret(deviceProgram(rules), { type: "c", major: 1, minor: 11, access });
  t.equal(ask("rw", rule(true, "r"), rule(true, "w")), true);
  t.equal(ask("rw", rule(true, "rw"), rule(false, "w")), false);
  t.equal(ask("r", rule(true, "rw"), rule(false, "w")), true);
  t.equal(ask("r"), false, "no rule: no access");
  t.end();
});

t.test("deviceRules() denies first, and no rule takes the defaults away", (t) => {
  const rules = deviceRules([{ allow: false, access: "rwm" }]);
  t.strictSame(rules[0], { allow: false, type: "a", major: -1, minor: -1, access: "rwm" });
  const may = (type: "b" | "c", major: number, minor: number, access: string) =>
    interpret(deviceProgram(rules), { type, major, minor, access });
  for (const [major, minor] of [
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
    [136, 77],
  ] as const)
    t.equal(may("c", major, minor, "rwm"), true, `${major}:${minor}`);
  t.equal(may("c", 1, 1, "m"), true, "nodes may be made");
  for (const access of ["r", "w"]) t.equal(may("c", 1, 1, access), false, "and not opened: /dev/mem");
  t.equal(may("b", 8, 1, "r"), false);
  t.end();
});

t.test("v1DeviceWrites(): one line a rule, both types where none is named", (t) => {
  const lines = v1DeviceWrites([
    { allow: false, type: "a", major: -1, minor: -1, access: "rwm" },
    { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
    { allow: true, type: "b", major: 8, minor: -1, access: "m" },
    { allow: false, type: "a", major: -1, minor: -1, access: "w" },
  ]);
  t.strictSame(
    lines.map(({ file, value }) => `${file} ${value}`),
    [
      "devices.deny a",
      "devices.allow c 1:3 rw",
      "devices.allow b 8:* m",
      "devices.deny c *:* w",
      "devices.deny b *:* w",
    ],
  );
  t.end();
});
