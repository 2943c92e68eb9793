/** How a wrong value in a config becomes one error line, and the small tests that the rules share. */
import { RuntimeError } from "../shared/error.ts";
import type { Config, NamespaceType } from "./types.ts";

/** What was being done, in every error of this folder. */
export const LOAD_CONFIG = "load config.json";

/** What a rule may look at beside the value it judges. */
export interface RuleContext {
  /** Lines for the user that are no errors. */
  readonly warnings: string[];
  /** Whether the container has a namespace of that kind apart from the runtime's: a new or a joined one. */
  has(type: NamespaceType): boolean;
  /** Whether the container makes a new namespace of that kind. */
  makes(type: NamespaceType): boolean;
}

/** A rule of runtime-spec (or of ours) that the schema cannot say. */
export interface Rule {
  /** Fixed name; tests and documents cite it. */
  readonly id: string;
  readonly level: "MUST" | "SHOULD";
  /** Where it comes from: file and anchor in runtime-spec, or a rule of SECURITY.md or a manual page. */
  readonly anchor: string;
  /** Throws a RuntimeError with pointer where the config breaks the rule. */
  readonly check: (config: Config, context: RuleContext) => void;
}

/** Throws the error `<found>, want <want>` at a JSON pointer such as `/process/cwd`. */
export function refuse(pointer: string, found: string, want: string, hint?: string): never {
  const where = `config.json#${pointer}`;
  throw new RuntimeError({ what: LOAD_CONFIG, problem: `${found}, want ${want}`, where, hint });
}

/** A value as shown in an error: JSON, shortened to about 60 characters. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  return value.length > 60
    ? `${JSON.stringify(value.slice(0, 50))}… (${value.length} characters)`
    : JSON.stringify(value);
}

/** Escapes a key for a JSON pointer (RFC 6901). */
export function pointerKey(key: string): string {
  if (!key.includes("~") && !key.includes("/")) return key;
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Whether the text takes more than `limitBytes` as UTF-8 (lone surrogates have been refused before). */
export function longerThan(text: string, limitBytes: number): boolean {
  if (text.length * 3 <= limitBytes) return false;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // Each half of a surrogate pair counts 2: together the 4 bytes of the character.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
    if (bytes > limitBytes) return true;
  }
  return false;
}

/** Longest path the kernel takes, without the NUL (PATH_MAX - 1, path_resolution(7)). */
export const MAX_PATH_BYTES = 4095;

/** Refuses a path that is empty, relative or too long. */
export function wantAbsolute(pointer: string, path: string): void {
  if (!path.startsWith("/")) refuse(pointer, show(path), "an absolute path");
  wantShortPath(pointer, path);
}

/** Refuses a path of more than 4095 bytes. */
export function wantShortPath(pointer: string, path: string): void {
  if (longerThan(path, MAX_PATH_BYTES)) refuse(pointer, show(path), `a path of at most ${MAX_PATH_BYTES} bytes`);
}

/** Refuses a line break: the text goes where one ends the record (input.2). */
export function wantOneLine(pointer: string, text: string): void {
  if (text.includes("\n")) refuse(pointer, show(text), "text without a line break");
}

/** Refuses an integer outside a range, both ends included. */
export function wantRange(pointer: string, value: number | bigint | undefined, least: number, most: number): void {
  if (value !== undefined && (value < least || value > most)) refuse(pointer, String(value), `${least} to ${most}`);
}

/** The candidate nearest to a name by edit distance, if it is near enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 60) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 0; i < left.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j++) {
      const replaced = (row[j] ?? 0) + (left[i] === right[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
