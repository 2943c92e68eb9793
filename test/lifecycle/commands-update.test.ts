/** update on cgroup v1: flags and --resources, read back from the kernel; what is refused changes nothing. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { limited, onV1, place, value } from "../support/cgroup-v1.ts";
import { created, fails, prints, put, removed, started } from "../support/life.ts";
import { until } from "../support/sandbox.ts";

const MIB = 1 << 20;

onV1("update: each flag is in its file, the others stay", (t, box) => {
  const id = started(t, box, limited({ memory: { limit: 64 * MIB, swap: 96 * MIB }, pids: { limit: 40 } }));
  prints(t, box.run(["update", "--cpu-share", "512", "--cpu-period=50000", "--cpu-quota", "25000", id]));
  t.equal(value("cpu", id, "cpu.shares"), "512");
  t.equal(value("cpu", id, "cpu.cfs_period_us"), "50000");
  t.equal(value("cpu", id, "cpu.cfs_quota_us"), "25000");
  t.equal(value("memory", id, "memory.limit_in_bytes"), String(64 * MIB), "untouched");
  t.equal(value("pids", id, "pids.max"), "40", "untouched");
  prints(t, box.run(["update", id, "--cpu-quota", "-1", "--pids-limit", "-1"]));
  t.equal(value("cpu", id, "cpu.cfs_quota_us"), "-1");
  t.equal(value("cpu", id, "cpu.cfs_period_us"), "50000", "the period stays");
  t.equal(value("pids", id, "pids.max"), "max");
  prints(t, box.run(["update", "--cpuset-cpus", "0", "--cpuset-mems", "0", "--pids-limit", "7", id]));
  t.equal(value("cpuset", id, "cpuset.cpus"), "0");
  t.equal(value("cpuset", id, "cpuset.mems"), "0");
  t.equal(value("pids", id, "pids.max"), "7");
  prints(t, box.run(["update", id]), "nothing to change");
  removed(t, box, id);
});

onV1("update: memory and swap go up and down in the order that the kernel takes", (t, box) => {
  const id = started(t, box, limited({ memory: { limit: 64 * MIB, swap: 64 * MIB } }));
  const have = () => ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"].map((file) => value("memory", id, file));
  prints(t, box.run(["update", "--memory", "128m", "--memory-swap", "0.25g", id]), "both up");
  t.strictSame(have(), [String(128 * MIB), String(256 * MIB)]);
  prints(t, box.run(["update", "--memory", "32MiB", "--memory-swap", String(48 * MIB), id]), "both down");
  t.strictSame(have(), [String(32 * MIB), String(48 * MIB)]);
  prints(t, box.run(["update", "--memory-reservation", "16 MB", id]));
  t.equal(value("memory", id, "memory.soft_limit_in_bytes"), String(16 * MIB));
  const line = /^set cgroup memory\.limit_in_bytes: the kernel refused the value: found 134217728, .*; --memory \[/;
  fails(t, box.run(["update", "--memory", "128M", id]), line);
  prints(t, box.run(["update", "--memory", "-1", id]), "no limit lifts that of both");
  t.ok(have().every((text) => Number(text) > 2 ** 60));
  removed(t, box, id);
});

onV1("update --resources: a file, stdin, exact numbers", (t, box) => {
  const id = started(t, box);
  const file = put(
    join(box.folder, "resources.json"),
    JSON.stringify({ memory: { limit: 80 * MIB }, cpu: { shares: 300 } }),
  );
  prints(t, box.run(["update", "--resources", file, "--cpu-share", "700", id]));
  t.equal(value("memory", id, "memory.limit_in_bytes"), String(80 * MIB));
  t.equal(value("cpu", id, "cpu.shares"), "300", "single flags are ignored");
  prints(t, box.run(["update", "-r", "-", id], { input: '{"pids":{"limit":17},"unknown":1}' }));
  t.equal(value("pids", id, "pids.max"), "17");
  prints(t, box.run(["update", "--resources=-", id], { input: "{}" }));
  const refused: [string, RegExp][] = [
    ["", /^read --resources: /],
    ["{", /^read --resources: .*line 1, column 2/],
    ["[]", /^read --resources: an array of 0|^read --resources: \[\], want an object; --resources#\/?$/m],
    ['{"memory":{"limit":"1"}}', /^read --resources: string "1", want an integer; --resources#\/memory\/limit$/m],
    ['{"memory":{"limit":1e30}}', /^read --resources: 1e30, want .*; --resources#\/memory\/limit$/m],
    ['{"cpu":{"shares":1}}', /^read --resources: 1, want 2 to 262144; --resources#\/cpu\/shares$/m],
    ['{"pids":{"limit":5}},"x":{}', /^read --resources: /],
  ];
  for (const [input, line] of refused) fails(t, box.run(["update", "--resources", "-", id], { input }), line);
  const none = box.run(["update", "--resources", "/no/such", id]);
  fails(
    t,
    none,
    /^read --resources: ENOENT: want a file with JSON, or - for stdin; --resources \/no\/such \[update openat/,
  );
  t.equal(value("pids", id, "pids.max"), "17", "nothing has changed");
  removed(t, box, id);
});

onV1("update: a limit that is refused takes the ones before it back", (t, box) => {
  const id = started(t, box, limited({ memory: { limit: 64 * MIB }, cpu: { shares: 400, quota: 20_000 } }));
  const resources = {
    memory: { limit: 32 * MIB },
    cpu: { shares: 999, quota: 30_000 },
    pids: { limit: 9 },
    blockIO: { throttleReadBpsDevice: [{ major: 4095, minor: 1, rate: 5 }] },
  };
  const outcome = box.run(["update", "-r", "-", id], { input: JSON.stringify(resources) });
  fails(
    t,
    outcome,
    /^set cgroup blkio\.throttle\.read_bps_device: .*; --resources#\/blockIO\/throttleReadBpsDevice\/0 \[/,
  );
  t.equal(value("memory", id, "memory.limit_in_bytes"), String(64 * MIB));
  t.equal(value("cpu", id, "cpu.shares"), "400");
  t.equal(value("cpu", id, "cpu.cfs_quota_us"), "20000");
  t.equal(value("pids", id, "pids.max"), "max");
  removed(t, box, id);
});

onV1("update: device rules change only when they differ from those in force", (t, box) => {
  const rules = [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
  ];
  const id = started(t, box, limited({ devices: rules }));
  const has = (line: string) => value("devices", id, "devices.list").split("\n").includes(line);
  t.ok(has("c 10:229 rw"));
  const send = (devices: unknown) =>
    prints(t, box.run(["update", "-r", "-", id], { input: JSON.stringify({ devices }) }));
  // What an NVIDIA hook does behind the runtime's back; containerd sends all of the config's resources with each update.
  writeFileSync(join(place("devices", id), "devices.allow"), "c 195:0 rw");
  send(rules);
  t.ok(has("c 10:229 rw") && has("c 195:0 rw"), "the same rules: untouched");
  send([{ allow: true, type: "c", major: 10, minor: 237, access: "rwm" }]);
  t.notOk(has("c 10:229 rw"), "the old one is gone");
  t.ok(has("c 10:237 rwm"), "the new one is there");
  t.ok(has("c 1:3 rwm"), "what every container may use stays");
  t.equal(box.status(id), "running", "it goes on");
  removed(t, box, id);
});

onV1("update: states, and values that are none", (t, box) => {
  const id = created(t, box, ["sleep", "1000"]);
  prints(t, box.run(["update", "--pids-limit", "11", id]), "created");
  prints(t, box.run(["pause", id]));
  prints(t, box.run(["update", "--pids-limit", "12", id]), "paused");
  t.equal(value("pids", id, "pids.max"), "12");
  const wrong: [string[], string][] = [
    [
      ["--memory", "12x"],
      'read command line: invalid value for memory: found "12x", want bytes such as 512m or 1.5GiB, or -1; --memory',
    ],
    [
      ["--cpu-share", "many"],
      'read command line: invalid value for cpu-share: found "many", want a whole number; --cpu-share',
    ],
    [["--cpu-period", "5"], "read command line: 5, want 1000 to 1000000; --cpu-period"],
    [["--cpu-idle", "2"], "read command line: 2, want 0 to 1; --cpu-idle"],
    [["--blkio-weight", "5"], "read command line: 5, want 10 to 1000; --blkio-weight"],
    [["--mem-bw-schema", "L3:0=1"], 'read command line: "L3:0=1", want one line that starts with MB:; --mem-bw-schema'],
    [
      ["--l3-cache-schema", "L3:0=f"],
      `update "${id}": updating a non-existent Intel RDT configuration is not supported`,
    ],
  ];
  for (const [flags, line] of wrong) fails(t, box.run(["update", ...flags, id]), line);
  prints(t, box.run(["kill", id, "KILL"]));
  until(() => box.status(id) === "stopped", "stopped");
  fails(t, box.run(["update", "--pids-limit", "5", id]), `update "${id}": container not running: found it stopped`);
  removed(t, box, id);
  fails(t, box.run(["update", "--pids-limit", "5", "none"]), 'update "none": container does not exist');
});
