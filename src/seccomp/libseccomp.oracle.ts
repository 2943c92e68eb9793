/**
 * Test only: builds a filter with the real libseccomp, by the calls that runc's libcontainer/seccomp makes, so
 * that ours can be compared with it.
 */
import { closeSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataType, isNullPointer, type JsExternal, load, open } from "ffi-rs";
import { readAction, type SeccompArgument, type SeccompProfile } from "./profile.ts";

const LIBRARY = "libseccomp";

/** SCMP_ARCH_* of seccomp.h. */
const ARCHITECTURES = new Map<string, number>([
  ["SCMP_ARCH_X86_64", 0xc000003e],
  ["SCMP_ARCH_X86", 0x40000003],
  ["SCMP_ARCH_X32", 0x4000003e],
  ["SCMP_ARCH_AARCH64", 0xc00000b7],
  ["SCMP_ARCH_ARM", 0x40000028],
  ["SCMP_ARCH_MIPSEL", 0x40000008],
  ["SCMP_ARCH_MIPSEL64", 0xc0000008],
  ["SCMP_ARCH_MIPSEL64N32", 0xe0000008],
  ["SCMP_ARCH_PPC64LE", 0xc0000015],
  ["SCMP_ARCH_RISCV64", 0xc00000f3],
]);

/** enum scmp_compare, from 1 on. */
const OPERATORS = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"].map((name) => `SCMP_CMP_${name}`);

const SCMP_FLTATR_CTL_NNP = 3;
const SCMP_FLTATR_CTL_OPTIMIZE = 8;
const EEXIST = 17;

/** Opens the library: false where it is not installed. */
export function openLibseccomp(): boolean {
  try {
    open({ library: LIBRARY, path: "libseccomp.so.2" });
    return true;
  } catch {
    return false;
  }
}

type Value = number | string | Uint8Array | JsExternal;

function call(funcName: string, paramsType: DataType[], paramsValue: Value[]): number {
  return load({ library: LIBRARY, funcName, retType: DataType.I32, paramsType, paramsValue }) as number;
}

/** The number (or pseudo number) of a name on an architecture's token, 0 meaning the machine's own. */
function resolve(name: string, token: number): number {
  return call("seccomp_syscall_resolve_name_arch", [DataType.U32, DataType.String], [token, name]);
}

/** Whether the installed libseccomp knows a name; a newer one is a known difference. */
export function knowsSyscall(name: string): boolean {
  return resolve(name, 0) !== -1;
}

/** struct scmp_arg_cmp[]: u32 argument, u32 operator, u64, u64. */
function encodeArguments(list: readonly SeccompArgument[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(list.length, 1) * 24);
  const view = new DataView(bytes.buffer);
  list.forEach((argument, position) => {
    const at = position * 24;
    view.setUint32(at, argument.index, true);
    view.setUint32(at + 4, OPERATORS.indexOf(argument.op) + 1, true);
    view.setBigUint64(at + 8, BigInt(argument.value), true);
    view.setBigUint64(at + 16, BigInt(argument.valueTwo ?? 0), true);
  });
  return bytes;
}

/** Adds the rules as runc's matchCall does. Returns libseccomp's errno where it refuses one, else 0. */
function addRules(context: JsExternal, profile: SeccompProfile, defaultAction: number): number {
  const add = (action: number, number: number, list: readonly SeccompArgument[]): number =>
    call(
      "seccomp_rule_add_array",
      [DataType.External, DataType.U32, DataType.I32, DataType.U32, DataType.U8Array],
      [context, action, number, list.length, encodeArguments(list)],
    );
  for (const entry of profile.syscalls ?? []) {
    const action = readAction(entry.action, entry.errnoRet, "", "/action");
    if (action === defaultAction) continue;
    const list = entry.args ?? [];
    const repeats = new Set(list.map((argument) => argument.index)).size < list.length;
    for (const name of entry.names) {
      const number = resolve(name, 0);
      if (number === -1) continue;
      for (const part of repeats ? list.map((argument) => [argument]) : [list]) {
        const result = add(action, number, part);
        if (result !== 0) return -result;
      }
    }
  }
  return 0;
}

function exportProgram(context: JsExternal): Uint8Array {
  const path = join(tmpdir(), `ts-runc-oracle-${process.pid}`);
  const descriptor = openSync(path, "w+");
  try {
    const result = call("seccomp_export_bpf", [DataType.External, DataType.I32], [context, descriptor]);
    if (result !== 0) throw new Error(`seccomp_export_bpf: ${result}`);
    return new Uint8Array(readFileSync(path));
  } finally {
    closeSync(descriptor);
    unlinkSync(path);
  }
}

/**
 * libseccomp's program for a profile, or the errno with which it refuses a rule.
 * The machine's own architecture is taken out for aarch64: the filter is then that of such a machine.
 */
export function buildWithLibseccomp(profile: SeccompProfile, arch: "x86_64" | "aarch64"): Uint8Array | number {
  const defaultAction = readAction(profile.defaultAction, profile.defaultErrnoRet, "", "/defaultAction");
  const context = load({
    library: LIBRARY,
    funcName: "seccomp_init",
    retType: DataType.External,
    paramsType: [DataType.U32],
    paramsValue: [defaultAction],
  }) as JsExternal;
  if (isNullPointer(context)) throw new Error(`seccomp_init(${defaultAction.toString(16)}) failed`);
  try {
    const change = (funcName: string, token: number): void => {
      const result = call(funcName, [DataType.External, DataType.U32], [context, token]);
      if (result !== 0 && result !== -EEXIST) throw new Error(`${funcName}(${token.toString(16)}): ${result}`);
    };
    if (arch === "aarch64") {
      change("seccomp_arch_add", 0xc00000b7);
      change("seccomp_arch_remove", 0xc000003e);
    }
    for (const name of profile.architectures ?? []) change("seccomp_arch_add", ARCHITECTURES.get(name) ?? 0);
    const attribute = (key: number, value: number): number =>
      call("seccomp_attr_set", [DataType.External, DataType.U32, DataType.U32], [context, key, value]);
    // runc asks for the binary tree from 33 names on. Always here: without it, where the first call in its list
    // does not exist on an architecture, libseccomp 2.5.4 forgets to load the number and no rule works there.
    attribute(SCMP_FLTATR_CTL_OPTIMIZE, 2);
    attribute(SCMP_FLTATR_CTL_NNP, 0);
    const refused = addRules(context, profile, defaultAction);
    return refused !== 0 ? refused : exportProgram(context);
  } finally {
    load({
      library: LIBRARY,
      funcName: "seccomp_release",
      retType: DataType.Void,
      paramsType: [DataType.External],
      paramsValue: [context],
    });
  }
}
