/** The kernel's numbers for the architecture that is built for: the build puts arch/aarch64.gen.ts here for aarch64. */
export * from "./arch/x86_64.gen.ts";
