/** Properties that a document has and the schema does not know: ignored (config.md#extensibility), named under --debug. */
import { pointerKey } from "./rules-report.ts";

/** Known names, generated from the schema (generated/properties.js): `*` = each element or key, 0 = nothing is known below. */
export interface PropertyTree {
  readonly [name: string]: PropertyTree | 0;
}

/** Most pointers that are returned: a document may consist of nothing else. */
const MAX_POINTERS = 100;

/**
 * Returns the JSON pointers of the properties of a document (at most 100) that the schema does not know,
 * in the document's order. What stands below an unknown property is not looked at.
 */
export function unknownProperties(document: unknown, known: PropertyTree): string[] {
  const pointers: string[] = [];
  walk(document, known, "", pointers);
  return pointers;
}

function walk(value: unknown, known: PropertyTree, pointer: string, pointers: string[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (pointers.length === MAX_POINTERS) return;
    // A key of the document may be named after a method of Object: own names of the tree only (ts.1).
    const below = Object.hasOwn(known, key) ? known[key] : known["*"];
    if (below === undefined) pointers.push(`${pointer}/${pointerKey(key)}`);
    else if (below !== 0) walk(item, below, `${pointer}/${pointerKey(key)}`, pointers);
  }
}
