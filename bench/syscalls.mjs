// System calls of a command, counted by strace in one run: they do not depend on how fast the machine is.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** command → runtime → calls. Of what outlives the command (a container's init) nothing is counted but in `run`. */
export function countCalls({ runtimes, folder, prefix, bundles }) {
  const counts = {};
  for (const [name, program] of runtimes) {
    const at = (...words) => [program, "--root", join(folder, `root-${name}`), ...words];
    const id = `${prefix}calls`;
    const plain = (...words) => spawnSync(words[0], words.slice(1), { stdio: "ignore" });
    const note = (figure, command, follow) => {
      counts[figure] ??= {};
      counts[figure][name] = count(join(folder, "strace"), command, follow);
    };
    note("--version", [program, "--version"], true);
    note("run", at("run", "--bundle", bundles.true, id), true);
    note("docker run", at("run", "--bundle", bundles.docker, id), true);
    plain(...at("create", "--bundle", bundles.sleep, id));
    note("start", at("start", id), false);
    note("state", at("state", id), true);
    note("exec", at("exec", id, "/bin/true"), true);
    note("kill", at("kill", id, "KILL"), true);
    note("delete", at("delete", "--force", id), true);
  }
  return counts;
}

function count(file, command, follow) {
  const ran = spawnSync("strace", [...(follow ? ["-f"] : []), "-c", "-o", file, ...command], { stdio: "ignore" });
  if (ran.error) return undefined;
  const total = readFileSync(file, "utf8")
    .split("\n")
    .find((line) => line.endsWith(" total"));
  return Number(total?.trim().split(/\s+/)[3]);
}
