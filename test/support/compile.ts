/** Small C programs of the tests: what Node cannot do, such as receiving a descriptor. Compiled when a test needs one. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

/** Compiles test/support/NAME.c and returns the path of the program. @throws Error with the compiler's words. */
export function compiled(name: string): string {
  const program = resolve("build/test", name);
  mkdirSync("build/test", { recursive: true });
  const args = ["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, `test/support/${name}.c`];
  const result = spawnSync("gcc", args, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`gcc ${args.join(" ")}: ${result.stderr}`);
  return program;
}
