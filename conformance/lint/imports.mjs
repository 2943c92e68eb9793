// Which folder may import which (DESIGN section 2), and two rules that were born from bugs: no `node:` and no `async` in the core, no
// literal path below /proc outside of kernel/procfs.ts and of the few files named below (proc.3).
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Folder → folders that its files may import besides their own. */
const ALLOWED = {
  host: [],
  shared: [],
  kernel: ["host", "shared"],
  config: ["shared", "kernel/constants.ts"],
  seccomp: ["shared", "kernel/constants.ts"],
  state: ["shared", "kernel", "config", "cgroup"],
  cgroup: ["shared", "kernel", "config"],
  channel: ["shared", "kernel", "config"],
  hook: ["shared", "kernel", "config"],
  init: ["shared", "kernel", "channel", "hook", "config"],
  lifecycle: ["shared", "kernel", "config", "seccomp", "state", "cgroup", "channel", "hook", "init"],
  cli: ["shared", "kernel", "config", "state", "lifecycle", "chunk"],
};

/** Files that may name Node's modules: its host and entry, the library, tests. */
const MAY_USE_NODE = /^src\/(host\/node|main-node|index)\.ts$|\.test\.ts$|\.oracle\.ts$/;

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : filesBelow(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".gen.ts") ? [path] : [];
  });
}

function mayImport(from, to) {
  const folder = from.split("/")[1];
  const target = to.split("/")[1];
  if (folder === target || from.split("/").length === 2) return true;
  // A constant that everything may name.
  if (to === "src/version.ts") return true;
  if (to.split("/").length === 2) return ALLOWED[folder]?.includes("chunk") === true && target.startsWith("chunk-");
  const allowed = ALLOWED[folder] ?? [];
  return allowed.includes(target) || allowed.includes(to.slice("src/".length));
}

/** Problems, one line each. */
export function checkImports() {
  const problems = [];
  for (const path of filesBelow("src")) {
    const text = readFileSync(path, "utf8");
    const test = /\.test\.ts$|\.oracle\.ts$/.test(path);
    for (const match of text.matchAll(/^\s*(?:import|export)\b[^"']*?["']([^"']+)["']/gm)) {
      const name = match[1];
      if (name.startsWith("node:") && !MAY_USE_NODE.test(path)) problems.push(`${path}: imports ${name}`);
      if (!name.startsWith(".") || test) continue;
      const target = normalize(join(dirname(path), name));
      if (!mayImport(path, target)) problems.push(`${path}: may not import ${target}`);
    }
    if (test || MAY_USE_NODE.test(path)) continue;
    if (/^(?!\s*(\*|\/)).*(\basync (function|\()|\bawait )/m.test(text))
      problems.push(`${path}: async code in the core`);
    if (
      /["'`]\/proc\/(?!self\/fd|kcore)/.test(text) &&
      ![
        "src/kernel/procfs.ts",
        "src/lifecycle/diagnose.ts",
        "src/lifecycle/spawn.ts",
        "src/init/mounts.ts",
        "src/config/default.ts",
      ].includes(path)
    ) {
      problems.push(`${path}: a literal path below /proc (use kernel/procfs.ts)`);
    }
  }
  return problems;
}
