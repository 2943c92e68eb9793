/** The text of config.json → a Config in which everything was checked. */
import { RuntimeError } from "../shared/error.ts";
import { exactInteger, numberSources, parseJson } from "../shared/json.ts";
import { checkRules } from "./rules.ts";
import { LOAD_CONFIG, nearest, pointerKey, refuse, show } from "./rules-report.ts";
import { checkResources } from "./rules-resources.ts";
import type { Config, ConfigValidator, IntegerTree, Linux, LoadedConfig, SchemaError } from "./types.ts";

/**
 * Parses and checks config.json.
 *
 * `validate` is the generated validator (it sits in a chunk of its own); `warn` gets one line for each
 * thing that is odd but no error. 64-bit fields beyond 2^53 come out as bigint. Throws one RuntimeError,
 * the first that is found: syntax, schema, text, integers, rules.
 */
export function loadConfig(text: string, validate: ConfigValidator, warn?: (line: string) => void): LoadedConfig {
  // The validator has proven the shape, and the rules add what LoadedConfig promises beyond it.
  const config = readDocument(text, LOAD_CONFIG, validate) as LoadedConfig;
  const warnings = checkRules(config);
  if (warn !== undefined) for (const line of warnings) warn(line);
  return config;
}

/** Parses a document that must fit the schema, with exact integers. */
function readDocument(text: string, what: string, validate: ConfigValidator): Config {
  const numbers = { inexact: false };
  const document = parseJson(text, what, numbers);
  if (!validate(document)) throw schemaError(document, text, validate.errors?.[0]);
  checkText(text, document);
  if (numbers.inexact && validate.integers !== undefined) exactIntegers(text, document, validate.integers);
  return document as Config;
}

/** The parts of a config that `update` may bring: limits, and lines for resctrl. */
export type Update = Pick<Linux, "resources" | "intelRdt">;

/**
 * Checks the limits of `update`, as the JSON text of a LinuxResources, and the lines for resctrl.
 *
 * @param name what the text is called in errors: `--resources`.
 * @param whereOf a pointer below config.json#/linux (`/resources/cpu/shares`) as the user knows it.
 * @throws RuntimeError, the first that is found.
 */
export function loadUpdate(
  text: string,
  rdt: Readonly<Record<string, string>>,
  validate: ConfigValidator,
  name: string,
  whereOf: (pointer: string) => string,
): Update {
  // For its syntax errors, whose columns are those of the user's text.
  parseJson(text, `read ${name}`);
  // The schema and the exact reading of integers are those of a config: so it becomes one.
  const whole = `{"ociVersion":"1.0.0","linux":{"resources":${text},"intelRdt":${JSON.stringify(rdt)}}}`;
  try {
    const { linux } = readDocument(whole, `read ${name}`, validate);
    checkResources(linux?.resources ?? {}, "/linux/resources", true);
    return linux ?? {};
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const { where = "" } = error.parts;
    throw new RuntimeError({
      ...error.parts,
      what: `read ${name}`,
      where: where.startsWith(LINUX_AT) ? whereOf(where.slice(LINUX_AT.length)) : where,
    });
  }
}

const LINUX_AT = "config.json#/linux";

const TYPE_WORDS: Record<string, string> = {
  string: "a string",
  boolean: "true or false",
  integer: "an integer",
  number: "a number",
  object: "an object",
  array: "an array",
};

/** What the patterns of the schema mean; a pattern that is not listed is shown as it is. */
const PATTERN_WORDS: Record<string, string> = {
  "^RLIMIT_[A-Z]+$": "a name such as RLIMIT_NOFILE",
  "^[cbup]$": "c, u, b or p",
  "^[0-9, -]*$": "a list of CPUs such as 0-3,7",
  "^[1-9][0-9]*[KMG]B$": "a page size such as 2MB",
  "^MB:[^\\n]*$": "one line that starts with MB:",
};

/** Longest list of names that is printed; of a longer one the hint names the nearest. */
const MAX_NAMES = 8;

/** Words the validator's first failure. */
function schemaError(document: unknown, text: string, error: SchemaError | undefined): never {
  const { instancePath = "", keyword = "", params = {} } = error ?? {};
  const path = pathOf(instancePath);
  const value = valueAt(document, path);
  if (keyword === "required") {
    const name = params.missingProperty ?? "";
    const near = nearest(name, Object.keys(value as object));
    const hint = near === undefined ? undefined : `"${near}" is given`;
    refuse(`${instancePath}/${pointerKey(name)}`, `missing "${name}"`, "it to be given", hint);
  }
  let found = show(value);
  // Shown as written: 1e400 is Infinity by now.
  if (typeof value === "number" && !Number.isSafeInteger(value)) found = numberSources(text, [path])[0] ?? found;
  if (keyword === "type") {
    const type = Array.isArray(params.type) ? params.type.join(" or ") : String(params.type);
    const kind = typeof value === "string" || typeof value === "number" ? `${typeof value} ` : "";
    refuse(instancePath, kind + found, TYPE_WORDS[type] ?? type);
  }
  if (keyword === "enum") {
    const names = (params.allowedValues ?? []).map(String);
    const near = nearest(String(value), names);
    const hint = near === undefined ? undefined : `nearest is "${near}"`;
    refuse(instancePath, found, names.length > MAX_NAMES ? `one of ${names.length} names` : names.join(", "), hint);
  }
  if (keyword === "maximum") refuse(instancePath, found, `at most ${exactLimit(params.limit ?? 0)}`);
  if (keyword === "minimum") refuse(instancePath, found, `at least ${exactLimit(params.limit ?? 0)}`);
  if (keyword === "minItems") refuse(instancePath, found, `at least ${params.limit ?? 0} element`);
  const pattern = params.pattern ?? "";
  refuse(instancePath, found, PATTERN_WORDS[pattern] ?? `${keyword} ${pattern}`);
}

/** The limits of 64 bits are rounded in a number. */
function exactLimit(limit: number): string {
  if (limit === 2 ** 64) return String(U64_MAX);
  if (limit === 2 ** 63) return String(S64_MAX);
  return String(BigInt(limit));
}

function pathOf(pointer: string): string[] {
  const keys = pointer.split("/").slice(1);
  return keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Node 20 and our QuickJS have it; ES2022's library types do not. */
interface WellFormed {
  isWellFormed(): boolean;
}

/**
 * Refuses NUL and lone surrogates in any string or key (input.2, ts.4): as a system call's argument one
 * would cut the text, the other has no UTF-8.
 */
function checkText(text: string, document: unknown): void {
  // JSON can only say them by an escape, or by bytes that were no UTF-8: without either there is nothing to look for.
  if (text.includes("\\u") || !isWellFormed(text)) checkStrings(document, "");
}

function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormed).isWellFormed();
}

function checkStrings(value: unknown, pointer: string): void {
  if (typeof value === "string") checkString(value, pointer);
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const below = `${pointer}/${pointerKey(key)}`;
    checkString(key, below);
    checkStrings(item, below);
  }
}

function checkString(value: string, pointer: string): void {
  if (value.includes("\0")) refuse(pointer, `${show(value)} with a NUL character`, "text without it");
  if (!isWellFormed(value)) refuse(pointer, `${show(value)} with half a surrogate pair`, "Unicode text");
}

const U64_MAX = 2n ** 64n - 1n;
const S64_MAX = 2n ** 63n - 1n;
const S64_MIN = -(2n ** 63n);

/** An integer that a JavaScript number did not hold. */
interface Inexact {
  readonly holder: Record<string, unknown>;
  readonly key: string;
  readonly pointer: string;
  readonly kind: "u" | "s" | "i";
}

/** Replaces the integers that `JSON.parse` rounded by exact ones, and refuses what is no 64-bit integer (ts.2). */
function exactIntegers(text: string, document: unknown, tree: IntegerTree): void {
  const inexact: Inexact[] = [];
  collect(document, tree, "", inexact);
  if (inexact.length === 0) return;
  const paths = inexact.map((spot) => pathOf(spot.pointer));
  const sources = numberSources(text, paths);
  inexact.forEach(({ holder, key, pointer, kind }, index) => {
    const source = sources[index] ?? "";
    const value = exactInteger(source);
    if (kind === "i") refuse(pointer, source, "an integer below 2^53");
    const [least, most] = kind === "u" ? [0n, U64_MAX] : [S64_MIN, S64_MAX];
    if (value === undefined || value < least || value > most)
      refuse(pointer, source, `an integer, ${least} to ${most}`);
    // The key is a name of our schema, or an index of an array.
    holder[key] = value;
  });
}

/** Walks the integer fields of the schema, as far as the document has them. */
function collect(value: unknown, tree: IntegerTree, pointer: string, inexact: Inexact[]): void {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const name of Object.keys(tree)) {
    const below = tree[name];
    if (below === undefined) continue;
    if (name !== "*") {
      if (Object.hasOwn(holder, name)) visit(holder, name, below, `${pointer}/${name}`, inexact);
      continue;
    }
    // Each element: the keys are the document's, and all of them are own properties.
    for (const key of Object.keys(holder)) visit(holder, key, below, `${pointer}/${pointerKey(key)}`, inexact);
  }
}

function visit(
  holder: Record<string, unknown>,
  key: string,
  kind: IntegerTree | Inexact["kind"],
  pointer: string,
  inexact: Inexact[],
): void {
  const item = holder[key];
  if (typeof kind === "object") collect(item, kind, pointer, inexact);
  else if (Object.is(item, -0)) refuse(pointer, "-0", "an integer");
  else if (!Number.isSafeInteger(item)) inexact.push({ holder, key, pointer, kind });
}
