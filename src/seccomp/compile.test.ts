import t from "tap";
import { dataWords, decodeProgram, runProgram } from "../../test/support/bpf-interpreter.ts";
import { KNOWN_OPERATORS } from "./arguments.ts";
import { compileSeccomp } from "./compile.ts";
import type { SeccompArgument, SeccompProfile, SeccompSyscall } from "./profile.ts";

const X86_64 = 0xc000003e;
const X86 = 0x40000003;
const AARCH64 = 0xc00000b7;
const KILL_THREAD = 0;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
/** getpid on x86_64 and x86, whose numbers for it differ. */
const GETPID = 39;
const GETPID_X86 = 20;

/** The verdict of a profile's filter on one call. */
function verdict(profile: SeccompProfile, nr: number, args: readonly bigint[] = [], arch = X86_64): number {
  const native = arch === AARCH64 ? "aarch64" : "x86_64";
  return runProgram(decodeProgram(compileSeccomp(profile, native).program), dataWords({ nr, arch, args }));
}

function denying(syscalls: readonly SeccompSyscall[], architectures: readonly string[] = []): SeccompProfile {
  return { defaultAction: "SCMP_ACT_ERRNO", architectures, syscalls };
}

function allowing(...args: SeccompArgument[]): SeccompSyscall {
  return { names: ["getpid"], action: "SCMP_ACT_ALLOW", args };
}

t.test("actions and their errnos become SECCOMP_RET_* values", (test) => {
  const cases: [string, number | undefined, number][] = [
    ["SCMP_ACT_KILL", undefined, 0],
    ["SCMP_ACT_KILL_THREAD", undefined, 0],
    ["SCMP_ACT_KILL_PROCESS", 5, 0x80000000],
    ["SCMP_ACT_TRAP", 5, 0x00030000],
    ["SCMP_ACT_ERRNO", undefined, 0x00050001],
    ["SCMP_ACT_ERRNO", 0, 0x00050000],
    ["SCMP_ACT_ERRNO", 4095, 0x00050fff],
    ["SCMP_ACT_TRACE", undefined, 0x7ff00001],
    ["SCMP_ACT_TRACE", 65535, 0x7ff0ffff],
    ["SCMP_ACT_LOG", undefined, 0x7ffc0000],
    ["SCMP_ACT_NOTIFY", undefined, 0x7fc00000],
  ];
  for (const [action, errnoRet, expected] of cases) {
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getpid"], action, errnoRet }] };
    test.equal(verdict(profile, GETPID), expected, `${action} ${errnoRet}`);
    test.equal(verdict(profile, GETPID + 1), ALLOW);
    if (action === "SCMP_ACT_NOTIFY") continue;
    const other = { defaultAction: action, defaultErrnoRet: errnoRet, syscalls: [allowing()] };
    test.equal(verdict(other, GETPID - 1), expected, `default ${action} ${errnoRet}`);
    test.equal(verdict(other, GETPID), ALLOW);
  }
  test.end();
});

t.test("operators compare unsigned 64-bit values, low halves only on 32-bit architectures", (test) => {
  const value = 0x200000005n;
  const near = [value - 1n, value, value + 1n, 5n, 4n, 6n, 0x100000006n, 0x300000004n, 0n, 0xffffffffffffffffn];
  const expected: Record<string, (argument: bigint, to: bigint) => boolean> = {
    SCMP_CMP_NE: (argument, to) => argument !== to,
    SCMP_CMP_LT: (argument, to) => argument < to,
    SCMP_CMP_LE: (argument, to) => argument <= to,
    SCMP_CMP_EQ: (argument, to) => argument === to,
    SCMP_CMP_GE: (argument, to) => argument >= to,
    SCMP_CMP_GT: (argument, to) => argument > to,
  };
  for (const [op, holds] of Object.entries(expected)) {
    const profile = denying([allowing({ index: 2, value, op })], ["SCMP_ARCH_X86"]);
    for (const argument of near) {
      const args = [9n, 9n, argument];
      test.equal(verdict(profile, GETPID, args), holds(argument, value) ? ALLOW : EPERM, `${op} ${argument}`);
      const low = holds(argument & 0xffffffffn, 5n) ? ALLOW : EPERM;
      test.equal(verdict(profile, GETPID_X86, args, X86), low, `x86 ${op} ${argument}`);
    }
  }
  test.end();
});

t.test("MASKED_EQ: value is the mask, valueTwo what is left", (test) => {
  const masked = (value: bigint | number, valueTwo: bigint | number) =>
    denying([allowing({ index: 0, value, valueTwo, op: "SCMP_CMP_MASKED_EQ" })]);
  test.equal(verdict(masked(0xf0, 0x35), GETPID, [0xff3fn]), ALLOW, "bits outside the mask do not count");
  test.equal(verdict(masked(0xf0, 0x35), GETPID, [0x45n]), EPERM);
  test.equal(verdict(masked(0xff00000000n, 0x1200000000n), GETPID, [0x12deadbeefn]), ALLOW, "high half");
  test.equal(verdict(masked(0xff00000000n, 0x1200000000n), GETPID, [0x13deadbeefn]), EPERM);
  test.equal(verdict(masked(0, 1), GETPID, [7n]), ALLOW, "no bit: always");
  test.end();
});

t.test("conditions: all of a rule, any of several rules, any where an argument is named twice", (test) => {
  const first = { index: 0, value: 1, op: "SCMP_CMP_EQ" };
  const second = { index: 1, value: 2, op: "SCMP_CMP_EQ" };
  const both = denying([allowing(second, first)]);
  test.equal(verdict(both, GETPID, [1n, 2n]), ALLOW);
  test.equal(verdict(both, GETPID, [1n, 3n]), EPERM);
  const either = denying([allowing(first), allowing(second)]);
  for (const args of [
    [1n, 3n],
    [3n, 2n],
  ])
    test.equal(verdict(either, GETPID, args), ALLOW);
  test.equal(verdict(either, GETPID, [3n, 3n]), EPERM);
  const twice = denying([allowing(first, { ...first, value: 5 }, second)]);
  for (const args of [
    [1n, 9n],
    [5n, 9n],
    [9n, 2n],
  ])
    test.equal(verdict(twice, GETPID, args), ALLOW);
  test.equal(verdict(twice, GETPID, [9n, 9n]), EPERM);
  test.end();
});

t.test("a rule without conditions beats those with; the first of those without wins", (test) => {
  const conditional = allowing({ index: 0, value: 1, op: "SCMP_CMP_EQ" });
  const trap = { names: ["getpid"], action: "SCMP_ACT_TRAP" };
  for (const rules of [
    [conditional, trap],
    [trap, conditional],
    [trap, allowing()],
  ]) {
    test.equal(verdict(denying(rules), GETPID, [1n]), 0x00030000);
  }
  test.end();
});

t.test("architectures: unlisted ones and x32 calls are killed, number -1 is not", (test) => {
  const profile = denying([allowing()], ["SCMP_ARCH_X86"]);
  test.equal(verdict(profile, GETPID_X86, [], X86), ALLOW);
  test.equal(verdict(denying([allowing()]), GETPID_X86, [], X86), KILL_THREAD);
  test.equal(verdict(profile, 0x40000000 + GETPID), KILL_THREAD);
  test.equal(verdict(profile, 0x80000000), KILL_THREAD);
  test.equal(verdict(profile, 0xffffffff), EPERM);
  const x32 = denying([allowing()], ["SCMP_ARCH_X32", "SCMP_ARCH_X86_64"]);
  test.equal(verdict(x32, 0x40000000 + GETPID), ALLOW);
  test.equal(verdict(x32, 0x40000000), EPERM);
  test.equal(verdict(profile, 172, [], AARCH64), ALLOW, "the machine's own is always in");
  test.end();
});

t.test("socket calls and System V IPC pass through the multiplexers, too", (test) => {
  const names = ["socket", "shmget", "getpid"];
  const profile = denying([{ names, action: "SCMP_ACT_ALLOW" }], ["SCMP_ARCH_X86"]);
  test.equal(verdict(profile, 359, [], X86), ALLOW, "socket");
  test.equal(verdict(profile, 102, [1n], X86), ALLOW, "socketcall(SYS_SOCKET)");
  test.equal(verdict(profile, 102, [2n], X86), EPERM, "socketcall(SYS_BIND)");
  test.equal(verdict(profile, 117, [23n], X86), ALLOW, "ipc(SHMGET)");
  test.equal(verdict(profile, 117, [21n], X86), EPERM, "ipc(SHMAT)");
  test.end();
});

t.test("numbers above all that the profile names answer ENOSYS, if the default forbids", (test) => {
  const rule = { names: ["getpid", "faccessat2"], action: "SCMP_ACT_ALLOW" };
  for (const [defaultAction, expected] of [
    ["SCMP_ACT_ERRNO", ENOSYS],
    ["SCMP_ACT_KILL_PROCESS", ENOSYS],
    ["SCMP_ACT_TRAP", ENOSYS],
    ["SCMP_ACT_LOG", 0x7ffc0000],
    ["SCMP_ACT_TRACE", 0x7ff00001],
  ] as const) {
    const profile = { defaultAction, syscalls: [rule] };
    test.equal(verdict(profile, 440), expected, `${defaultAction}: above`);
    test.not(verdict(profile, 438), ENOSYS, `${defaultAction}: below`);
    test.equal(verdict(profile, 439), ALLOW);
  }
  test.equal(verdict(denying([{ names: ["getpid"], action: "SCMP_ACT_ERRNO" }]), GETPID + 1), ENOSYS, "named is known");
  test.equal(verdict(denying([]), 9999), EPERM, "a profile that names nothing knows everything");
  test.end();
});

t.test("flags: none given is SPEC_ALLOW, an empty list is none; a listener adds its own", (test) => {
  const flagsOf = (flags: readonly string[] | undefined, action = "SCMP_ACT_ALLOW") =>
    compileSeccomp({ ...denying([{ names: ["getpid"], action }]), flags }, "x86_64").flags;
  const all = ["TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"].map((name) => `SECCOMP_FILTER_FLAG_${name}`);
  test.equal(flagsOf(undefined), 4);
  test.equal(flagsOf([]), 0);
  test.equal(flagsOf(all), 1 + 2 + 4, "nothing to wait for without a listener");
  test.equal(flagsOf(all, "SCMP_ACT_NOTIFY"), 1 + 2 + 4 + 8 + 16 + 32);
  test.equal(compileSeccomp(denying([allowing()]), "x86_64").notifies, false);
  test.end();
});

t.test("unknown names are skipped and reported once", (test) => {
  const profile = denying([{ names: ["no_such_call", "getpid", "no_such_call"], action: "SCMP_ACT_ALLOW" }]);
  test.same(compileSeccomp(profile, "x86_64").skipped, ["no_such_call"]);
  test.equal(verdict(profile, GETPID), ALLOW);
  test.end();
});

t.test("errors name what was found, where, and the nearest right word", (test) => {
  const base = denying([]);
  const rule = (change: object) => denying([{ ...allowing(), ...change }]);
  const condition = (change: object) => denying([allowing({ index: 0, value: 0, op: "SCMP_CMP_EQ", ...change })]);
  const cases: [SeccompProfile, string][] = [
    [{ ...base, defaultAction: "SCMP_ACT_ERNO" }, "/defaultAction; hint: write SCMP_ACT_ERRNO"],
    [rule({ action: "ALLOW" }), "/syscalls/0/action; hint: write SCMP_ACT_ALLOW"],
    [condition({ op: "SCMP_CMP_EQUAL" }), "/syscalls/0/args/0/op; hint: write SCMP_CMP_EQ"],
    [{ ...base, architectures: ["SCMP_ARCH_AMD64"] }, "/architectures/0; hint: write SCMP_ARCH_X86_64"],
    [{ ...base, architectures: ["SCMP_ARCH_X86", "SCMP_ARCH_S390X"] }, "/architectures/1; hint: remove it"],
    [{ ...base, flags: ["SECCOMP_FILTER_FLAG_SYNC"] }, "/flags/0; hint: write SECCOMP_FILTER_FLAG_TSYNC"],
    [{ ...base, defaultErrnoRet: 4096 }, "found 4096, want 0 to 4095; config.json#/linux/seccomp/defaultErrnoRet"],
    [rule({ action: "SCMP_ACT_TRACE", errnoRet: 65536 }), "/syscalls/0/errnoRet"],
    [rule({ names: ["getpid", ""] }), "/syscalls/0/names/1"],
    [condition({ index: 6 }), "found 6, want 0 to 5; config.json#/linux/seccomp/syscalls/0/args/0/index"],
    [condition({ value: -1 }), "/syscalls/0/args/0/value"],
    [condition({ value: 2 ** 53 }), "/syscalls/0/args/0/value"],
    [condition({ value: 1n << 64n }), "/syscalls/0/args/0/value"],
    [condition({ valueTwo: 0.5 }), "/syscalls/0/args/0/valueTwo"],
    [{ ...base, defaultAction: "SCMP_ACT_NOTIFY" }, "/defaultAction"],
    [rule({ names: ["read", "write"], action: "SCMP_ACT_NOTIFY" }), "/syscalls/0/names/1"],
  ];
  for (const [profile, text] of cases) {
    let message = "";
    try {
      compileSeccomp(profile, "x86_64");
    } catch (error) {
      message = String((error as Error).message);
    }
    test.ok(message.startsWith("compile seccomp profile: ") && message.includes(text), `${text} in: ${message}`);
  }
  test.end();
});

t.test("programs over 255 instructions jump far, over 4096 they are refused", (test) => {
  const values = (count: number) =>
    Array.from({ length: count }, (_, value) => allowing({ index: 0, value: value * 3, op: "SCMP_CMP_EQ" }));
  const names = ["read", "getppid", "mseal"];
  const profile = denying([...values(300), { names, action: "SCMP_ACT_ALLOW" }], ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]);
  test.equal(verdict(profile, GETPID, [897n]), ALLOW);
  test.equal(verdict(profile, GETPID, [898n]), EPERM);
  test.equal(verdict(profile, GETPID_X86, [897n], X86), ALLOW);
  test.equal(verdict(profile, 0), ALLOW);
  test.equal(verdict(profile, 462), ALLOW);
  test.equal(verdict(profile, 463), ENOSYS);
  test.throws(() => compileSeccomp(denying(values(2000)), "x86_64"), /filter too long: found 80\d\d instructions/);
  test.end();
});

/** A deterministic random source (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

/** Whether a condition holds, read plainly; `mask` is what the architecture compares. */
function holds(condition: SeccompArgument, argument: bigint, mask: bigint): boolean {
  const left = argument & mask;
  const right = BigInt(condition.value) & mask;
  switch (condition.op) {
    case "SCMP_CMP_NE":
      return left !== right;
    case "SCMP_CMP_LT":
      return left < right;
    case "SCMP_CMP_LE":
      return left <= right;
    case "SCMP_CMP_EQ":
      return left === right;
    case "SCMP_CMP_GE":
      return left >= right;
    case "SCMP_CMP_GT":
      return left > right;
    default:
      return (left & right) === (BigInt(condition.valueTwo ?? 0) & right);
  }
}

t.test("rules that agree allow exactly what one of them allows, whatever their operators", (test) => {
  const random = createRandom(3);
  const values = [0n, 1n, 2n, 0x80000000n, 0xffffffffn, 0x100000000n, 0x100000001n, 0x200000002n, 0xffffffffffffffffn];
  const pick = <Item>(list: readonly Item[]) => list[random(list.length)] as Item;
  let wrong = 0;
  for (let count = 0; count < 400; count += 1) {
    const rules = Array.from({ length: 1 + random(4) }, () => {
      const list = Array.from({ length: 1 + random(3) }, () => ({
        index: random(3),
        value: pick(values),
        valueTwo: pick(values),
        op: pick(KNOWN_OPERATORS),
      }));
      return list.filter((argument, at) => list.findIndex((other) => other.index === argument.index) === at);
    });
    const profile = denying(
      rules.map((list) => allowing(...list)),
      ["SCMP_ARCH_X86"],
    );
    const program = decodeProgram(compileSeccomp(profile, "x86_64").program);
    for (let attempt = 0; attempt < 60; attempt += 1) {
      const args = [0, 1, 2].map(() => BigInt.asUintN(64, pick(values) + BigInt(random(3)) - 1n));
      for (const [arch, nr, mask] of [
        [X86_64, GETPID, 0xffffffffffffffffn],
        [X86, GETPID_X86, 0xffffffffn],
      ] as const) {
        const allowed = rules.some((list) => list.every((one) => holds(one, args[one.index] ?? 0n, mask)));
        if (runProgram(program, dataWords({ nr, arch, args })) !== (allowed ? ALLOW : EPERM)) wrong += 1;
      }
    }
  }
  test.equal(wrong, 0);
  test.end();
});
