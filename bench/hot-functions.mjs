// Writes native/engine/hot-functions.txt: the functions of the engine that the benchmark's commands call, one a line.
//     node native/setup.mjs hot-functions
// Needed again when the engine is another, or the program uses more of it. What is not in the list works as well, a little slower.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { emptyLists, fillLists, makeBundles, WORKLOADS, waitUntilStopped } from "./workloads.mjs";

const [program, objects, out] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "ts-runc-hot-"));
const root = join(folder, "root");
/** What is not counted is done by the product. */
const product = resolve("dist/ts-runc");

function work() {
  const bundles = makeBundles(product, folder);
  const lists = fillLists("hot", product, bundles, folder, [100]);
  const own = `hot-${process.pid}`;
  const id = () => own;
  const at = (...words) => [resolve(program), "--root", root, ...words];
  for (const workload of Object.values(WORKLOADS))
    for (const [, command] of workload({ at, id, bundles, program: resolve(program), lists })) {
      if (command[0] === "reap") waitUntilStopped(product, root, own);
      else {
        const { status } = spawnSync(command[0], command.slice(1), { stdio: "ignore" });
        if (status !== 0) throw new Error(`${command.join(" ")}: status ${status}`);
      }
    }
  emptyLists("hot", product, lists);
}

/** Names of the functions that gcov has counted. */
function counted() {
  const names = new Set();
  for (const name of readdirSync(objects).filter((entry) => entry.endsWith(".gcda"))) {
    const { stdout } = spawnSync("gcov", ["-j", "-t", name], { cwd: objects, encoding: "utf8", maxBuffer: 1 << 28 });
    for (const { functions } of JSON.parse(stdout).files)
      for (const { name: of, execution_count: times } of functions) if (times > 0) names.add(of);
  }
  return [...names].sort();
}

for (const name of readdirSync(objects)) if (name.endsWith(".gcda")) rmSync(join(objects, name));
try {
  work();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const names = counted();
writeFileSync(out, `${names.join("\n")}\n`);
console.log(`${names.length} functions`);
