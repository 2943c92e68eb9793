/** linux.intelRdt in a container's life: refused where there is no resctrl; through the library with a folder in its place. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import t from "tap";
import { hierarchy, withHierarchies } from "../support/cgroup-v1.ts";
import { fails, mountLines, onHosts } from "../support/life.ts";
import { NODE, Sandbox } from "../support/sandbox.ts";

const built = pathToFileURL(join(process.cwd(), "build/node/index.mjs")).href;
const mounted = mountLines(readFileSync("/proc/self/mountinfo", "utf8")).some((line) => line.type === "resctrl");

onHosts("resctrl: where it is not mounted, Intel RDT is refused", (t, box) => {
  if (mounted) {
    t.pass("refusal", { skip: "this machine has a mounted resctrl" });
    return;
  }
  for (const intelRdt of [{}, { closID: "/" }, { l3CacheSchema: "L3:0=f", enableMonitoring: true }]) {
    const outcome = box.once(["true"], (config) => {
      config.linux.intelRdt = intelRdt;
    });
    fails(
      t,
      outcome,
      "set Intel RDT: found no mounted resctrl, want one; config.json#/linux/intelRdt; hint: mount -t resctrl resctrl /sys/fs/resctrl, where CPU and kernel have it",
    );
  }
});

t.test("a prepared group is entered and left as it is", async (t) => {
  const box = new Sandbox(NODE);
  const library = (await import(built)) as typeof import("../../src/index.ts");
  const resctrl = join(box.folder, "resctrl");
  mkdirSync(join(resctrl, "gold"), { recursive: true });
  writeFileSync(join(resctrl, "gold/tasks"), "");
  writeFileSync(join(resctrl, "gold/schemata"), "L3:0=ff\n");
  const runtime = { ...library.openRuntime({ root: box.state }), resctrl };
  const id = box.id();
  const bundle = box.bundle(["true"], (config) => {
    config.linux.intelRdt = { closID: "gold", l3CacheSchema: "L3:0=ff", schemata: ["MB:0=10"] };
  });
  const { pid } = library.create(runtime, { id, bundle });
  t.equal(readFileSync(join(resctrl, "gold/tasks"), "utf8"), String(pid));
  t.equal(readFileSync(join(resctrl, "gold/schemata"), "utf8"), "L3:0=ff\nMB:0=10\n");
  t.match(JSON.parse(readFileSync(join(box.state, id, "state.json"), "utf8")), { resctrl: { group: "gold" } });
  library.deleteContainer(runtime, id, true);
  t.ok(existsSync(join(resctrl, "gold")));
  const wrong = box.bundle(["true"], (config) => {
    config.linux.intelRdt = { closID: "gold", l3CacheSchema: "L3:0=1" };
  });
  t.throws(() => library.create(runtime, { id, bundle: wrong }), /found "L3:0=1", want what .*\/gold has: L3:0=ff/);
  t.strictSame(box.close(), []);
});

/**
 * A v1 hierarchy without controllers behaves as resctrl does: mkdir makes a group with its file `tasks`, which moves a process, and rmdir
 * removes it with its files.
 */
const noV1 = hierarchy("memory") === undefined ? "this host has no cgroup v1" : false;
t.test("a group of its own with monitoring: made, entered for real, removed", { skip: noV1 }, (t) => {
  const box = new Sandbox(NODE);
  const at = join(box.folder, "resctrl");
  const id = box.id();
  const bundle = box.bundle(["true"], (config) => {
    config.linux.intelRdt = { closID: "/", enableMonitoring: true };
  });
  const own = box.bundle(["true"], (config) => {
    config.linux.intelRdt = {};
  });
  const script = join(box.folder, "script.mjs");
  writeFileSync(
    script,
    `import { mkdirSync, existsSync, readFileSync } from "node:fs";
    import { openRuntime, create, deleteContainer } from ${JSON.stringify(built)};
    const at = ${JSON.stringify(at)};
    // The hierarchy counts as a cgroup one as well, in which the container would be too.
    const runtime = { ...openRuntime({ root: ${JSON.stringify(box.state)} }), resctrl: at, noCgroup: true };
    const report = (bundle, group) => {
      const { pid } = create(runtime, { id: ${JSON.stringify(id)}, bundle });
      const line = readFileSync("/proc/" + pid + "/cgroup", "utf8").split("\\n").find((one) => one.includes(":name=tsrunc-rdt:"));
      console.log(line.replace(/.*:/, ""), readFileSync(at + group + "/tasks", "utf8").trim().split("\\n").includes(String(pid)));
      deleteContainer(runtime, ${JSON.stringify(id)}, true);
      console.log(existsSync(at + group));
    };
    mkdirSync(at + "/mon_groups");
    report(${JSON.stringify(bundle)}, "/mon_groups/${id}");
    report(${JSON.stringify(own)}, "/${id}");`,
  );
  const printed = withHierarchies(
    { "none,name=tsrunc-rdt": at },
    `${process.execPath} ${script}; rmdir ${at}/mon_groups`,
  );
  t.equal(printed, `/mon_groups/${id} true\nfalse\n/${id} true\nfalse\n`);
  t.strictSame(box.close(), []);
  t.end();
});
