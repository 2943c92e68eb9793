// What containers leave on a machine when something goes wrong: cgroups, mounts, processes, descriptors of state. Compared before and after.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** Our own cgroup in each hierarchy, where it is not the root. What lies beside it is of whoever started us, who starts others as well. */
const OWN = readFileSync("/proc/self/cgroup", "utf8")
  .split("\n")
  .map((line) => line.split(":").slice(2).join(":"))
  .filter((path) => path.length > 1 && dirname(path) !== "/");
const isForeign = (path) => OWN.some((own) => dirname(path).endsWith(dirname(own)) && !path.endsWith(own));

function cgroups(folder, depth = 0) {
  let found = [];
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return found;
  }
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (isForeign(path)) continue;
    found.push(`cgroup ${path}`);
    if (depth < 6) found = found.concat(cgroups(path, depth + 1));
  }
  return found;
}

/** Processes whose executable is a sealed or detached copy of ours, or that carry our name. */
function processes() {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const program = readlinkSync(`/proc/${pid}/exe`);
      // By program, not by words: an editor or a shell that names ts-runc is none of ours.
      if (
        /\/ts-runc(-faults)?( \(deleted\))?$|^\/memfd:ts-runc/.test(program) ||
        (line[1] ?? "").endsWith("/ts-runc.mjs")
      ) {
        const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0];
        if (state !== "Z") found.push(`process ${pid} ${line.join(" ").slice(0, 120)}`);
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** All that is there now, one line each. */
export function leftovers() {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `mount ${line.split(" ").slice(3, 5).join(" ")}`);
  const state = (() => {
    try {
      return readdirSync("/run/ts-runc").map((name) => `state /run/ts-runc/${name}`);
    } catch {
      return [];
    }
  })();
  return [...cgroups("/sys/fs/cgroup"), ...mounts, ...processes(), ...state];
}
