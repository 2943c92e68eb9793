// Many containers at once: all are created, all are started, all are deleted, by some callers at a time.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** How many, and by how many callers. */
export const MANY = { count: 500, callers: [2, 16] };

/** figure → runtime → measurements of each round. */
export function measureMany(tools, rounds) {
  const found = new Map();
  for (const callers of MANY.callers) {
    const figure = `${MANY.count} at once, ${callers} callers`;
    found.set(figure, new Map(tools.runtimes.map(([name]) => [name, []])));
    for (let round = 0; round < rounds; round++)
      for (const [name, program] of tools.shuffled(tools.runtimes)) {
        tools.rest();
        found
          .get(figure)
          .get(name)
          .push(oneRound(tools, name, program, callers, round));
      }
  }
  return found;
}

function oneRound(tools, name, program, callers, round) {
  const root = join(tools.folder, `root-${name}`);
  const prefix = `${tools.prefix}many${callers}-${round}-`;
  const verbs = [["create", "--bundle", tools.bundles.sleep], ["start"], ["delete", "--force"]];
  const parts = verbs.map((words) => {
    const command = [program, "--root", root, ...words];
    const done = spawnSync(tools.measure, [tools.log, "many", callers, MANY.count, prefix, ...command].map(String), {
      encoding: "utf8",
      timeout: 600_000,
    });
    const values = tools.readLine(done.stdout.trim());
    if (values.status !== 0) process.stderr.write(`bench: ${name} ${words[0]} of many: one failed\n`);
    return values;
  });
  const total = (key) => parts.reduce((sum, part) => sum + part[key], 0);
  const memory = Math.max(...parts.map((part) => part.memory));
  return { wall: total("wall"), cpu: total("cpu"), memory, faults: total("faults") };
}
