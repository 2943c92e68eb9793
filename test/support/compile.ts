/** Small C programs of the tests: what Node cannot do, such as receiving a descriptor. Compiled when a test needs one. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";

/**
 * Compiles test/support/NAME.c and returns the path of the program. One that is there was made for this run, which began with an empty
 * build/test, or for a virtual machine, which has no compiler. @throws Error with the compiler's words.
 */
export function compiled(name: string): string {
  const program = resolve("build/test", name);
  if (existsSync(program)) return program;
  mkdirSync("build/test", { recursive: true });
  const args = ["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, `test/support/${name}.c`];
  const result = spawnSync("gcc", args, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`gcc ${args.join(" ")}: ${result.stderr}`);
  return program;
}
