/** Names and versions. */

/** Version of the runtime-spec that is implemented. */
export const SPEC_VERSION = "1.3.0";

/** Version of this program; package.json has the same (a test compares them). */
export const VERSION = "0.1.0";

/** What --version prints: exactly one line with the word "version" (moby parses it). */
export const VERSION_TEXT = `ts-runc version ${VERSION}\nspec: ${SPEC_VERSION}`;
