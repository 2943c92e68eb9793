/** docs/spec-coverage.md: each demand and each field, its state, and the tests that prove it. */
import type { Field } from "./catalogue.ts";
import type { Elsewhere, Must } from "./must.ts";
import { byId, type Proof, type Proofs } from "./proofs.ts";

/** What the document is made of. */
export interface Coverage {
  musts: readonly Must[];
  fields: readonly Field[];
  /** Tests outside of conformance/spec, and fields that are refused with their error: each for all below a pointer. */
  fieldTests: readonly (readonly [pointer: string, ...tests: Elsewhere[]])[];
  refusedFields: ReadonlyMap<string, string>;
  fieldNotes: ReadonlyMap<string, string>;
  proofs: Proofs;
}

/** The whole document. */
export function document(coverage: Coverage): string {
  const proofs = byId(coverage.proofs);
  const musts = coverage.musts.map((must) => mustRow(must, proofs.get(must.id) ?? []));
  const fields = coverage.fields.map((field) => fieldRow(field, coverage, proofs.get(field.pointer) ?? []));
  return [
    "# Coverage of runtime-spec 1.3 (Linux)",
    "",
    "Written by `npm run coverage` from the tests of `conformance/spec` as they ran on this host; do not edit. A test is",
    "named `file › test`, where file is `conformance/spec/file.test.ts` unless it has a path. The sentences are ours; the",
    "section of the specification that an id names has the authoritative ones. Tests of `test/lifecycle/cgroup-v2*` run in the",
    "machines that `conformance/vm` boots, where this host has no cgroup v2.",
    "",
    ...totals("demands", coverage.musts.map(stateOfMust)),
    ...totals(
      "fields",
      coverage.fields.map((field) => stateOfField(field, coverage)),
    ),
    "",
    "## Demands: every MUST, MUST NOT and REQUIRED",
    "",
    "| id | | demand | state | tests |",
    "|---|---|---|---|---|",
    ...musts,
    "",
    "## Fields of config.json",
    "",
    "`*` stands for an index or for a key of one's own.",
    "",
    "| field | meaning | state | tests |",
    "|---|---|---|---|",
    ...fields,
    "",
  ].join("\n");
}

/** What is wrong: a demand or a field without state, one that says it is untestable and is tested. One line each. */
export function gaps({ musts, fields, proofs, fieldTests, refusedFields, fieldNotes }: Coverage): string[] {
  const tests = byId(proofs);
  const problems: string[] = [];
  for (const { id, state, elsewhere = [] } of musts) {
    const proven = tests.has(id) || elsewhere.length > 0;
    if (state?.kind === "not testable" ? proven : !proven) {
      problems.push(
        `${id}: ${state?.kind ?? "tested"}, ${proven ? "and yet a test proves it" : "and no test proves it"}`,
      );
    }
  }
  for (const { pointer } of fields) {
    if (!tests.has(pointer) && testsElsewhere(pointer, fieldTests).length === 0)
      problems.push(`${pointer}: no test proves it`);
  }
  for (const pointer of [...fieldTests.map(([pointer]) => pointer), ...refusedFields.keys(), ...fieldNotes.keys()]) {
    if (!fields.some((field) => isBelow(field.pointer, pointer))) {
      problems.push(`${pointer}: no such field`);
    }
  }
  const known = new Set([...musts.map(({ id }) => id), ...fields.map(({ pointer }) => pointer)]);
  for (const id of tests.keys()) if (!known.has(id)) problems.push(`${id}: proven, and in no catalogue`);
  return problems;
}

function stateOfMust({ state }: Must): string {
  return state?.kind ?? "tested";
}

/** Whether a field is the one that a pointer names, or lies below it. */
function isBelow(field: string, pointer: string): boolean {
  return field === pointer || field.startsWith(`${pointer}/`);
}

function testsElsewhere(field: string, all: Coverage["fieldTests"]): Elsewhere[] {
  return all.flatMap(([pointer, ...tests]) => (isBelow(field, pointer) ? tests : []));
}

/** The error of a field that is refused, or whose parent is; undefined when it takes effect. */
function refusal(field: Field, { refusedFields }: Coverage): string | undefined {
  for (const [pointer, error] of refusedFields) {
    if (isBelow(field.pointer, pointer)) return error;
  }
  return undefined;
}

function stateOfField(field: Field, coverage: Coverage): string {
  return refusal(field, coverage) === undefined ? "tested" : "refused";
}

function totals(what: string, states: readonly string[]): string[] {
  const kinds = ["tested", "refused", "differs", "not testable"];
  const counts = kinds
    .map((kind) => [kind, states.filter((state) => state === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`);
  return [`- ${states.length} ${what}: ${counts.join(", ")}`];
}

function mustRow(must: Must, proofs: readonly Proof[]): string {
  const state = must.state === undefined ? "tested" : `${must.state.kind}: ${must.state.why}`;
  return row(`\`${must.id}\``, must.level, must.text, state, tests(proofs, must.elsewhere));
}

function fieldRow(field: Field, coverage: Coverage, proofs: readonly Proof[]): string {
  const error = refusal(field, coverage);
  const note = coverage.fieldNotes.get(field.pointer);
  const state = error !== undefined ? `refused: ${error}` : note === undefined ? "tested" : `tested: ${note}`;
  return row(
    `\`${field.pointer}\``,
    field.text,
    state,
    tests(proofs, testsElsewhere(field.pointer, coverage.fieldTests)),
  );
}

function tests(proofs: readonly Proof[], elsewhere: readonly Elsewhere[] = []): string {
  const own = proofs.map(({ file, test }) => `${file} › ${test}`);
  return [...own, ...elsewhere.map(([file, test]) => `${file} › ${test}`)].join("; ");
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
