/** Where a process sees something else than under another runtime, and why that is right. Checked both ways by same.test.ts. */
import type { TestConfig } from "../support/sandbox.ts";
import type { SameConfig } from "./configs.ts";
import { CRUN_DIFFERENCES } from "./differences-crun.ts";
import { RUNC_DIFFERENCES } from "./differences-runc.ts";
import type { PeerName } from "./peers.ts";

/** A condition on a config. */
export type When = (document: TestConfig, config: SameConfig) => boolean;

/** One difference that is wanted. */
export interface Difference {
  /** The field as probe.ts names it, or a pattern of several of which each config that is meant shows at least one. */
  field: string | RegExp;
  /** Whether a config shows it. */
  when: When;
  /** What the peer shows: the whole value; undefined: nothing. */
  theirs: RegExp | undefined;
  /** What we show. */
  ours: RegExp | undefined;
  why: string;
}

export const DIFFERENCES: Readonly<Record<PeerName, readonly Difference[]>> = {
  runc: RUNC_DIFFERENCES,
  crun: CRUN_DIFFERENCES,
};
