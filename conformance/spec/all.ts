/** The catalogue with what is proven of it. */
import { readFileSync } from "node:fs";
import { FIELD_NOTES, FIELD_TESTS, fieldsOf, MUSTS, REFUSED_FIELDS, type Schema } from "./catalogue.ts";
import type { Coverage } from "./coverage.ts";
import { type Proofs, SCHEMA } from "./proofs.ts";

export { document, gaps } from "./coverage.ts";
export { COVERAGE, merged, PROOFS, readProofs } from "./proofs.ts";

/** Everything that the document is made of. */
export function coverage(proofs: Proofs): Coverage {
  return {
    musts: MUSTS,
    fields: fieldsOf(JSON.parse(readFileSync(SCHEMA, "utf8")) as Schema),
    fieldTests: FIELD_TESTS,
    fieldNotes: FIELD_NOTES,
    refusedFields: REFUSED_FIELDS,
    proofs,
  };
}
