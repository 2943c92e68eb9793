/**
 * JSON from outside: `JSON.parse` does the work, and this file adds what it lacks: where a syntax error
 * is, a bound on nesting, and the source text of numbers too large for a JavaScript number (ts.2).
 * Each scan is linear in the text and runs only when it is needed.
 */
import { RuntimeError } from "./error.ts";

/** Deepest nesting that a document may have (DESIGN section 8). */
export const MAX_DEPTH = 64;

/** Longest document, in UTF-16 units; the bytes were bounded before they were read (input.1). */
export const MAX_LENGTH = 16 * 1024 * 1024;

/**
 * Parses a JSON document.
 *
 * `what` names the action and the document in errors: `load config.json`; `numbers` is told what kind of numbers there are. Throws a RuntimeError with line
 * and column (both from 1, columns in UTF-16 units) for a syntax error, and for a document that is too
 * long or nested deeper than 64.
 */
export function parseJson(text: string, what: string, numbers: Numbers = { inexact: false }): unknown {
  if (text.length > MAX_LENGTH) {
    throw new RuntimeError({ what, problem: `${text.length} characters, want at most ${MAX_LENGTH}` });
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The engines word and place a syntax error differently (and QuickJS may say "stack overflow").
    throw syntaxError(text, what);
  }
  if (tooDeep(document, MAX_DEPTH, numbers)) throw depthError(text, what);
  return document;
}

/** What a document's numbers are. */
export interface Numbers {
  /** There is one that is no safe integer, or -0: where the schema wants a 64-bit integer, its source has to be read. */
  inexact: boolean;
}

/** Whether containers are nested deeper than `left`; never recurses deeper than that itself. Looks at the numbers on its way. */
function tooDeep(value: unknown, left: number, numbers: Numbers): boolean {
  if (typeof value === "number" && (!Number.isSafeInteger(value) || Object.is(value, -0))) numbers.inexact = true;
  if (typeof value !== "object" || value === null) return false;
  if (left === 0) return true;
  // `Object.values` reads own properties only: a key named __proto__ is data (ts.1).
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    const kind = typeof item;
    if ((kind === "object" || kind === "number") && tooDeep(item, left - 1, numbers)) return true;
  }
  return false;
}

function depthError(text: string, what: string): RuntimeError {
  const offset = scan(text).depthAt ?? 0;
  const problem = `nested deeper than ${MAX_DEPTH} levels at ${lineColumn(text, offset)}, want at most ${MAX_DEPTH}`;
  return new RuntimeError({ what, problem });
}

function syntaxError(text: string, what: string): RuntimeError {
  const { offset, want, depthAt } = scan(text);
  if (depthAt !== undefined) return depthError(text, what);
  const found = offset >= text.length ? "end of text" : shown(text, offset);
  const hint = hintFor(text, offset);
  return new RuntimeError({ what, problem: `not JSON at ${lineColumn(text, offset)}: ${found}, want ${want}`, hint });
}

/** The character or word at the offset, quoted. */
function shown(text: string, offset: number): string {
  const word = /^\w{2,20}/.exec(text.slice(offset, offset + 20));
  return JSON.stringify(word?.[0] ?? String.fromCodePoint(text.codePointAt(offset) ?? 0));
}

/** The mistakes that people make, by what stands at the error. */
function hintFor(text: string, offset: number): string | undefined {
  const at = text[offset];
  if (text.trim() === "") return "the file is empty";
  if (at === "\ufeff") return "remove the byte order mark";
  if (at === "'") return "strings are in double quotes";
  if (at === "/" || at === "#") return "JSON has no comments";
  if ((at === "}" || at === "]") && /,\s*$/.test(text.slice(Math.max(0, offset - 200), offset))) {
    return "remove the comma before it";
  }
  return undefined;
}

function lineColumn(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < offset; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${offset - start + 1}`;
}

interface ScanResult {
  /** Where the text stops being JSON, and what could have stood there. */
  readonly offset: number;
  readonly want: string;
  /** Where nesting exceeds the bound, if it does before that. */
  readonly depthAt?: number;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Moves a sticky pattern over the text; the new position, or -1 where it does not match. */
function skip(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Finds the first place that is not JSON, without recursion: the text may be nested as deep as it likes. */
function scan(text: string): ScanResult {
  const open: string[] = [];
  let offset = 0;
  // What may come next: a value, a value or the end of an array just opened, a key (or end), what follows a value.
  let state: "value" | "first" | "key" | "firstKey" | "after" = "value";
  for (;;) {
    offset = skip(SPACE, text, offset);
    const at = text[offset];
    const top = open[open.length - 1];
    if (state === "after") {
      if (top === undefined) return { offset, want: "the end" };
      if (at === top) open.pop();
      else if (at === ",") state = top === "}" ? "key" : "value";
      else return { offset, want: `"," or "${top}"` };
      offset++;
    } else if ((state === "first" && at === "]") || (state === "firstKey" && at === "}")) {
      open.pop();
      offset++;
      state = "after";
    } else if (state === "key" || state === "firstKey") {
      const colon = keyEnd(text, offset);
      if (typeof colon !== "number") return colon;
      offset = colon;
      state = "value";
    } else if (at === "{" || at === "[") {
      if (open.length === MAX_DEPTH) return { offset, want: "less nesting", depthAt: offset };
      open.push(at === "{" ? "}" : "]");
      state = at === "{" ? "firstKey" : "first";
      offset++;
    } else {
      const end = scalarEnd(text, offset);
      if (typeof end !== "number") return end;
      offset = end;
      state = "after";
    }
  }
}

/** End of `"key" :`, or what is wrong with it. */
function keyEnd(text: string, offset: number): number | ScanResult {
  if (text[offset] !== '"') return { offset, want: "a key in double quotes" };
  const end = stringEnd(text, offset);
  if (typeof end !== "number") return end;
  const colon = skip(SPACE, text, end);
  return text[colon] === ":" ? colon + 1 : { offset: colon, want: '":"' };
}

function scalarEnd(text: string, offset: number): number | ScanResult {
  if (text[offset] === '"') return stringEnd(text, offset);
  const literal = skip(LITERAL, text, offset);
  if (literal !== -1) return literal;
  const number = skip(NUMBER, text, offset);
  return number === -1 ? { offset, want: "a value" } : number;
}

/** End of a string that starts at the offset, or what is wrong in it. */
function stringEnd(text: string, offset: number): number | ScanResult {
  for (let index = offset + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index + 1;
    if (code < 0x20) return { offset: index, want: 'the escape of a control character or the closing "' };
    if (code !== 0x5c) continue;
    const found = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(index + 1, index + 6));
    if (found === null) return { offset: index, want: "an escape that JSON has" };
    index += found[0].length;
  }
  return { offset: text.length, want: 'a closing "' };
}

/** The wanted parts of a document: a branch by key or index, or a slot for the source of a number. */
interface Wanted {
  readonly below: Map<string, Wanted>;
  slot?: number;
}

/**
 * Returns the source text of the numbers at the given paths (keys and indices), in the order of `paths`.
 *
 * `text` must be a document that `parseJson` accepted, and each path must lead to a number of it. One pass,
 * whatever the number of paths; of duplicate keys the last wins, as in `JSON.parse`.
 */
export function numberSources(text: string, paths: readonly (readonly string[])[]): string[] {
  const root: Wanted = { below: new Map() };
  paths.forEach((path, slot) => {
    let node = root;
    for (const key of path) {
      let next = node.below.get(key);
      if (next === undefined) {
        next = { below: new Map() };
        node.below.set(key, next);
      }
      node = next;
    }
    node.slot = slot;
  });
  const sources: string[] = paths.map(() => "");
  pickNumbers(text, skip(SPACE, text, 0), root, sources);
  return sources;
}

/** Goes over one value; returns where it ends. */
function pickNumbers(text: string, offset: number, wanted: Wanted | undefined, sources: string[]): number {
  const at = text[offset];
  if (at === "{" || at === "[") {
    // An earlier duplicate key may hide deeper nesting than `parseJson` counted: recurse along wanted paths only.
    if (wanted === undefined) return containerEnd(text, offset);
    return pickMembers(text, offset, at === "{", wanted, sources);
  }
  if (at === '"') return validStringEnd(text, offset);
  const literal = skip(LITERAL, text, offset);
  if (literal !== -1) return literal;
  const end = skip(NUMBER, text, offset);
  // A later duplicate overwrites what an earlier one left in the slot.
  if (wanted?.slot !== undefined) sources[wanted.slot] = text.slice(offset, end);
  return end;
}

function pickMembers(text: string, start: number, isObject: boolean, wanted: Wanted, sources: string[]): number {
  let offset = skip(SPACE, text, start + 1);
  for (let index = 0; text[offset] !== "}" && text[offset] !== "]"; index++) {
    let key = String(index);
    if (isObject) {
      const end = validStringEnd(text, offset);
      const raw = text.slice(offset, end);
      key = raw.includes("\\") ? String(JSON.parse(raw)) : raw.slice(1, -1);
      offset = skip(SPACE, text, skip(SPACE, text, end) + 1);
    }
    offset = skip(SPACE, text, pickNumbers(text, offset, wanted.below.get(key), sources));
    if (text[offset] === ",") offset = skip(SPACE, text, offset + 1);
  }
  return offset + 1;
}

const UNTIL_BRACKET = /[^"[\]{}]*/y;

/** End of an object or array that nothing is wanted of. */
function containerEnd(text: string, start: number): number {
  let depth = 0;
  for (let offset = start; ; ) {
    const at = text[offset];
    if (at === '"') offset = validStringEnd(text, offset);
    else {
      offset++;
      if (at === "{" || at === "[") depth++;
      else if (--depth === 0) return offset;
    }
    offset = skip(UNTIL_BRACKET, text, offset);
  }
}

/** End of a string that is known to be right: jumps from quote to quote. */
function validStringEnd(text: string, offset: number): number {
  let end = text.indexOf('"', offset + 1);
  for (;;) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
}

/** Longest number that is turned into an integer: 20 digits are 64 bits, the rest is room for zeros. */
const MAX_NUMBER_LENGTH = 64;

/**
 * Reads the source text of a JSON number as an exact integer, also from a fraction or an exponent that
 * amounts to one (`1.8446744073709551615e19`). Undefined if it is none, is -0, or is far beyond 64 bits.
 */
export function exactInteger(source: string): bigint | undefined {
  if (source.length > MAX_NUMBER_LENGTH) return undefined;
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,4}))?$/.exec(source);
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const shift = Number(exponent) - fraction.length;
  if (shift > MAX_NUMBER_LENGTH || shift < -2 * MAX_NUMBER_LENGTH) return undefined;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return sign === "" ? 0n : undefined;
  const scale = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && digits % scale !== 0n) return undefined;
  const magnitude = shift < 0 ? digits / scale : digits * scale;
  return sign === "" ? magnitude : -magnitude;
}
