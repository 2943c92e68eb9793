import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { defaultConfig } from "./default.ts";
import { checkRules } from "./rules.ts";
import type { Config } from "./types.ts";

/** What the installed runc prints; undefined where there is none, or one that makes more namespaces (cgroup v2). */
function runcSpec(...options: string[]): Config | undefined {
  const folder = mkdtempSync(join(tmpdir(), "tsrunc-spec-"));
  try {
    const { status } = spawnSync("runc", ["spec", ...options, "--bundle", folder], { encoding: "utf8" });
    return status === 0 ? (JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Config) : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Without what differs between versions of runc and machines. */
function comparable(config: Config): unknown {
  const { ociVersion: _, ...rest } = structuredClone(config);
  delete rest.process?.capabilities?.ambient;
  const namespaces = rest.linux?.namespaces?.filter(({ type }) => type !== "cgroup");
  return { ...rest, linux: { ...rest.linux, namespaces } };
}

t.test("defaultConfig() is what runc prints", (t) => {
  const ids = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  for (const rootless of [false, true]) {
    const spec = runcSpec(...(rootless ? ["--rootless"] : []));
    if (spec === undefined) t.comment("no runc");
    else t.same(comparable(defaultConfig(rootless, ids)), comparable(spec));
    t.same(checkRules(defaultConfig(rootless)), []);
  }
  t.end();
});

t.test("defaultConfig() maps the caller's ids and shares no arrays", (t) => {
  const { linux } = defaultConfig(true, { uid: 1000, gid: 100 });
  t.same(linux?.uidMappings, [{ containerID: 0, hostID: 1000, size: 1 }]);
  t.same(linux?.gidMappings, [{ containerID: 0, hostID: 100, size: 1 }]);
  const sets = defaultConfig(false).process?.capabilities;
  t.not(sets?.bounding, sets?.effective);
  t.end();
});
