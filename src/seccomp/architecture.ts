/**
 * Architectures of a filter: AUDIT_ARCH_* of linux/audit.h, the range of their system call numbers and where
 * the generated table of those numbers is.
 */
import { profileError, unknownWord } from "./profile.ts";
import { SYSCALL_NAMES } from "./tables/names.gen.ts";
import * as numbers from "./tables/numbers.gen.ts";

/** One architecture that a filter can tell apart. */
export interface Architecture {
  readonly name: string;
  /** seccomp_data.arch; x32 has x86_64's and is told apart by its numbers. */
  readonly token: number;
  /** Whether arguments are compared in 64 bits; otherwise only their low halves count. */
  readonly wide: boolean;
  /** First number of its range. */
  readonly base: number;
  /** Numbers by name index, one character each; see numbers.gen.ts. */
  readonly table: string;
  /** socketcall's number less base, where socket calls and System V IPC are multiplexed (ipc is 15 further on). */
  readonly socketcall?: number;
}

/** First number of x32: __X32_SYSCALL_BIT of asm/unistd.h. */
export const X32_BIT = 0x40000000;

const X86_64: Architecture = {
  name: "SCMP_ARCH_X86_64",
  token: 0xc000003e,
  wide: true,
  base: 0,
  table: numbers.NUMBERS_X86_64,
};
const AARCH64: Architecture = {
  name: "SCMP_ARCH_AARCH64",
  token: 0xc00000b7,
  wide: true,
  base: 0,
  table: numbers.NUMBERS_AARCH64,
};

const KNOWN: readonly Architecture[] = [
  X86_64,
  AARCH64,
  { name: "SCMP_ARCH_X86", token: 0x40000003, wide: false, base: 0, table: numbers.NUMBERS_X86, socketcall: 102 },
  { name: "SCMP_ARCH_X32", token: X86_64.token, wide: false, base: X32_BIT, table: numbers.NUMBERS_X32 },
  { name: "SCMP_ARCH_ARM", token: 0x40000028, wide: false, base: 0, table: numbers.NUMBERS_ARM },
  {
    name: "SCMP_ARCH_MIPSEL",
    token: 0x40000008,
    wide: false,
    base: 4000,
    table: numbers.NUMBERS_MIPSEL,
    socketcall: 102,
  },
  { name: "SCMP_ARCH_MIPSEL64", token: 0xc0000008, wide: true, base: 5000, table: numbers.NUMBERS_MIPSEL64 },
  { name: "SCMP_ARCH_MIPSEL64N32", token: 0xe0000008, wide: false, base: 6000, table: numbers.NUMBERS_MIPSEL64N32 },
  {
    name: "SCMP_ARCH_PPC64LE",
    token: 0xc0000015,
    wide: true,
    base: 0,
    table: numbers.NUMBERS_PPC64LE,
    socketcall: 102,
  },
  { name: "SCMP_ARCH_RISCV64", token: 0xc00000f3, wide: true, base: 0, table: numbers.NUMBERS_RISCV64 },
  // No table: libseccomp 2.5.4 has none, and no machine of ours can report it.
  { name: "SCMP_ARCH_LOONGARCH64", token: 0xc0000102, wide: true, base: 0, table: "" },
];

/** Big-endian ones: a little-endian kernel never reports them, and libseccomp refuses the mixture. */
const BIG_ENDIAN: readonly string[] = [
  "SCMP_ARCH_MIPS",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_PPC",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_PARISC",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_SH",
  "SCMP_ARCH_SHEB",
];

/** The architectures of a profile, native one first and always, each once. Errors: unknown or big-endian ones. */
export function readArchitectures(
  listed: readonly string[] | undefined,
  native: "x86_64" | "aarch64",
): readonly Architecture[] {
  const result = [native === "x86_64" ? X86_64 : AARCH64];
  listed?.forEach((name, position) => {
    const architecture = KNOWN.find((known) => known.name === name);
    const pointer = `/architectures/${position}`;
    if (architecture === undefined) {
      if (BIG_ENDIAN.includes(name)) {
        throw profileError(
          `invalid architecture: found ${name} (big-endian), want those of this little-endian machine`,
          pointer,
          "remove it",
        );
      }
      throw unknownWord("architecture", name, KNOWN_ARCHITECTURES, pointer);
    }
    if (!result.includes(architecture)) result.push(architecture);
  });
  return result;
}

/** All architectures a profile may list, for `features`. */
export const KNOWN_ARCHITECTURES: readonly string[] = KNOWN.map((architecture) => architecture.name);

let names: readonly string[] | undefined;
/** Index of the name that was found last. */
let latest = 0;
/** How far on the next one is looked for before all are searched: profiles list most names, in this order. */
const NEXT = 6;

/** Index of a system call name in the tables, undefined if no architecture has it. */
export function syscallIndex(name: string): number | undefined {
  names ??= SYSCALL_NAMES.split(" ");
  for (let at = latest; at <= latest + NEXT; at += 1) {
    if (names[at] === name) {
      latest = at;
      return at;
    }
  }
  let low = 0;
  let high = names.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = names[middle] ?? "";
    if (found === name) {
      latest = middle;
      return middle;
    }
    if (found < name) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** A table's character less this is the number less base, PRIVATE + n for ARM's private calls; negative if none. */
export const FIRST = 0x22;
export const PRIVATE = 3072;

/** First of ARM's private calls (breakpoint, cacheflush, set_tls): __ARM_NR_BASE of asm/unistd.h. */
export const PRIVATE_BASE = 0x0f0000;

// Order is the number: socketcall's first argument (linux/net.h), from 1 on.
const SOCKET_CALLS =
  "socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown " +
  "setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg";

// ipc's first argument (linux/ipc.h).
const IPC_CALLS: readonly (readonly [string, number])[] = [
  ["semop", 1],
  ["semget", 2],
  ["semctl", 3],
  ["semtimedop", 4],
  ["msgsnd", 11],
  ["msgrcv", 12],
  ["msgget", 13],
  ["msgctl", 14],
  ["shmat", 21],
  ["shmdt", 22],
  ["shmget", 23],
  ["shmctl", 24],
];

/** Distance from socketcall to ipc in every table that has both. */
export const IPC_OFFSET = 15;

let multiplexed: Map<number, number> | undefined;

/**
 * How a call is reached through a multiplexer: its first argument, plus 256 for ipc; 0 if it is not.
 * Takes the name's index.
 */
export function multiplexCode(index: number): number {
  if (multiplexed === undefined) {
    multiplexed = new Map();
    let code = 0;
    for (const name of SOCKET_CALLS.split(" ")) {
      code += 1;
      multiplexed.set(syscallIndex(name) ?? -1, code);
    }
    for (const [name, number] of IPC_CALLS) multiplexed.set(syscallIndex(name) ?? -1, 256 + number);
  }
  return multiplexed.get(index) ?? 0;
}
