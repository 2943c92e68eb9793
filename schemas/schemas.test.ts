/**
 * Our schemas against the official ones of runtime-spec 1.3.
 *
 * Where ../shared/oci/schema is present the official schemas are the oracle; vectors.json keeps their
 * verdicts on documents of ours, so that the check holds without them. TSRUNC_WRITE_VECTORS=1 rewrites it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import t from "tap";
import { validate as validateConfig } from "../src/config/generated/validate-config.js";
import { validate as validateFeatures } from "../src/config/generated/validate-features.js";
import { validate as validateState } from "../src/config/generated/validate-state.js";
import type { SchemaValidator } from "../src/config/types.ts";
import { BASES, FULL } from "./documents.ts";
import { enumNames, everyPlace, mutations, type Patch, patched, pointers } from "./mutate.ts";

function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "schemas/config.schema.json"))) folder = dirname(folder);
  return folder;
}

const root = repositoryRoot();
const official = join(root, "../shared/oci/schema");
const haveOfficial = existsSync(join(official, "config-schema.json"));
const vectorsFile = join(root, "schemas/vectors.json");

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const schemaOf = (name: string): Record<string, unknown> =>
  readJson(join(root, `schemas/${name}.schema.json`)) as Record<string, unknown>;

/** The official schemas are draft-04; of what differs from draft-07 they use nothing but the name. */
function officialValidators(): Record<string, ValidateFunction> {
  const ajv = new Ajv({ strict: false, validateSchema: false });
  for (const file of readdirSync(official).filter((name) => name.endsWith(".json"))) {
    const { $schema: _, ...schema } = readJson(join(official, file)) as Record<string, unknown>;
    ajv.addSchema(schema, `http://official/${file}`);
  }
  const get = (name: string): ValidateFunction => {
    const validator = ajv.getSchema(`http://official/${name}-schema.json`);
    if (validator === undefined) throw new Error(name);
    return validator;
  };
  return { config: get("config"), state: get("state"), features: get("features") };
}

/** The official names, so that one that we lack is noticed. */
function officialNames(): string[] {
  const files = readdirSync(official).filter((name) => /^(config|defs)-(linux|schema)\.json$/.test(name));
  return [...new Set(files.flatMap((file) => enumNames(readJson(join(official, file)))))];
}

type Difference = [reason: string, stricter: boolean, pattern: RegExp];

/** Where and why our verdict is not the official one; `pattern` is matched on the pointer of the mutation. */
const DIFFERENCES: readonly Difference[] = [
  ['4294967295 means "unchanged" to setresuid and chown (user.5)', true, /\/(uid|gid|additionalGids\/\d+)$/],
  [
    "the value of an empty key must fit too: officially a pattern leaves it out",
    true,
    /\/(annotations|sysctl|unified)\/$/,
  ],
  ["rprivate, rshared, rslave and runbindable are accepted, as by runc", false, /\/rootfsPropagation$/],
  ["fileMode may be a whole st_mode, as managers copy it; only 07777 counts", false, /\/fileMode$/],
  [
    "fields of other platforms are unknown properties",
    false,
    /\/(commandLine|username)$|^\/(windows|solaris|vm|zos|freebsd)\b/,
  ],
];

function reasonOf([, pointer]: Patch, ours: boolean): string | undefined {
  return DIFFERENCES.find(([, stricter, pattern]) => stricter !== ours && pattern.test(pointer))?.[0];
}

t.test("every property of our schemas is described", (t) => {
  const walk = (node: unknown, at: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (key === "properties") {
        for (const [name, property] of Object.entries(child as Record<string, { description?: unknown }>)) {
          if (typeof property.description !== "string") t.fail(`${at}/${name} has no description`);
        }
      }
      // ts.5, ts.6: no nested quantifier can be written without parentheses.
      if (key === "pattern" && typeof child === "string" && /[()]/.test(child)) t.fail(`${at}: ${child}`);
      walk(child, `${at}/${key}`);
    }
  };
  for (const name of ["config", "state", "features"]) walk(schemaOf(name), name);
  t.end();
});

t.test("our documents use every property of the config schema", (t) => {
  const schema = schemaOf("config");
  const definitions = schema["definitions"] as Record<string, Record<string, unknown>>;
  const used = new Set(pointers(FULL).map((pointer) => pointer.replace(/\/\d+(?=\/|$)/g, "/*")));
  const walk = (node: Record<string, unknown>, at: string): void => {
    const reference = node["$ref"];
    if (typeof reference === "string") {
      walk(definitions[reference.slice("#/definitions/".length)] ?? {}, at);
      return;
    }
    if (!used.has(at)) t.fail(`${at} is not used`);
    for (const [name, property] of Object.entries((node["properties"] ?? {}) as Record<string, never>)) {
      walk(property, `${at}/${name}`);
    }
    if (node["items"] !== undefined && at !== "/linux/personality/flags") walk(node["items"] as never, `${at}/*`);
  };
  walk(schema, "");
  t.end();
});

/** The form of ajv that the generated validators must equal. */
function plainAjv(name: string): ValidateFunction {
  return new Ajv({ strict: false, messages: false }).compile(schemaOf(name));
}

const patches = [...everyPlace(FULL, enumNames(schemaOf("config"))), ...mutations(BASES, 2000, 20261121)];

t.test("the generated validators say what ajv says", (t) => {
  const plain = plainAjv("config");
  let bad = 0;
  for (const patch of patches) {
    const document = patched(BASES[patch[0]], patch);
    const verdict = plain(document);
    if (validateConfig(document) !== verdict) t.fail(JSON.stringify(patch));
    const ours = validateConfig.errors?.[0];
    const { instancePath, keyword, params } = plain.errors?.[0] ?? {};
    const want = verdict ? undefined : { instancePath, keyword, params };
    if (JSON.stringify(ours) !== JSON.stringify(want)) t.same(ours, want, JSON.stringify(patch));
    if (!verdict) bad++;
  }
  t.ok(bad > 0.2 * patches.length && bad < 0.8 * patches.length, `${bad} of ${patches.length} are bad`);
  t.end();
});

const samples = (kind: string, verdict: string): string[] =>
  readdirSync(join(official, "test", kind, verdict)).map((file) => join(official, "test", kind, verdict, file));

t.test("official samples", { skip: haveOfficial ? false : "no ../shared/oci/schema" }, (t) => {
  const ours: Record<string, SchemaValidator> = {
    config: validateConfig,
    state: validateState,
    features: validateFeatures,
  };
  for (const [kind, validator] of Object.entries(ours)) {
    for (const file of samples(kind, "good")) t.ok(validator(readJson(file)), file);
    for (const file of samples(kind, "bad")) {
      // Other platforms' objects are unknown properties on Linux.
      if (/freebsd|zos|windows|solaris|vm/.test(file)) continue;
      if (/invalid-json/.test(file)) t.throws(() => readJson(file), file);
      else t.notOk(validator(readJson(file)), file);
    }
  }
  t.end();
});

/** Compares both verdicts on each patch; returns which reasons for a difference were met. */
function compare(
  test: Tap,
  bases: readonly unknown[],
  list: readonly Patch[],
  verdicts: (patch: Patch, index: number) => boolean,
  validator: SchemaValidator,
): Set<string> {
  const met = new Set<string>();
  list.forEach((patch, index) => {
    const ours = validator(patched(bases[patch[0]], patch));
    if (ours === verdicts(patch, index)) return;
    const reason = reasonOf(patch, ours);
    if (reason === undefined) test.fail(`we say ${ours}: ${JSON.stringify(patch)}`);
    else met.add(reason);
  });
  return met;
}

type Tap = { fail(message: string): unknown };

const OTHERS: Patch[] = [
  [0, "/windows", 5],
  [0, "/process/commandLine", 5],
  [0, "/process/user/username", 5],
  [0, "/annotations/", 5],
  [0, "/linux/rootfsPropagation", "rshared"],
  [0, "/linux/devices/0/fileMode", 8630],
  [0, "/process/user/uid", 4294967295],
];

t.test("our verdict is the official one", { skip: haveOfficial ? false : "no ../shared/oci/schema" }, (t) => {
  const { config, state, features } = officialValidators();
  if (config === undefined || state === undefined || features === undefined) throw new Error("no schema");
  const isGood = (file: string): boolean => !/freebsd|zos/.test(file);
  const bases = [...BASES, ...samples("config", "good").filter(isGood).map(readJson)];
  const list = [...OTHERS, ...patches, ...everyPlace(FULL, officialNames()), ...mutations(bases, 4000, 7)];
  const met = compare(t, bases, list, (patch) => config(patched(bases[patch[0]], patch)), validateConfig);
  t.same([...met].sort(), DIFFERENCES.map(([reason]) => reason).sort(), "each reason is met");
  for (const [kind, theirs, ours] of [
    ["state", state, validateState],
    ["features", features, validateFeatures],
  ] as const) {
    const documents = samples(kind, "good").map(readJson);
    const verdict = (patch: Patch): boolean => theirs(patched(documents[patch[0]], patch));
    compare(t, documents, mutations(documents, 1000, 9), verdict, ours);
  }
  t.end();
});

/** vectors.json: patches on BASES, and a string with one digit a patch: 1 where the official schema accepts. */
interface Vectors {
  readonly patches: Patch[];
  readonly official: string;
}

t.test("our verdict is the official one as vectors.json keeps it", (t) => {
  if (process.env["TSRUNC_WRITE_VECTORS"] === "1") {
    const { config } = officialValidators();
    const list = [...OTHERS, ...everyPlace(FULL, officialNames()), ...mutations(BASES, 500, 11)];
    const verdicts = list.map((patch) => (config?.(patched(BASES[patch[0]], patch)) ? "1" : "0")).join("");
    const lines = list.map((patch) => JSON.stringify(patch)).join(",\n");
    writeFileSync(vectorsFile, `{"official":"${verdicts}","patches":[\n${lines}\n]}\n`);
  }
  const vectors = readJson(vectorsFile) as Vectors;
  t.equal(vectors.official.length, vectors.patches.length);
  const met = compare(t, BASES, vectors.patches, (_, index) => vectors.official[index] === "1", validateConfig);
  t.same([...met].sort(), DIFFERENCES.map(([reason]) => reason).sort(), "each reason is met");
  t.end();
});
