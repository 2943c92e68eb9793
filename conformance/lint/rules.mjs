// Every rule that a comment or a test cites is listed in docs/rules.md: a reader can find what it asks.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const KINDS = "path|proc|exe|fd|exec|user|mount|console|cgroup|seccomp|state|input|ts";
const FOLDERS = ["src", "native", "test", "conformance", "bench"];
const WHAT_IS_READ = /\.(ts|mjs|c|h|cc|sh)$/;

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && WHAT_IS_READ.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Problems, one line each. */
export function checkRules() {
  const listed = new Set(
    [...readFileSync("docs/rules.md", "utf8").matchAll(/^- `([a-z]+\.[0-9]+)`/gm)].map(([, id]) => id),
  );
  return FOLDERS.flatMap(filesBelow).flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(new RegExp(`(?<![\\w./])(?:${KINDS})\\.[0-9]+\\b`, "g"))]
      .map(([id]) => id)
      .filter((id) => !listed.has(id))
      .map((id) => `${path}: ${id} is not in docs/rules.md`),
  );
}
