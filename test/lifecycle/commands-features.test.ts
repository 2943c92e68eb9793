/** features and --version: by the schema, the same on both hosts, beside runc's, and true. */
import { spawnSync } from "node:child_process";
import t from "tap";
import type { Features } from "../../src/config/generated/features.ts";
import { validate } from "../../src/config/generated/validate-features.js";
import { parseMountOptions } from "../../src/config/mount-options.ts";
import { besideRunc, fails, onHosts, prints } from "../support/life.ts";
import { RUNC } from "../support/sandbox.ts";

/** What runc (Debian's, spec 1.0.2) says and we do not, with the reason. */
const RUNC_ONLY: ReadonlyMap<string, string> = new Map([
  ["annotations/io.github.seccomp.libseccomp.version", "no libseccomp in here"],
  ["annotations/org.opencontainers.runc.commit", "runc's own"],
  ["annotations/org.opencontainers.runc.version", "runc's own"],
  ["annotations/org.opencontainers.runc.checkpoint.enabled", "containers are not checkpointed by this version"],
]);

const read = (text: string): Features => {
  const document: unknown = JSON.parse(text);
  if (!validate(document)) throw new Error(`no features document: ${JSON.stringify(validate.errors)}`);
  return document as Features;
};

/** Paths of a document with the type of each value; lists count as one. */
function shape(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [`${path}: list of ${[...new Set(value.map((item) => typeof item))].join()}`];
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, item]) => shape(item, path === "" ? key : `${path}/${key}`));
}

onHosts("features: fits the schema, with an empty stderr, and every word is known where it is used", (t, box) => {
  const features = read(prints(t, box.run(["features"])));
  t.match(features, { ociVersionMin: "1.0.0", ociVersionMax: "1.3.0", potentiallyUnsafeConfigAnnotations: [] });
  const { data } = parseMountOptions(
    (features.mountOptions ?? []).filter((option) => !["tmpcopyup", "idmap", "ridmap"].includes(option)),
  );
  t.strictSame(data, [], "each mount option is known by name");
  t.ok(features.mountOptions?.includes("rro"), "cri-o looks for it");
  const linux = features.linux ?? {};
  // What is said to be there is taken, what is said to be absent is refused.
  const attempts: [string, boolean | undefined, Parameters<typeof box.once>[1]][] = [
    [
      "AppArmor",
      linux.apparmor?.enabled,
      (config) => {
        config.process.apparmorProfile = "none-such";
      },
    ],
    [
      "SELinux",
      linux.selinux?.enabled,
      (config) => {
        config.process.selinuxLabel = "system_u:system_r:none_t:s0";
      },
    ],
    [
      "network devices",
      linux.netDevices?.enabled,
      (config) => {
        config.linux.netDevices = { none0: {} };
      },
    ],
    [
      "idmapped mounts",
      linux.mountExtensions?.idmap?.enabled,
      (config) => {
        config.mounts.push({
          destination: "/data",
          source: "/none/such",
          options: ["bind"],
          uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
        });
      },
    ],
  ];
  for (const [what, enabled, change] of attempts) {
    const refused = /is not supported by this version/.test(box.once(["true"], change).stderr);
    t.equal(refused, enabled !== true, `${what}: said ${enabled}`);
  }
  t.equal(linux.cgroup?.systemd, false);
  fails(t, box.run(["features", "x"]), /^error: too many arguments/);
});

besideRunc("features: all that runc says is there", (t, box) => {
  const ours = read(prints(t, box.run(["features"])));
  const runc: unknown = JSON.parse(spawnSync(RUNC.command[0] ?? "", ["features"], { encoding: "utf8" }).stdout);
  const known = shape(ours, "");
  const missing = shape(runc, "").filter((line) => !known.includes(line) && !RUNC_ONLY.has(line.split(": ")[0] ?? ""));
  t.strictSame(missing, [], "same keys, same types");
});

onHosts("--version: three words managers look for, and nothing on stderr", (t, box) => {
  const text = prints(t, box.run([], { global: ["--version"] }));
  t.match(text, /^ts-runc version [0-9.]+\n/);
  t.match(text, /^spec: 1\.3\.0$/m);
  t.equal(text.split("\n").filter((line) => line.includes("version")).length, 1, "moby reads each line with the word");
});

t.test("both hosts print the same document", (t) => {
  const [engine, node] = [["dist/ts-runc"], [process.execPath, "build/node/ts-runc.mjs"]].map(
    ([program = "", ...args]) => spawnSync(program, [...args, "features"], { encoding: "utf8" }).stdout,
  );
  t.equal(engine, node);
  t.end();
});
