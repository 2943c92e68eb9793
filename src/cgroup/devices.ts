/** Device rules: as lines for v1's devices controller and as an eBPF program for v2; pure. */

import type { DeviceRule } from "../config/types.ts";
import {
  BPF_ALU64,
  BPF_AND,
  BPF_DEVCG_ACC_MKNOD,
  BPF_DEVCG_ACC_READ,
  BPF_DEVCG_ACC_WRITE,
  BPF_DEVCG_DEV_BLOCK,
  BPF_DEVCG_DEV_CHAR,
  BPF_EXIT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_K,
  BPF_LDX,
  BPF_MEM,
  BPF_MOV,
  BPF_RSH,
  BPF_W,
  BPF_X,
} from "../kernel/constants.ts";
import { viewOf } from "../shared/bytes.ts";

/** A rule with its wildcards spelled: -1 for any number, `a` for any type. */
export interface PlainRule {
  allow: boolean;
  type: "a" | "b" | "c";
  major: number;
  minor: number;
  access: string;
}

/** Devices that every container may use, after the config's rules, so that these cannot take them away (as runc). */
const ALWAYS: readonly PlainRule[] = [
  { allow: true, type: "c", major: -1, minor: -1, access: "m" },
  { allow: true, type: "b", major: -1, minor: -1, access: "m" },
  { allow: true, type: "c", major: 1, minor: 3, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 5, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 7, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 8, access: "rwm" },
  { allow: true, type: "c", major: 1, minor: 9, access: "rwm" },
  { allow: true, type: "c", major: 5, minor: 0, access: "rwm" },
  { allow: true, type: "c", major: 5, minor: 2, access: "rwm" },
  { allow: true, type: "c", major: 136, minor: -1, access: "rwm" },
  { allow: true, type: "c", major: 10, minor: 200, access: "rwm" },
];

/**
 * All rules in order, the last match wins: deny everything (GO-2022-0396: never a deny-list by default), the config's, the
 * defaults. A node of linux.devices is made, but only a rule allows to open it, as in runc.
 */
export function deviceRules(rules: readonly DeviceRule[]): PlainRule[] {
  const result: PlainRule[] = [{ allow: false, type: "a", major: -1, minor: -1, access: "rwm" }];
  for (const rule of rules) {
    const type = rule.type === "b" || rule.type === "c" ? rule.type : "a";
    const number = (value: number | bigint | undefined) => (value === undefined || value < 0 ? -1 : Number(value));
    result.push({
      allow: rule.allow,
      type,
      major: number(rule.major),
      minor: number(rule.minor),
      access: rule.access ?? "rwm",
    });
  }
  result.push(...ALWAYS);
  return result;
}

/** The lines for devices.allow and devices.deny, in order. `a` takes no numbers there: it stands for both types. */
export function v1DeviceWrites(rules: readonly PlainRule[]): { file: string; value: string }[] {
  const writes: { file: string; value: string }[] = [];
  for (const rule of rules) {
    const file = rule.allow ? "devices.allow" : "devices.deny";
    const any = rule.type === "a";
    if (any && rule.major === -1 && rule.minor === -1 && rule.access.length === 3) {
      writes.push({ file, value: "a" });
      continue;
    }
    const number = (value: number) => (value === -1 ? "*" : String(value));
    for (const type of any ? ["c", "b"] : [rule.type]) {
      writes.push({ file, value: `${type} ${number(rule.major)}:${number(rule.minor)} ${rule.access}` });
    }
  }
  return writes;
}

/** A short text that is equal for equal device rules: FNV-1a over their fields, twice 32 bits. It tells a change; it need not withstand an attack. */
export function rulesDigest(rules: readonly PlainRule[]): string {
  let [low, high] = [0x811c9dc5, 0x1234567];
  const add = (value: number): void => {
    low = Math.imul(low ^ value, 0x01000193);
    high = Math.imul(high ^ value, 0x01000193) ^ (low >>> 15);
  };
  for (const { allow, type, major, minor, access } of rules) {
    add(type.charCodeAt(0) * 2 + Number(allow));
    add(major);
    add(minor);
    for (const letter of "rwm") add(Number(access.includes(letter)));
  }
  return (low >>> 0).toString(16) + (high >>> 0).toString(16);
}

const R0 = 0;
const R1 = 1;
const R2 = 2; // type
const R3 = 3; // access asked for and not yet granted
const R4 = 4; // major
const R5 = 5; // minor
const R6 = 6; // scratch

/**
 * The program for BPF_CGROUP_DEVICE: from the last rule backwards, each kind of access that is asked for is decided by the first rule
 * that names it, so that two rules may grant reading and writing. Its context is struct bpf_cgroup_dev_ctx (linux/bpf.h): access_type
 * (access << 16 | type), major, minor. It returns 1 to allow.
 */
export function deviceProgram(rules: readonly PlainRule[]): Uint8Array {
  const code: Instruction[] = [
    [BPF_LDX | BPF_MEM | BPF_W, R2, R1, 0, 0],
    [BPF_ALU64 | BPF_MOV | BPF_X, R3, R2, 0, 0],
    [BPF_ALU64 | BPF_AND | BPF_K, R2, 0, 0, 0xffff],
    [BPF_ALU64 | BPF_RSH | BPF_K, R3, 0, 0, 16],
    [BPF_LDX | BPF_MEM | BPF_W, R4, R1, 4, 0],
    [BPF_LDX | BPF_MEM | BPF_W, R5, R1, 8, 0],
  ];
  let total = false;
  for (let index = rules.length - 1; index >= 0 && !total; index--) {
    const rule = rules[index];
    if (rule === undefined) continue;
    const block = ruleCode(rule);
    // A rule that holds for all ends the program: what stands before it can never be reached, and the verifier refuses dead code.
    total = block.length === 2;
    code.push(...block);
  }
  if (!total) code.push([BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, 0, 0], [BPF_JMP | BPF_EXIT, 0, 0, 0, 0]);
  return assemble(code);
}

const ALL = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;

type Instruction = readonly [opcode: number, destination: number, source: number, offset: number, immediate: number];

/** Tests of one rule, each of which jumps over its verdict when it fails; access last, because it changes what is left. */
function ruleCode(rule: PlainRule): Instruction[] {
  const tests: Instruction[] = [];
  if (rule.type !== "a")
    tests.push([BPF_JMP | BPF_JNE | BPF_K, R2, 0, 0, rule.type === "b" ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR]);
  // 32 bits wide: 64 would hold the number against its sign-extended operand.
  if (rule.major !== -1) tests.push([BPF_JMP32 | BPF_JNE | BPF_K, R4, 0, 0, rule.major | 0]);
  if (rule.minor !== -1) tests.push([BPF_JMP32 | BPF_JNE | BPF_K, R5, 0, 0, rule.minor | 0]);
  const access = accessBits(rule.access);
  if (access !== ALL) {
    // Allow: what the rule grants is taken off, and on if something is left. Deny: any of it suffices, so on when none is.
    if (rule.allow)
      tests.push([BPF_ALU64 | BPF_AND | BPF_K, R3, 0, 0, ALL & ~access], [BPF_JMP | BPF_JNE | BPF_K, R3, 0, 0, 0]);
    else
      tests.push(
        [BPF_ALU64 | BPF_MOV | BPF_X, R6, R3, 0, 0],
        [BPF_ALU64 | BPF_AND | BPF_K, R6, 0, 0, access],
        [BPF_JMP | 0x10 /* BPF_JEQ */ | BPF_K, R6, 0, 0, 0],
      );
  }
  const block: Instruction[] = [
    ...tests,
    [BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, 0, rule.allow ? 1 : 0],
    [BPF_JMP | BPF_EXIT, 0, 0, 0, 0],
  ];
  return block.map((instruction, index): Instruction => {
    const [opcode, destination, source, , immediate] = instruction;
    const isTest = ((opcode & 7) === BPF_JMP || (opcode & 7) === BPF_JMP32) && opcode !== (BPF_JMP | BPF_EXIT);
    return isTest ? [opcode, destination, source, block.length - index - 1, immediate] : instruction;
  });
}

function accessBits(access: string): number {
  let bits = 0;
  if (access.includes("r")) bits |= BPF_DEVCG_ACC_READ;
  if (access.includes("w")) bits |= BPF_DEVCG_ACC_WRITE;
  if (access.includes("m")) bits |= BPF_DEVCG_ACC_MKNOD;
  return bits;
}

function assemble(code: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(code.length * 8);
  const view = viewOf(bytes);
  code.forEach(([opcode, destination, source, offset, immediate], index) => {
    const at = index * 8;
    bytes[at] = opcode;
    bytes[at + 1] = destination | (source << 4);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, immediate, true);
  });
  return bytes;
}
