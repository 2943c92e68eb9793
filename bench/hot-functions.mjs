// Writes native/engine/hot-functions.txt: the functions of the engine that the benchmark's commands call, one a line.
//     node native/setup.mjs hot-functions
// Needed again when the engine is another, or the program uses more of it. What is not in the list works as well, a little slower.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { emptyLists, fillLists, makeBundles, WORKLOADS } from "./workloads.mjs";

const [program, objects, out] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "ts-runc-hot-"));
const root = join(folder, "root");

/** Until the container has ended, which is not counted. */
function waitForEnd(id) {
  for (const end = Date.now() + 5000; Date.now() < end; ) {
    const { stdout } = spawnSync("dist/ts-runc", ["--root", root, "state", id], { encoding: "utf8" });
    if (JSON.parse(stdout).status === "stopped") return;
  }
  throw new Error(`${id} does not end`);
}

function work() {
  const bundles = makeBundles(resolve("dist/ts-runc"), folder);
  const lists = fillLists("hot", resolve("dist/ts-runc"), bundles, folder, [100]);
  let last;
  const id = () => {
    last = `hot-${process.pid}`;
    return last;
  };
  const at = (...words) => [resolve(program), "--root", root, ...words];
  for (const workload of Object.values(WORKLOADS))
    for (const [, command] of workload({ at, id, bundles, program: resolve(program), lists })) {
      if (command[0] === "reap") waitForEnd(last);
      else {
        const { status } = spawnSync(command[0], command.slice(1), { stdio: "ignore" });
        if (status !== 0) throw new Error(`${command.join(" ")}: status ${status}`);
      }
    }
  emptyLists("hot", resolve("dist/ts-runc"), lists);
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
