// Writes src/kernel/arch/<arch>.gen.ts: the kernel's numbers, read from the kernel's own headers by a C program.
//   node native/generate/write.mjs           write both files
//   node native/generate/write.mjs --check   compare them with what is committed; exit 1 when they differ
// The list of names, with its format, is names.txt. Only kernel uapi headers are read, never libc's: the two
// architectures then get the same treatment, and the host's gcc can print arm64's numbers because they are constants.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../../src/kernel/arch");

// The compiler's own architecture must not leak: linux/eventpoll.h packs a struct when __x86_64__ is defined.
const ARCHES = [
  {
    name: "x86_64",
    triplet: "x86_64-linux-gnu",
    debian: "amd64",
    node: "x64",
    flags: ["-U__aarch64__", "-D__x86_64__"],
  },
  {
    name: "aarch64",
    triplet: "aarch64-linux-gnu",
    debian: "arm64",
    node: "arm64",
    flags: ["-U__x86_64__", "-D__aarch64__"],
  },
];

const HEADERS = `asm/unistd asm/stat asm/ioctls asm/socket asm/poll linux/errno linux/mount linux/fcntl
  linux/openat2 linux/fs linux/stat linux/memfd linux/close_range linux/sched linux/sched/types linux/signal
  linux/signalfd linux/wait linux/poll linux/eventpoll linux/timerfd linux/inotify linux/pidfd linux/prctl
  linux/securebits linux/capability linux/resource linux/keyctl linux/ioprio linux/mempolicy linux/personality
  linux/seccomp linux/filter linux/bpf linux/audit linux/socket linux/un linux/netlink linux/rtnetlink linux/if
  linux/if_link linux/if_addr linux/sockios linux/termios linux/nsfs linux/magic linux/xattr linux/time linux/limits
  linux/utsname linux/mman`;

/** Reads names.txt: groups in file order, each `{ title, hex, entries: [{ name, expr, forced }] }`. */
function readNames() {
  const groups = [];
  for (const [index, raw] of readFileSync(join(HERE, "names.txt"), "utf8").split("\n").entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "").trim();
    const group = groups.at(-1);
    const head = /^== (.+) \((hex|dec)\)$/.exec(line);
    const literal = /^(\w+) (\?=|:=) (.+)$/.exec(line);
    if (line === "") continue;
    if (head) groups.push({ title: head[1], hex: head[2] === "hex", entries: [] });
    else if (group === undefined) throw new Error(`names.txt:${index + 1}: a name before the first group`);
    else if (literal) group.entries.push({ name: literal[1], expr: literal[3], forced: literal[2] === ":=" });
    else if (/^[\w ]+$/.test(line)) group.entries.push(...line.split(/ +/).map((name) => ({ name })));
    else throw new Error(`names.txt:${index + 1}: cannot read ${JSON.stringify(line)}`);
  }
  const names = groups.flatMap((group) => group.entries.map((entry) => entry.name));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`names.txt: ${twice} stands twice`);
  return groups;
}

/** The C program that prints `NAME negative value` for every entry, value as an unsigned 64-bit number. */
function program(groups) {
  const lines = HEADERS.split(/\s+/).map((header) => `#include <${header}.h>`);
  lines.push("int printf(const char *, ...);");
  const prints = [];
  for (const { name, expr, forced } of groups.flatMap((group) => group.entries)) {
    const symbol = name.replace(/^SYS_/, "__NR_");
    if (expr !== undefined && !forced) lines.push(`#ifndef ${symbol}`, `#define ${symbol} (${expr})`, "#endif");
    const value = forced ? expr : symbol;
    prints.push(`  printf("${name} %d %llu\\n", (${value}) < 0, (unsigned long long)(${value}));`);
  }
  return [...lines, "int main(void) {", ...prints, "  return 0;", "}", ""].join("\n");
}

/** Directory that holds `linux/`, `asm-generic/` and `asm/` of one architecture only; undefined when absent. */
function uapi(arch, work) {
  const cross = `/usr/${arch.triplet}/include`;
  const native = process.arch === arch.node;
  const root = native ? "/usr/include" : cross;
  const multiarch = join(root, arch.triplet, "asm");
  const asm = native && existsSync(multiarch) ? multiarch : join(root, "asm");
  if (!existsSync(join(root, "linux/bpf.h")) || !existsSync(join(asm, "unistd.h"))) return undefined;
  const tree = join(work, arch.name);
  mkdirSync(join(tree, "sys"), { recursive: true });
  for (const dir of ["linux", "asm-generic"]) symlinkSync(join(root, dir), join(tree, dir));
  symlinkSync(asm, join(tree, "asm"));
  // linux/if.h wants struct sockaddr from libc; no constant depends on what is in it.
  writeFileSync(join(tree, "sys/socket.h"), "struct sockaddr { unsigned short sa_family; char sa_data[14]; };\n");
  return tree;
}

/** Compiles and runs the program; Map of name to number or bigint. */
function values(arch, tree, source, work) {
  const file = join(work, `${arch.name}.c`);
  const binary = join(work, `${arch.name}.out`);
  writeFileSync(file, source);
  const own = execFileSync("gcc", ["-print-file-name=include"], { encoding: "utf8" }).trim();
  const include = ["-nostdinc", "-isystem", own, "-isystem", tree];
  try {
    execFileSync("gcc", ["-w", "-O0", ...arch.flags, ...include, "-o", binary, file], {
      stdio: "pipe",
      encoding: "utf8",
    });
  } catch (error) {
    const missing = [...String(error.stderr).matchAll(/['‘](\w+)['’] undeclared/g)].map((match) => match[1]);
    throw new Error(`${arch.name}: ${missing.length > 0 ? `not in the headers: ${missing.join(" ")}` : error.stderr}`);
  }
  const table = new Map();
  for (const line of execFileSync(binary, { encoding: "utf8" }).trim().split("\n")) {
    const [name, negative, digits] = line.split(" ");
    const wide = negative === "1" ? BigInt.asIntN(64, BigInt(digits)) : BigInt(digits);
    table.set(name, wide > BigInt(Number.MAX_SAFE_INTEGER) ? wide : Number(wide));
  }
  return table;
}

/** The text of one generated file. */
function render(arch, groups, table) {
  const lines = [
    "// Written by native/generate/write.mjs from native/generate/names.txt and kernel headers. Do not edit.",
    "",
    `export const ARCH = "${arch.name}";`,
  ];
  const errnos = [];
  for (const { title, hex, entries } of groups) {
    lines.push("", `// ${title}`);
    for (const { name } of entries) {
      const value = table.get(name);
      const digits = hex && value >= 0 ? `0x${value.toString(16)}` : value.toString();
      lines.push(`export const ${name} = ${digits}${typeof value === "bigint" ? "n" : ""};`);
      if (title === "errno") errnos[value] = name;
    }
  }
  // One name per number: aliases (EWOULDBLOCK, ENOTSUP) have a group of their own and so stay out of this table.
  lines.push("", "/** Name of each errno, indexed by its number; undefined where Linux has none. */");
  lines.push("export const ERRNO_NAMES: readonly (string | undefined)[] = [");
  for (const name of Array.from(errnos)) lines.push(`  ${name === undefined ? "undefined" : `"${name}"`},`);
  return [...lines, "];", ""].join("\n");
}

/** Returns the exit code: 0, or 1 when a file differs (--check) or could not be written. */
function main(check) {
  const groups = readNames();
  const source = program(groups);
  const work = mkdtempSync(join(tmpdir(), "ts-runc-generate-"));
  let code = 0;
  try {
    for (const arch of ARCHES) {
      const tree = uapi(arch, work);
      if (tree === undefined) {
        const hint = `no kernel headers (Debian: linux-libc-dev or linux-libc-dev-${arch.debian}-cross)`;
        console.error(`generate: skipped ${arch.name}: ${hint}`);
        if (!check) code = 1;
        continue;
      }
      const text = render(arch, groups, values(arch, tree, source, work));
      const target = join(OUT, `${arch.name}.gen.ts`);
      if (!check) {
        mkdirSync(OUT, { recursive: true });
        writeFileSync(target, text);
      } else if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
        console.error(`generate: src/kernel/arch/${arch.name}.gen.ts differs: run node native/generate/write.mjs`);
        code = 1;
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return code;
}

try {
  process.exitCode = main(process.argv.includes("--check"));
} catch (error) {
  console.error(`generate: ${error.message}`);
  process.exitCode = 1;
}
