/**
 * Writes src/seccomp/tables/*.gen.ts: the names of all system calls and their numbers on each architecture.
 *
 *     node native/generate/syscalls.mjs           writes the files
 *     node native/generate/syscalls.mjs --check   exits 1 if a committed file differs
 *
 * Source: the installed libseccomp (its tables are the reference of the oracle test), and below what Linux
 * added after it. Only little-endian architectures: the kernel of a little-endian machine never reports another one.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataType, isNullPointer, load, open } from "ffi-rs";

const OUT = join(dirname(fileURLToPath(import.meta.url)), "../../src/seccomp/tables");

/** Architectures: [file and constant name, libseccomp's token, first number of its range]. */
const ARCHITECTURES = [
  ["x86_64", 0xc000003e, 0],
  ["x86", 0x40000003, 0],
  ["x32", 0x4000003e, 0x40000000],
  ["aarch64", 0xc00000b7, 0],
  ["arm", 0x40000028, 0],
  ["mipsel", 0x40000008, 4000],
  ["mipsel64", 0xc0000008, 5000],
  ["mipsel64n32", 0xe0000008, 6000],
  ["ppc64le", 0xc0000015, 0],
  ["riscv64", 0xc00000f3, 0],
];

/** Where socket calls (and System V IPC) are also reached through socketcall and ipc. */
const MULTIPLEXED = new Set(["x86", "mipsel", "ppc64le"]);

/** Since Linux 5.17 a new system call has one number everywhere (plus the range's first number). */
const UNIFIED = Object.entries({
  set_mempolicy_home_node: 450,
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
});

/** Newer ones of single architectures: [architecture, name, number]. */
const SINGLE = [
  ["x86_64", "uretprobe", 335],
  ["x86_64", "uprobe", 336],
  ["x32", "uretprobe", 335],
  ["x32", "uprobe", 336],
  ["riscv64", "memfd_secret", 447],
  ["riscv64", "riscv_hwprobe", 258],
];

/** Base of ARM's private calls (breakpoint, cacheflush, …): __ARM_NR_BASE of asm/unistd.h. */
const ARM_PRIVATE = 0x0f0000;
/** How the private ones appear in a table: 3072 + n. src/seccomp/architecture.ts undoes it. */
const PRIVATE = 3072;

const LIBRARY = "seccomp";
open({ library: LIBRARY, path: "libseccomp.so.2" });

/** __NR_SCMP_ERROR: libseccomp has never heard of the name. */
const UNKNOWN_NAME = -1;

/** The number that libseccomp has for a name on an architecture: negative if there is none. */
function numberOf(token, name) {
  return load({
    library: LIBRARY,
    funcName: "seccomp_syscall_resolve_name_arch",
    retType: DataType.I32,
    paramsType: [DataType.U32, DataType.String],
    paramsValue: [token, name],
  });
}

/** The name that libseccomp has for a number on an architecture, undefined if there is none. */
function nameOf(token, number) {
  const call = {
    library: LIBRARY,
    funcName: "seccomp_syscall_resolve_num_arch",
    paramsType: [DataType.U32, DataType.I32],
    paramsValue: [token, number],
  };
  // As a string, a null pointer would end the process.
  if (isNullPointer(load({ ...call, retType: DataType.External }))) return undefined;
  return load({ ...call, retType: DataType.String });
}

/** All names that the installed header defines: "__SNR_<name>". */
function headerNames() {
  const header = readFileSync("/usr/include/seccomp-syscalls.h", "utf8");
  return new Set([...header.matchAll(/^#define __SNR_(\w+)/gm)].map((match) => match[1]));
}

/**
 * Name → number without the range's first number, for one architecture. Where sockets and System V IPC are
 * multiplexed libseccomp resolves their names to pseudo numbers, so the direct ones are found by number.
 */
function tableOf(architecture, token, base, names) {
  const table = new Map();
  const put = (name, number) => {
    const value = number >= ARM_PRIVATE && number < ARM_PRIVATE + 16 ? PRIVATE + number - ARM_PRIVATE : number - base;
    if (value < 0 || (value >= 1024 && value < PRIVATE) || value >= PRIVATE + 16) {
      throw new Error(`${architecture} ${name}: number ${number} does not fit the table`);
    }
    table.set(name, value);
  };
  for (const name of names) {
    const number = numberOf(token, name);
    if (number >= 0) put(name, number);
    // -101 … -120 are sockets, -201 … -224 IPC: pseudo numbers even where the direct call exists.
  }
  if (MULTIPLEXED.has(architecture)) {
    for (let number = base; number < base + 512; number += 1) {
      const name = nameOf(token, number);
      if (name !== undefined) put(name, number);
    }
  }
  // What libseccomp knows it knows better: not every architecture got every one of them.
  for (const [name, number] of UNIFIED) if (numberOf(token, name) === UNKNOWN_NAME) table.set(name, number);
  for (const [where, name, number] of SINGLE) if (where === architecture) table.set(name, number);
  return table;
}

/** One character a name: U+0022 + number, "!" for none. Numbers below 700 stay clear of combining characters. */
function encode(table, names) {
  return names
    .map((name) => {
      const value = table.get(name);
      if (value === undefined) return "!";
      if (value >= 700 && value < PRIVATE) throw new Error(`${name}: number ${value} is a combining character`);
      const code = 0x22 + value;
      if (code === 0x22 || code === 0x5c) return `\\${String.fromCharCode(code)}`;
      if ((code >= 0x7f && code <= 0xa0) || code === 0xad) return `\\x${code.toString(16)}`;
      return String.fromCharCode(code);
    })
    .join("");
}

function wrap(words, separator) {
  const lines = [""];
  for (const word of words) {
    if (lines[lines.length - 1].length + word.length > 110) lines.push("");
    lines[lines.length - 1] += word + separator;
  }
  return lines;
}

/** Text of every file, by name. */
function files() {
  const all = new Set([...headerNames(), ...UNIFIED.map(([name]) => name), ...SINGLE.map((entry) => entry[1])]);
  const tables = new Map(ARCHITECTURES.map(([name, token, base]) => [name, tableOf(name, token, base, all)]));
  // A name that no architecture here has (those of s390, alpha …) still counts as known: it is no typing error.
  const names = [...all].sort();
  const head = "// Written by native/generate/syscalls.mjs from libseccomp: do not edit.\n\n";
  const text = new Map();
  const lines = wrap(names, " ").map((line) => `  ${JSON.stringify(line)}`);
  text.set(
    "names.gen.ts",
    `${head}/** Every system call name, sorted; its place is the index in the number tables. */\n` +
      `export const SYSCALL_NAMES =\n${lines.join(" +\n")};\n`,
  );
  const constants = ARCHITECTURES.map(([name, , base]) => {
    const constant = `NUMBERS_${name.toUpperCase()}`;
    const from = base === 0 ? "" : `, less ${base === 0x40000000 ? "0x40000000" : base}`;
    return `/** ${name}${from}. */\nexport const ${constant} =\n  "${encode(tables.get(name), names)}";\n`;
  });
  text.set(
    "numbers.gen.ts",
    `${head}// One character a name of names.gen.ts: U+0022 + number, "!" where the architecture has no such call,\n` +
      `// U+0022 + 3072 + n for ARM's private call 0x0f0000 + n.\n\n${constants.join("\n")}`,
  );
  return text;
}

let differing = 0;
mkdirSync(OUT, { recursive: true });
for (const [name, text] of files()) {
  const path = join(OUT, name);
  let old = "";
  try {
    old = readFileSync(path, "utf8");
  } catch {
    // A missing file differs.
  }
  if (old === text) continue;
  differing += 1;
  if (process.argv.includes("--check")) console.error(`${path}: differs from what libseccomp says`);
  else writeFileSync(path, text);
}
if (differing > 0 && process.argv.includes("--check")) process.exitCode = 1;
