/** What the catalogue of the specification's demands is made of. */

/** How a demand is worded: `REQUIRED` is a property that must be there. */
export type Level = "MUST" | "MUST NOT" | "REQUIRED";

/** What became of a demand. Without one it is tested: at least one test has its id in an assertion's name. */
export type State =
  /** Nothing that runs could show it; why. */
  | { kind: "not testable"; why: string }
  /** The feature is refused with this error, which a test shows. */
  | { kind: "refused"; why: string }
  /** Another behaviour was chosen, which a test shows; why. */
  | { kind: "differs"; why: string };

/** One demand of runtime-spec 1.3 that concerns Linux. */
export interface Must {
  /** Document, section and a name within it: `runtime.md#state/1`. */
  id: string;
  level: Level;
  /** The demand in our words, one line. */
  text: string;
  state?: State;
  /** Tests outside of conformance/spec that prove it too: [file, the test's name there]. */
  elsewhere?: readonly Elsewhere[];
}

/** A test outside of conformance/spec: its file, and its name as the file spells it. */
export type Elsewhere = readonly [file: string, test: string];

type Row = readonly [level: Level, text: string, state?: State | undefined, ...elsewhere: Elsewhere[]];

/** The demands of one section; the keys are the last part of their ids. */
export function section(anchor: string, rows: { readonly [name: string]: Row }): Must[] {
  return Object.entries(rows).map(([name, [level, text, state, ...elsewhere]]) => ({
    id: `${anchor}/${name}`,
    level,
    text,
    ...(state === undefined ? {} : { state }),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }));
}

export const notTestable = (why: string): State => ({ kind: "not testable", why });
export const differs = (why: string): State => ({ kind: "differs", why });
