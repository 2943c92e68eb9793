/**
 * All constants as one table, for decoding. The build gives this module a copy of its own: one that all code shared would keep each number
 * as a property to be looked up, where now the numbers stand in the code.
 */
export * from "./arch/x86_64.gen.ts";
