/** The chunk of features: what is known, out of the tables that the code uses. */
import type { Features } from "./config/generated/features.ts";
import { features as document } from "./lifecycle/features.ts";
import { SPEC_VERSION, VERSION } from "./version.ts";

/** The document of this version. */
export const features = (): Features => document(SPEC_VERSION, VERSION);
