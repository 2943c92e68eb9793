/** Wrong values that follow from a field's type alone: of another type, out of its range, not text, missing. */
import type { Field, TypeName } from "./fields.ts";

/** A value for a field (undefined: it is taken away), and `<found>, want <right>` of the line that is said of it. */
export type WrongValue = readonly [value: unknown, says: string];

/** A type of JSON: how the line calls it, and values that are none. */
interface Json {
  want: string;
  others: readonly (readonly [value: unknown, found: string])[];
}

const TEXT: Json = {
  want: "a string",
  others: [
    [5, "number 5"],
    [null, "null"],
    [["x"], "an array of 1"],
  ],
};
const INTEGER: Json = {
  want: "an integer",
  others: [
    ["7", 'string "7"'],
    [1.5, "number 1.5"],
    [true, "true"],
  ],
};
const TYPES: Partial<Record<TypeName, Json>> = {
  string: TEXT,
  name: TEXT,
  boolean: {
    want: "true or false",
    others: [
      ["true", 'string "true"'],
      [1, "number 1"],
    ],
  },
  object: {
    want: "an object",
    others: [
      [[], "[]"],
      ["x", 'string "x"'],
    ],
  },
  array: {
    want: "an array",
    others: [
      [{}, "an object"],
      ["x", 'string "x"'],
    ],
  },
};

/** Ends of the ranges, both included. */
const RANGES: Partial<Record<TypeName, readonly [bigint, bigint]>> = {
  id: [0n, 2n ** 32n - 2n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Beside a missing name a hint shows one that looks like it; these two do. */
const ALIKE: Readonly<Record<string, string>> = { major: "minor", minor: "major" };

/** The values of one field that its type alone makes bad. */
export function wrongValues({ pointer, type, required }: Field): WrongValue[] {
  const { want, others } = TYPES[type] ?? INTEGER;
  const found: WrongValue[] = others.map(([value, text]) => [value, `${text}, want ${want}`]);
  const range = RANGES[type];
  if (range !== undefined) found.push([range[0] - 1n, tooSmall(range)], [range[1] + 1n, tooBig(range)]);
  if (type === "string") found.push(["a\0b", '"a\\u0000b" with a NUL character, want text without it']);
  if (required) {
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    const hint = ALIKE[name] === undefined ? "" : `; hint: "${ALIKE[name]}" is given`;
    found.push([undefined, `missing "${name}", want it to be given${hint}`]);
  }
  return found;
}

/** Integers beyond 64 bits are found where the text is read again for those that JSON.parse rounded: both ends are said. */
function tooBig([least, most]: readonly [bigint, bigint]): string {
  return most >= 2n ** 63n - 1n
    ? `${most + 1n}, want an integer, ${least} to ${most}`
    : `${most + 1n}, want at most ${most}`;
}

function tooSmall([least, most]: readonly [bigint, bigint]): string {
  return least < -(2n ** 62n)
    ? `${least - 1n}, want an integer, ${least} to ${most}`
    : `${least - 1n}, want at least ${least}`;
}
