/** Deterministic mutations of JSON documents, as small patches; used to compare two validators. */

/** Puts a value at a JSON pointer, or removes what is there (no third element). */
export type Patch = [base: number, pointer: string, value?: unknown];

/** A small seeded generator (Numerical Recipes' LCG; the low bits are dropped): the same list on each run. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  1,
  -1,
  1.5,
  7,
  255,
  511,
  512,
  32768,
  65535,
  65536,
  2147483647,
  2147483648,
  -2147483649,
  4294967294,
  4294967295,
  4294967296,
  9007199254740992,
  9.3e18,
  1.9e19,
  -9.3e18,
  "",
  "x",
  "SCMP_ACT_ALLOW",
  "SCMP_ARCH_X86_64",
  "RLIMIT_NOFILE",
  "rshared",
  "shared",
  "network",
  "2MB",
  "MB:0=1\n",
  "MB:0=1",
  "0-3,7",
  "c",
  [],
  [1],
  ["x"],
  [{}],
  {},
  { x: 1 },
  { x: "y" },
];

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** All pointers of a document, the document's own ("") included. */
export function pointers(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => pointers(item, `${at}/${escaped(key)}`))];
}

/** Returns `count` patches over the documents: retyped, extreme, removed, or strange keys added. */
export function mutations(bases: readonly unknown[], count: number, seed: number): Patch[] {
  const random = seeded(seed);
  const places = bases.map((base) => pointers(base).slice(1));
  const patches: Patch[] = [];
  for (let index = 0; index < count; index++) {
    const base = random(bases.length);
    const list = places[base] ?? [];
    const pointer = list[random(list.length)] ?? "";
    const kind = random(10);
    const value = VALUES[random(VALUES.length)];
    if (kind < 2) patches.push([base, pointer]);
    else if (kind < 3) patches.push([base, `${pointer.slice(0, pointer.lastIndexOf("/"))}/`, value]);
    else patches.push([base, pointer, value]);
  }
  return patches;
}

/** What stands at a pointer. */
function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const key of pointer.split("/").slice(1)) {
    value = (value as Record<string, unknown>)[key.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return value;
}

/** All names that enums of a schema list. */
export function enumNames(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, child]) =>
    key === "enum" && Array.isArray(child) ? child.map(String) : enumNames(child),
  );
}

/** One value of each type, and removal: what each place of a document is tried with. */
const TYPES: readonly unknown[] = [null, true, 1.5, "x", [], {}];

/**
 * Patches of the first document: each place removed and retyped, each number of the list at each integer,
 * each name at each place that has one.
 */
export function everyPlace(document: unknown, names: readonly string[]): Patch[] {
  const numbers = VALUES.filter((value) => typeof value === "number");
  const places = pointers(document).slice(1);
  return places.flatMap((pointer): Patch[] => {
    const value = valueAt(document, pointer);
    const retyped: Patch[] = [[0, pointer], ...TYPES.map((other): Patch => [0, pointer, other])];
    if (typeof value === "number") return [...retyped, ...numbers.map((number): Patch => [0, pointer, number])];
    if (typeof value !== "string" || !names.includes(value)) return retyped;
    return [...retyped, ...names.map((name): Patch => [0, pointer, name])];
  });
}

/** A copy of a document with one patch applied. */
export function patched(document: unknown, [, pointer, ...value]: Patch): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(document));
  const keys = pointer.split("/").slice(1);
  const last = (keys.pop() ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
  let holder = copy as Record<string, unknown>;
  for (const key of keys) holder = holder[key.replaceAll("~1", "/").replaceAll("~0", "~")] as typeof holder;
  if (value.length > 0) holder[last] = value[0];
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
  return copy;
}
