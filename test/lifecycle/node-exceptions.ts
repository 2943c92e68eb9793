/** Life-cycle tests that the Node host cannot pass, each with what of V8 is in the way. Shown as skipped, never left out silently. */
export const NODE_EXCEPTIONS: ReadonlyMap<string, string> = new Map();
