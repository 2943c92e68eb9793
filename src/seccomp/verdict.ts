/**
 * What a filter says of a call, without loading it: the classic BPF that seccomp_check_filter() of kernel/seccomp.c admits, as far as our
 * compiler and libseccomp's emit it.
 */
const LD_W_ABS = 0x20;
const RET_K = 0x06;
const JA = 0x05;
const AND_K = 0x54;
const JEQ_K = 0x15;
const JGT_K = 0x25;
const JGE_K = 0x35;
const JSET_K = 0x45;

/**
 * Runs a program of 8-byte instructions (struct sock_filter): the SECCOMP_RET_… that it returns, unsigned.
 *
 * @param words struct seccomp_data as 16 little-endian words: number, AUDIT_ARCH_*, instruction pointer, arguments.
 * @throws Error at an instruction that is none of ours.
 */
export function verdict(program: DataView, words: Uint32Array): number {
  let accumulator = 0;
  for (let at = 0; at < program.byteLength; at += 8) {
    const operand = program.getUint32(at + 4, true);
    let holds = false;
    switch (program.getUint16(at, true)) {
      case LD_W_ABS:
        accumulator = words[operand >>> 2] ?? 0;
        continue;
      case AND_K:
        accumulator = (accumulator & operand) >>> 0;
        continue;
      case RET_K:
        return operand;
      case JA:
        at += operand * 8;
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
      case JSET_K:
        holds = (accumulator & operand) !== 0;
        break;
      default:
        throw new Error(`instruction ${at / 8} is none of a filter of ours`);
    }
    at += program.getUint8(at + (holds ? 2 : 3)) * 8;
  }
  throw new Error("the filter ran past its end");
}
