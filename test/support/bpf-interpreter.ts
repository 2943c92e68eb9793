/** Checks a seccomp filter as the kernel would, seccomp_check_filter() of kernel/seccomp.c, so that verdict() may run it. */
import { viewOf } from "../../src/shared/bytes.ts";

export { verdict as runProgram } from "../../src/seccomp/verdict.ts";

const LD_W_ABS = 0x20;
const RET_K = 0x06;
const JA = 0x05;
const AND_K = 0x54;
const JUMPS = [0x15, 0x25, 0x35, 0x45];

/** struct seccomp_data, with arguments as unsigned 64-bit values. */
export interface SeccompData {
  readonly nr: number;
  /** AUDIT_ARCH_* */
  readonly arch: number;
  readonly args: readonly bigint[];
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

/** A checked program: struct sock_filter[]. */
export type Program = DataView;

/** Checks struct sock_filter[]: known codes, jumps inside, ends with a return. @throws Error as the kernel refuses it. */
export function decodeProgram(bytes: Uint8Array): Program {
  const length = bytes.length / 8;
  if (!Number.isInteger(length) || length < 1 || length > 4096) throw new Error(`${bytes.length} bytes are no filter`);
  const view = viewOf(bytes);
  for (let at = 0; at < length; at += 1) {
    const code = view.getUint16(at * 8, true);
    const operand = view.getUint32(at * 8 + 4, true);
    const rest = length - at - 1;
    if (code === JA) {
      if (operand >= rest) throw new Error(`instruction ${at} jumps outside`);
    } else if (JUMPS.includes(code)) {
      if (view.getUint8(at * 8 + 2) >= rest || view.getUint8(at * 8 + 3) >= rest)
        throw new Error(`instruction ${at} jumps outside`);
    } else if (code === LD_W_ABS) {
      if (operand >= 64 || operand % 4 !== 0) throw new Error(`instruction ${at} loads offset ${operand}`);
    } else if (code !== RET_K && code !== AND_K) {
      throw new Error(`instruction ${at} has code ${code}`);
    }
  }
  if (view.getUint16((length - 1) * 8, true) !== RET_K) throw new Error("the last instruction does not return");
  return view;
}
