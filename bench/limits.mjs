// The smallest limits under which a container still runs /bin/true, four times of four.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { limitedBundle } from "./workloads.mjs";

const TIMES = 4;
const MEMORY_STEP = 16 << 10;

/** runtime → { memory, pids }: bytes and processes; undefined above the largest that is tried. */
export function smallestLimits(tools) {
  return Object.fromEntries(
    tools.runtimes.map(([name, program]) => {
      const works = (resources) => runs(tools, name, program, resources);
      return [
        name,
        {
          memory: smallest((steps) => works({ memory: { limit: steps * MEMORY_STEP } }), 4096, MEMORY_STEP),
          pids: smallest((count) => works({ pids: { limit: count } }), 64, 1),
        },
      ];
    }),
  );
}

/** Least n of 1 to `most` for which `works`, by halving; times `unit`. */
function smallest(works, most, unit) {
  let [low, high] = [1, most];
  if (!works(high)) return undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (works(middle)) high = middle;
    else low = middle + 1;
  }
  return low * unit;
}

function runs(tools, name, program, resources) {
  const bundle = limitedBundle(tools.bundles, "limited", resources);
  const root = join(tools.folder, `root-${name}`);
  for (let time = 0; time < TIMES; time++) {
    const id = `${tools.prefix}limit`;
    const ran = spawnSync(program, ["--root", root, "run", "--bundle", bundle, id], {
      stdio: "ignore",
      timeout: 20_000,
    });
    if (ran.status === 0) continue;
    spawnSync(program, ["--root", root, "delete", "--force", id], { stdio: "ignore" });
    return false;
  }
  return true;
}
