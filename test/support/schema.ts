/** The fields of config.json as schemas/ has them: tests use it to prove that they leave none out. */
import { readFileSync } from "node:fs";

type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** A field of the schema: its pointer with `*`, whether its type allows only certain texts, whether it must be given. */
export interface SchemaField {
  pointer: string;
  narrowed: boolean;
  required: boolean;
}

/** All fields of config.json, in the order of the schema. */
export function schemaFields(): SchemaField[] {
  const schema = JSON.parse(readFileSync("schemas/config.schema.json", "utf8")) as Json;
  const found: SchemaField[] = [];
  const walk = (node: Json, pointer: string, required: boolean): void => {
    const reference = node["$ref"];
    const inner =
      typeof reference === "string" ? ((schema["definitions"] as Json)[reference.replace(/.*\//, "")] as Json) : node;
    const narrowed = ["enum", "pattern", "minItems"].some((keyword) => keyword in inner);
    if (pointer !== "") found.push({ pointer, narrowed, required });
    const must = (inner["required"] ?? []) as string[];
    for (const [key, property] of Object.entries((inner["properties"] ?? {}) as Record<string, Json>)) {
      walk(property, `${pointer}/${key}`, must.includes(key));
    }
    for (const keyword of ["items", "additionalProperties"]) {
      if (isObject(inner[keyword])) walk(inner[keyword], `${pointer}/*`, false);
    }
  };
  walk(schema, "", false);
  return found;
}

/** `/mounts/7/options/0` → `/mounts/*\/options/*`, as the schema says it. */
export function patternOf(pointer: string, patterns: ReadonlySet<string>): string {
  let known = "";
  for (const key of pointer.split("/").slice(1)) known += patterns.has(`${known}/${key}`) ? `/${key}` : "/*";
  return known;
}

/** The fields that a document uses, as patterns: each holder and each value in it. */
export function usedFields(document: unknown, patterns: ReadonlySet<string>): Set<string> {
  const used = new Set<string>();
  const walk = (value: unknown, pointer: string): void => {
    if (pointer !== "") used.add(patternOf(pointer, patterns));
    if (!isObject(value)) return;
    // A key may hold a slash; only the known fields matter, and those have none.
    for (const [key, item] of Object.entries(value)) walk(item, `${pointer}/${key.replaceAll("/", "~1")}`);
  };
  walk(document, "");
  return used;
}
