/** Intel RDT against a folder that stands for resctrl: what is made, written, compared and removed, and what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { inFolder, kernel } from "../../test/support/kernel.ts";
import type { IntelRdt } from "../config/types.ts";
import type { Pid } from "../kernel/call.ts";
import {
  findResctrl,
  joinResctrl,
  makeResctrl,
  planResctrl,
  removeResctrl,
  schemaDiffers,
  schemataLines,
} from "./resctrl.ts";
import { isResctrlRecord, type ResctrlRecord } from "./resctrl-record.ts";

const AT = "config.json#/linux/intelRdt";

t.test("findResctrl(): the first mount of that type, wherever it is", (t) => {
  const line = (point: string, type: string) => `36 25 0:31 / ${point} rw,nosuid shared:9 - ${type} resctrl rw\n`;
  t.equal(findResctrl(line("/a", "tmpfs") + line("/sys/fs/resctrl", "resctrl")), "/sys/fs/resctrl");
  t.equal(findResctrl(line("/odd\\040place", "resctrl") + line("/b", "resctrl")), "/odd place");
  t.equal(findResctrl(line("/resctrl", "resctrl2") + line("/x", "tmpfs")), undefined);
  t.equal(findResctrl(""), undefined);
  t.end();
});

t.test("planResctrl(): group and monitoring group", (t) => {
  const base = { mountPoint: "/r", made: false, monitor: "", monitorMade: false };
  t.strictSame(planResctrl({}, "c1", "/r"), { ...base, group: "c1", shared: false });
  t.strictSame(planResctrl({ closID: "gold" }, "c1", "/r"), { ...base, group: "gold", shared: true });
  t.strictSame(planResctrl({ closID: "/", enableMonitoring: true }, "c1", "/r"), {
    ...base,
    group: "",
    shared: true,
    monitor: "c1",
  });
  t.throws(() => planResctrl({}, "c1", undefined), {
    message: `set Intel RDT: found no mounted resctrl, want one; ${AT}; hint: mount -t resctrl resctrl /sys/fs/resctrl, where CPU and kernel have it`,
  });
  t.ok(isResctrlRecord(planResctrl({}, "c1", "/r")));
  for (const change of [{ group: "../x" }, { group: ".." }, { monitor: "a/b" }, { mountPoint: "r" }, { made: 1 }])
    t.notOk(isResctrlRecord({ ...base, group: "g", shared: true, ...change }));
  for (const other of [null, 1, {}]) t.notOk(isResctrlRecord(other));
  t.end();
});

t.test("schemataLines(): cache first, then bandwidth, then the others", (t) => {
  const lines = schemataLines({ schemata: ["L2:0=f", ""], memBwSchema: "MB:0=20", l3CacheSchema: "L3:0=f0;1=f" });
  t.strictSame(
    lines.map(({ text, where }) => `${text} ${where.slice(AT.length)}`),
    ["L3:0=f0;1=f /l3CacheSchema", "MB:0=20 /memBwSchema", "L2:0=f /schemata/0"],
  );
  t.strictSame(schemataLines({}), []);
  t.end();
});

t.test("schemaDiffers()", (t) => {
  const present = "    L3:0=00ff0;1=00f\n    MB:0= 30;1=100\n";
  for (const [line, step, differs] of [
    ["L3:0=ff0;1=f", 1, false],
    ["L3:1=00f", 1, false],
    ["L3:0=ff0;1=e", 1, true],
    ["L3:2=f", 1, true],
    ["L2:0=f", 1, true],
    ["MB:0=30", 10, false],
    ["MB:0=21", 10, false],
    ["MB:0=20", 10, true],
    ["MB:0=31", 10, true],
    ["MB:0=29", 1, true],
    ["L3", 1, true],
    ["", 1, true],
  ] as const)
    t.equal(schemaDiffers(line, present, step), differs, line);
  t.end();
});

/** A folder with what resctrl has at its root, and one prepared group. */
function tree(folder: string): void {
  mkdirSync(join(folder, "info/MB"), { recursive: true });
  writeFileSync(join(folder, "info/last_cmd_status"), "ok\n");
  writeFileSync(join(folder, "info/MB/bandwidth_gran"), "10\n");
  for (const group of ["", "gold"]) {
    mkdirSync(join(folder, group, "mon_groups"), { recursive: true });
    writeFileSync(join(folder, group, "tasks"), "");
    writeFileSync(join(folder, group, "schemata"), "L3:0=ff\nMB:0=30\n");
  }
}

interface Result {
  record: ResctrlRecord;
  error: string;
}

/** Makes a group for the container c1; what went wrong is in `error`. */
function made(folder: string, rdt: IntelRdt): Result {
  const record = planResctrl(rdt, "c1", folder);
  try {
    makeResctrl(kernel, record, rdt, false);
    return { record, error: "" };
  } catch (error) {
    return { record, error: String(error).replaceAll(folder, "R") };
  }
}

t.test("a group of the container's own: made, and removed with it", (t) => {
  inFolder((folder) => {
    tree(folder);
    const { record, error } = made(folder, {});
    t.equal(error, "");
    t.match(record, { group: "c1", made: true, shared: false });
    t.ok(existsSync(join(folder, "c1")));
    removeResctrl(kernel, record);
    t.notOk(existsSync(join(folder, "c1")));
    removeResctrl(kernel, record);
    mkdirSync(join(folder, "c1"));
    const second = made(folder, {});
    t.match(second.record, { made: false });
    removeResctrl(kernel, second.record);
    t.ok(existsSync(join(folder, "c1")), "what was there before stays");
    rmSync(folder, { recursive: true });
    removeResctrl(kernel, record);
  });
  t.end();
});

t.test("a group that closID names: it must be there, or schemata make it; it stays", (t) => {
  inFolder((folder) => {
    tree(folder);
    t.match(made(folder, { closID: "gold" }), { error: "", record: { made: false, shared: true } });
    t.equal(
      made(folder, { closID: "none" }).error,
      `RuntimeError: set Intel RDT: found no group R/none, want it made before, or schemata to make it with; ${AT}/closID`,
    );
    t.notOk(existsSync(join(folder, "none")));
    const fresh = made(folder, { closID: "new", l3CacheSchema: "L3:0=f" });
    t.ok(existsSync(join(folder, "new")), "it is made (and this folder makes no file schemata in it)");
    t.match(fresh.error, /openat\(.*"schemata".*ENOENT/);
    t.match(fresh.record, { made: true });
    removeResctrl(kernel, fresh.record);
    t.ok(existsSync(join(folder, "new")), "delete leaves it");
    removeResctrl(kernel, fresh.record, true);
    t.notOk(existsSync(join(folder, "new")), "a create that failed does not");
  });
  t.end();
});

t.test("schemata are written; of a group that is there cache and bandwidth must agree", (t) => {
  inFolder((folder) => {
    tree(folder);
    const schemata = () => readFileSync(join(folder, "gold/schemata"), "utf8");
    t.equal(made(folder, { closID: "gold", l3CacheSchema: "L3:0=ff", memBwSchema: "MB:0=30" }).error, "");
    t.equal(schemata(), "L3:0=ff\nMB:0=30\n");
    t.equal(
      made(folder, { closID: "gold", l3CacheSchema: "L3:0=f0" }).error,
      `RuntimeError: set Intel RDT: found "L3:0=f0", want what R/gold has: L3:0=ff MB:0=30; ${AT}/l3CacheSchema`,
    );
    t.match(made(folder, { closID: "gold", memBwSchema: "MB:0=50" }).error, /found "MB:0=50".*\/memBwSchema$/);
    t.equal(schemata(), "L3:0=ff\nMB:0=30\n", "and nothing was written");
    t.equal(made(folder, { closID: "gold", memBwSchema: "MB:0=25" }).error, "", "rounded up by the kernel");
    writeFileSync(join(folder, "gold/schemata"), "");
    t.equal(made(folder, { closID: "gold", schemata: ["L2:0=f", "L3:0=1"] }).error, "");
    t.equal(schemata(), "L2:0=f\nL3:0=1\n", "in their order");
    writeFileSync(join(folder, "schemata"), "");
    t.equal(made(folder, { closID: "/", schemata: ["MB:0=10"] }).error, "");
    t.equal(readFileSync(join(folder, "schemata"), "utf8"), "MB:0=10\n", "/ is the root's group");
  });
  t.end();
});

t.test("monitoring, and joining", (t) => {
  inFolder((folder) => {
    tree(folder);
    const { record, error } = made(folder, { closID: "gold", enableMonitoring: true });
    t.equal(error, "");
    t.match(record, { monitor: "c1", monitorMade: true });
    const monitor = join(folder, "gold/mon_groups/c1");
    t.strictSame(readdirSync(monitor), []);
    // The kernel makes the files of a new group.
    writeFileSync(join(monitor, "tasks"), "");
    joinResctrl(kernel, record, 4711 as Pid);
    t.equal(readFileSync(join(folder, "gold/tasks"), "utf8"), "4711");
    t.equal(readFileSync(join(monitor, "tasks"), "utf8"), "4711");
    rmSync(join(monitor, "tasks"));
    removeResctrl(kernel, record);
    t.notOk(existsSync(monitor));
    const root = made(folder, { closID: "/", enableMonitoring: true });
    t.ok(existsSync(join(folder, "mon_groups/c1")));
    removeResctrl(kernel, root.record, true);
    t.notOk(existsSync(join(folder, "mon_groups/c1")));
    rmdirSync(join(folder, "gold/mon_groups"));
    t.match(
      made(folder, { closID: "gold", enableMonitoring: true }).error,
      /: the kernel refused the group mon_groups\/c1, want one that it takes; .*\/enableMonitoring \[resctrl mkdirat.* ENOENT\]$/,
    );
  });
  t.end();
});

t.test("a refusal carries the kernel's last_cmd_status", (t) => {
  inFolder((folder) => {
    tree(folder);
    writeFileSync(join(folder, "info/last_cmd_status"), "no such task\n");
    const { record } = made(folder, { closID: "gold" });
    rmSync(join(folder, "gold/tasks"));
    t.throws(() => joinResctrl(kernel, record, 5 as Pid), {
      message:
        /^set Intel RDT: the kernel refused process 5, want .*\/gold\/tasks to take it \(last_cmd_status: no such task\); config\.json#\/linux\/intelRdt \[resctrl openat\(.*\) ENOENT\]$/,
    });
    const wrong = planResctrl({}, "c1", folder);
    t.throws(() => makeResctrl(kernel, wrong, {}, true), /found another file system, want resctrl/);
    t.notOk(existsSync(join(folder, "c1")));
  });
  t.end();
});
