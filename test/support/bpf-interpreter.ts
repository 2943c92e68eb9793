/**
 * Runs a seccomp filter as the kernel would: the subset of classic BPF that seccomp_check_filter() of
 * kernel/seccomp.c admits, over struct seccomp_data. Anything outside it throws, as the kernel refuses it.
 */

/** struct seccomp_data, with arguments as unsigned 64-bit values. */
export interface SeccompData {
  readonly nr: number;
  readonly arch: number;
  readonly args: readonly bigint[];
}

/** A checked program: one entry an instruction in each list. */
export interface Program {
  readonly length: number;
  readonly codes: Uint16Array;
  readonly yes: Uint8Array;
  readonly no: Uint8Array;
  readonly operands: Uint32Array;
}

const LD_W_ABS = 0x20;
const RET_K = 0x06;
const JA = 0x05;
const AND_K = 0x54;
const JEQ_K = 0x15;
const JGT_K = 0x25;
const JGE_K = 0x35;
const JSET_K = 0x45;

/** Decodes struct sock_filter[] and checks it like the kernel: known codes, jumps inside, ends with a return. */
export function decodeProgram(bytes: Uint8Array): Program {
  const length = bytes.length / 8;
  if (!Number.isInteger(length) || length < 1 || length > 4096) throw new Error(`${bytes.length} bytes are no filter`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const program: Program = {
    length,
    codes: new Uint16Array(length),
    yes: new Uint8Array(length),
    no: new Uint8Array(length),
    operands: new Uint32Array(length),
  };
  for (let at = 0; at < length; at += 1) {
    const code = view.getUint16(at * 8, true);
    const yes = view.getUint8(at * 8 + 2);
    const no = view.getUint8(at * 8 + 3);
    const operand = view.getUint32(at * 8 + 4, true);
    program.codes[at] = code;
    program.yes[at] = yes;
    program.no[at] = no;
    program.operands[at] = operand;
    const rest = length - at - 1;
    if (code === JA) {
      if (operand >= rest) throw new Error(`instruction ${at} jumps outside`);
    } else if (code === JEQ_K || code === JGT_K || code === JGE_K || code === JSET_K) {
      if (yes >= rest || no >= rest) throw new Error(`instruction ${at} jumps outside`);
    } else if (code === LD_W_ABS) {
      if (operand >= 64 || operand % 4 !== 0) throw new Error(`instruction ${at} loads offset ${operand}`);
    } else if (code !== RET_K && code !== AND_K) {
      throw new Error(`instruction ${at} has code ${code}`);
    }
  }
  if (program.codes[length - 1] !== RET_K) throw new Error("the last instruction does not return");
  return program;
}

/** struct seccomp_data as 16 little-endian words. */
export function dataWords(data: SeccompData): Uint32Array {
  const words = new Uint32Array(16);
  words[0] = data.nr;
  words[1] = data.arch;
  data.args.forEach((value, index) => {
    words[4 + index * 2] = Number(value & 0xffffffffn);
    words[5 + index * 2] = Number(value >> 32n);
  });
  return words;
}

/** Runs a program: the value that it returns, unsigned. */
export function runProgram(program: Program, words: Uint32Array): number {
  const { codes, yes, no, operands } = program;
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const operand = operands[at] ?? 0;
    let holds = false;
    switch (codes[at]) {
      case LD_W_ABS:
        accumulator = words[operand >>> 2] ?? 0;
        continue;
      case AND_K:
        accumulator = (accumulator & operand) >>> 0;
        continue;
      case RET_K:
        return operand;
      case JA:
        at += operand;
        continue;
      case JEQ_K:
        holds = accumulator === operand;
        break;
      case JGT_K:
        holds = accumulator > operand;
        break;
      case JGE_K:
        holds = accumulator >= operand;
        break;
      default:
        holds = (accumulator & operand) !== 0;
    }
    at += (holds ? yes[at] : no[at]) ?? 0;
  }
  throw new Error("ran past the end");
}
