/**
 * Bad values of every field of config.json, given to `create`: one line with pointer, what was found and what would be right; status 1; and
 * nothing is left behind. fields.ts names all fields; a field of the schema that it lacks fails.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t, { type Test } from "tap";
import { FULL } from "../../schemas/documents.ts";
import { ENGINE, Sandbox, type TestConfig } from "../support/sandbox.ts";
import { isObject, patternOf, schemaFields } from "../support/schema.ts";
import { BAD_CONFIG, type Put } from "./bad-config.ts";
import { REFUSED, REFUSED_BY_V1, type RefusedValue } from "./bad-machine.ts";
import { FIELDS } from "./fields.ts";
import { wrongValues } from "./wrong-types.ts";

type Json = Record<string, unknown>;
const keysOf = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));

/** What stands at a key; in a list any element, in a map any value, when that key is not there. */
function below(value: unknown, key: string): unknown {
  return isObject(value) ? (value[key] ?? Object.values(value)[0]) : undefined;
}

/**
 * Puts a value at a pointer, in which `*` is the first element or key there. Holders that are missing come from FULL, so that nothing else
 * is wrong. Returns the pointer without `*`.
 */
function put(document: unknown, [pointer, value]: Put): string {
  const keys = keysOf(pointer);
  const last = keys.pop() ?? "";
  let full: unknown = FULL;
  let holder = document as Json;
  const way: string[] = [];
  const named = (key: string): string => (key === "*" ? (Object.keys(holder)[0] ?? "0") : key);
  for (const key of keys) {
    const name = named(key);
    full = below(full, name);
    if (!isObject(holder[name])) holder[name] = JSON.parse(JSON.stringify(full));
    holder = holder[name] as Json;
    way.push(name);
  }
  const name = named(last);
  if (Array.isArray(holder) && last === "-") holder.push(structuredClone(value));
  else if (value === undefined) delete holder[name];
  else holder[name] = structuredClone(value);
  return `/${[...way, name].map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
}

/** An environment variable that init inherits and no other process on this machine has. */
const MARK = `TSRUNC_BAD_VALUES=${process.pid}`;

/** Processes that carry our mark: what `create` started and left. */
function processes(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(MARK);
    } catch {
      return false;
    }
  });
}

/** What a failed `create` of this id has left that can be seen at a glance. */
function left(id: string): string[] {
  const named = [join(box.state, id), pidFile, ...hierarchies.map((hierarchy) => join(hierarchy, id))];
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return [...named.filter((path) => existsSync(path)), ...mounts.filter((line) => line.includes(box.folder))];
}

/** All that this file's containers have left, wherever it is: a look that costs 50 ms. */
function leftAnywhere(t: Test): void {
  t.strictSame([...box.leftovers(), ...processes()], [], "nothing is left behind anywhere");
}

/** Where the cgroup of a container without cgroupsPath is: in each hierarchy, beside our own. */
const hierarchies = readFileSync("/proc/self/mountinfo", "utf8")
  .split("\n")
  .filter((line) => / - cgroup2? /.test(line))
  .map((line) => line.split(" ")[4] ?? "");

const box = new Sandbox(ENGINE);
const pidFile = join(box.folder, "pid");
const bundle = box.bundle(["true"], (config: TestConfig) => {
  config.mounts.splice(7);
});
const text = readFileSync(join(bundle, "config.json"), "utf8");
const [name = "", mark = ""] = MARK.split("=");

/** `create` with these values put one after the other; `expected` gets the last one's pointer. */
function refused(t: Test, puts: readonly Put[], expected: (pointer: string) => string | RegExp): void {
  const document: unknown = JSON.parse(text);
  let pointer = "";
  for (const one of puts) pointer = put(document, one);
  box.write(bundle, document);
  const id = box.id();
  const outcome = box.run(["create", "--bundle", bundle, "--pid-file", pidFile, id], { env: { [name]: mark } });
  const said = outcome.stderr.replaceAll(bundle, "BUNDLE").replaceAll(id, "ID");
  const want = expected(pointer);
  const shown = String(
    JSON.stringify(puts.at(-1)?.[1], (_, value) => (typeof value === "bigint" ? `${value}` : value)),
  );
  const what = `${pointer} = ${shown.slice(0, 60)}`;
  if (typeof want === "string") t.equal(said, `${want}\n`, what);
  else t.match(said, new RegExp(`${want.source.replace(/\$$/, "")}\n$`), what);
  t.strictSame([outcome.status, outcome.stdout, left(id)], [1, "", []], `${what}: status, output, what is left`);
  if (outcome.status === 0) box.run(["delete", "--force", id]);
  rmSync(pidFile, { force: true });
}

/** The line of loading: `says` may end with another pointer or a hint. */
function loadLine(says: string, pointer: string): string {
  const [found = "", ...rest] = says.split(/; (?=hint: |config\.json#)/);
  const where = rest.find((part) => part.startsWith("config.json#")) ?? `config.json#${pointer}`;
  return ["load config.json: ".concat(found), where, ...rest.filter((part) => part.startsWith("hint: "))].join("; ");
}

t.test("every field of the schema has rows, and no other", (t) => {
  const fields = schemaFields();
  const patterns = new Set(fields.map((field) => field.pointer));
  t.strictSame(
    FIELDS.map((field) => `${field.pointer}${field.required ? "!" : ""}`).sort(),
    fields.map((field) => `${field.pointer}${field.required ? "!" : ""}`).sort(),
    "fields.ts names what the schema names",
  );
  const rows = [...BAD_CONFIG, ...REFUSED, ...REFUSED_BY_V1].map(([pointer]) => patternOf(pointer, patterns));
  for (const { pointer, narrowed } of fields) {
    if (narrowed) t.ok(rows.includes(pointer), `${pointer}: a text or list of the right type that is bad all the same`);
  }
  t.end();
});

t.test("the config that is made worse is good", (t) => {
  box.write(bundle, JSON.parse(text));
  const id = box.id();
  t.match(box.run(["create", "--bundle", bundle, id], { env: { [name]: mark } }), { status: 0, stderr: "" });
  t.equal(processes().length, 1, "its process would be seen if it were left");
  t.match(box.run(["delete", "--force", id]), { status: 0, stderr: "" });
  leftAnywhere(t);
  t.end();
});

t.test("values of another type, out of range, missing", (t) => {
  for (const field of FIELDS) {
    for (const [value, says] of wrongValues(field)) {
      refused(t, [[field.pointer, value]], (pointer) => loadLine(says, pointer));
    }
  }
  leftAnywhere(t);
  t.end();
});

t.test("values that a name, range or rule forbids", (t) => {
  for (const [pointer, value, says, ...before] of BAD_CONFIG) {
    refused(t, [...before, [pointer, value]], (at) => loadLine(says, at));
  }
  leftAnywhere(t);
  t.end();
});

function refusedByMachine(t: Test, [pointer, value, line, ...before]: RefusedValue): void {
  refused(t, [...before, [pointer, value]], () => line);
  leftAnywhere(t);
}

t.test("values that the machine refuses", (t) => {
  for (const row of REFUSED) refusedByMachine(t, row);
  t.end();
});

const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
t.test("values that cgroup v1 refuses", { skip: isV2 ? "this machine has cgroup v2" : false }, (t) => {
  for (const row of REFUSED_BY_V1) refusedByMachine(t, row);
  t.end();
});

t.teardown(() => box.close());
