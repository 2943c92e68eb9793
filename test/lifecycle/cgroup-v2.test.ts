/**
 * cgroupsPath and limits in force on cgroup v2 (runtime-spec config-linux.md#control-groups); cgroup-v2-limits.test.ts has every file and
 * every refusal. Hosts with v1 leave both to the VM matrix.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { counted, limited, onV2, parent, place, type Resources, unified, value } from "../support/cgroup-v2.ts";
import { created, fails, prints, removed, started, type Test, withoutNamespace } from "../support/life.ts";
import { type Sandbox, until } from "../support/sandbox.ts";

const MB = 1 << 20;

/** Creates a container with these limits and compares files of its group. */
function readBack(t: Test, box: Sandbox, resources: Resources, files: Readonly<Record<string, string>>): void {
  const id = created(t, box, ["true"], limited(resources));
  for (const [file, want] of Object.entries(files)) t.equal(value(id, file), want, `${file} is ${want}`);
  removed(t, box, id);
  t.notOk(existsSync(place(id)), "delete removes the group");
}

onV2("cgroup v2: limits are in the files before the process starts", (t, box) => {
  const id = created(
    t,
    box,
    ["true"],
    limited({
      memory: { limit: 64 * MB, swap: 96 * MB, reservation: 32 * MB },
      cpu: { shares: 512, quota: 20_000, period: 50_000, burst: 10_000, cpus: "0", mems: "0" },
      pids: { limit: 17 },
      unified: {
        "memory.high": String(48 * MB),
        "memory.oom.group": "1",
        "cgroup.max.depth": "3",
        "cgroup.max.descendants": "7",
      },
    }),
  );
  const expected: [string, string][] = [
    ["memory.max", String(64 * MB)],
    ["memory.swap.max", String(32 * MB)],
    ["memory.low", String(32 * MB)],
    ["memory.high", String(48 * MB)],
    ["memory.oom.group", "1"],
    ["cpu.weight", "59"],
    ["cpu.max", "20000 50000"],
    ["cpu.max.burst", "10000"],
    ["cpuset.cpus", "0"],
    ["cpuset.cpus.effective", "0"],
    ["cpuset.mems", "0"],
    ["cpuset.mems.effective", "0"],
    ["pids.max", "17"],
    ["cgroup.max.depth", "3"],
    ["cgroup.max.descendants", "7"],
  ];
  for (const [file, want] of expected) t.equal(value(id, file), want, file);
  t.equal(value(id, "cgroup.procs"), String(box.pid(id)), "init is in it, alone");
  removed(t, box, id);
  t.notOk(existsSync(place(id)), "delete removes it");
});

// The curve of runc, crun and systemd: Kubernetes shows these pairs.
const WEIGHTS: readonly [shares: number, weight: number][] = [
  [2, 1],
  [256, 35],
  [1024, 100],
  [10_240, 639],
  [262_144, 10_000],
];

onV2("cgroup v2: v1's values are converted with runc's formulas", (t, box) => {
  for (const [shares, weight] of WEIGHTS) readBack(t, box, { cpu: { shares } }, { "cpu.weight": String(weight) });
  const limit = 64 * MB;
  const swaps: [number, string][] = [
    [limit, "0"],
    [limit + 4096, "4096"],
    [-1, "max"],
  ];
  for (const [swap, want] of swaps)
    readBack(t, box, { memory: { limit, swap } }, { "memory.max": String(limit), "memory.swap.max": want });
  const big = 9_007_199_254_740_992n;
  readBack(t, box, { memory: { limit: big } }, { "memory.max": String(big) });
});

onV2("cgroup v2: one of quota and period alone, a group that is awake", (t, box) => {
  readBack(t, box, { cpu: { quota: 30_000 } }, { "cpu.max": "30000 100000" });
  readBack(t, box, { cpu: { period: 30_000 } }, { "cpu.max": "max 30000" });
  readBack(t, box, { cpu: { idle: 0, shares: 512 } }, { "cpu.idle": "0", "cpu.weight": "59" });
});

onV2("cgroup v2: values that ask for nothing, and -1", (t, box) => {
  readBack(
    t,
    box,
    { memory: { limit: 0 }, cpu: { shares: 0, quota: 0, period: 0, cpus: "" } },
    { "memory.max": "max", "cpu.weight": "100", "cpu.max": "max 100000", "cpuset.cpus": "", "pids.max": "max" },
  );
  readBack(
    t,
    box,
    {
      memory: { limit: -1, swap: -1, reservation: -1, kernel: -1, kernelTCP: -1 },
      cpu: { quota: -1 },
      pids: { limit: -1 },
    },
    { "memory.max": "max", "memory.swap.max": "max", "memory.low": "max", "cpu.max": "max 100000", "pids.max": "max" },
  );
});

onV2("cgroup v2: the numbers of processors and memory nodes are what the process has", (t, box) => {
  const script = "grep -E '^(Cpus|Mems)_allowed_list' /proc/self/status";
  const last =
    readFileSync(join(unified() ?? "", "cpuset.cpus.effective"), "utf8")
      .trim()
      .split(/[-,]/)
      .pop() ?? "0";
  const node =
    readFileSync(join(unified() ?? "", "cpuset.mems.effective"), "utf8")
      .trim()
      .split(/[-,]/)
      .pop() ?? "0";
  const outcome = box.once(["sh", "-c", script], limited({ cpu: { cpus: last, mems: node } }));
  t.equal(prints(t, outcome), `Cpus_allowed_list:\t${last}\nMems_allowed_list:\t${node}\n`);
});

onV2("cgroup v2: a pids limit is in force", (t, box) => {
  // High enough for the threads of Node's init.
  const script = "i=0; while [ $i -lt 40 ]; do sleep 100 & i=$((i+1)); done; echo made";
  const outcome = box.once(["sh", "-c", script], limited({ pids: { limit: 24 } }));
  t.match(outcome.stderr, /^sh: can't fork: Resource temporarily unavailable\n$/);
  t.equal(outcome.stdout, "");
});

onV2("cgroup v2: a memory limit is in force", (t, box) => {
  const filling = (bytes: number) =>
    box.once(["sh", "-c", `head -c ${bytes} /dev/zero > /tmp/big && echo survived`], (config) => {
      limited({ memory: { limit: 16 * MB, swap: 16 * MB } })(config);
      config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "x", options: ["size=1g"] });
    });
  t.equal(prints(t, filling(4 * MB)), "survived\n", "what fits");
  t.match(filling(64 * MB), { status: 137, stdout: "" }, "killed for what does not");
});

onV2("cgroup v2: memory.oom.group takes all of a container's processes", (t, box) => {
  const script = "sleep 100 & head -c 67108864 /dev/zero > /tmp/big; wait";
  const id = created(t, box, ["sh", "-c", script], (config) => {
    withoutNamespace(config, "pid");
    limited({ memory: { limit: 16 * MB, swap: 16 * MB }, unified: { "memory.oom.group": "1" } })(config);
    config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "x", options: ["size=1g"] });
  });
  prints(t, box.run(["start", id]), "start");
  until(() => value(id, "cgroup.procs") === "", "all are gone, the one that sleeps too");
  t.ok(counted(id, "memory.events", "oom_kill") >= 3);
  t.equal(counted(id, "memory.events", "oom_group_kill"), 1);
  removed(t, box, id);
});

onV2("cgroup v2: a quota throttles", (t, box) => {
  const id = created(t, box, ["sh", "-c", "while :; do :; done"], limited({ cpu: { quota: 5000, period: 100_000 } }));
  prints(t, box.run(["start", id]), "start");
  until(() => counted(id, "cpu.stat", "nr_throttled") > 1, "it is throttled");
  removed(t, box, id);
});

onV2("cgroup v2: devices allowed and denied in fact", (t, box) => {
  const script =
    "for d in null zero kmsg; do (: < /dev/$d) && echo read $d; done; (: > /dev/kmsg) && echo write kmsg; mknod /data/x c 1 11 && echo made";
  const with_ = (...rules: NonNullable<Resources["devices"]>) => {
    const outcome = box.once(["sh", "-c", `{ ${script}; } 2>/dev/null; true`], (config) => {
      config.linux.resources = { devices: [{ allow: false, access: "rwm" }, ...rules] };
      config.mounts.push({ destination: "/dev/kmsg", source: "/dev/kmsg", options: ["bind"] });
      const sets = config.process.capabilities ?? {};
      for (const set of [sets.bounding, sets.effective, sets.permitted]) set?.push("CAP_MKNOD", "CAP_SYSLOG");
    });
    return prints(t, outcome).trim().split("\n");
  };
  const kmsg = { allow: true, type: "c" as const, major: 1, minor: 11 };
  const usual = ["read null", "read zero"];
  t.strictSame(with_(), [...usual, "made"], "the default ones, and any node may be made");
  t.strictSame(with_({ ...kmsg, access: "r" }), [...usual, "read kmsg", "made"]);
  t.strictSame(with_({ ...kmsg, access: "rw" }), [...usual, "read kmsg", "write kmsg", "made"]);
  t.strictSame(with_({ allow: true, type: "c", major: 1, access: "r" }), [...usual, "read kmsg", "made"], "any minor");
  const refused = { ...kmsg, allow: false, access: "w" };
  t.strictSame(with_({ ...kmsg, access: "rw" }, refused), [...usual, "read kmsg", "made"], "in their order");
});

onV2("cgroup v2: device rules hold in groups below", (t, box) => {
  const script = "mkdir /sys/fs/cgroup/below && echo 0 > /sys/fs/cgroup/below/cgroup.procs && : < /dev/kmsg";
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "cgroup" }];
    config.mounts.push({ destination: "/dev/kmsg", source: "/dev/kmsg", options: ["bind"] });
    for (const mount of config.mounts)
      if (mount.type === "cgroup") mount.options = (mount.options ?? []).filter((option) => option !== "ro");
  });
  t.match(outcome, { status: 1, stderr: /kmsg: Operation not permitted/ });
});

/** Freezes or thaws from outside, as a manager does. */
function freeze(id: string, frozen: 0 | 1): void {
  writeFileSync(join(place(id), "cgroup.freeze"), String(frozen));
  until(() => counted(id, "cgroup.events", "frozen") === frozen, `frozen ${frozen}`);
}

onV2("cgroup v2: a frozen container is paused, thawed it runs, and it can be killed and deleted", (t, box) => {
  const id = started(t, box);
  freeze(id, 1);
  t.equal(box.status(id), "paused");
  freeze(id, 0);
  t.equal(box.status(id), "running");
  freeze(id, 1);
  fails(t, box.run(["delete", id]), /that is not stopped: paused/);
  removed(t, box, id);
  const second = started(t, box);
  freeze(second, 1);
  prints(t, box.run(["kill", second, "KILL"]), "kill");
  until(() => box.status(second) === "stopped", "a frozen one dies of KILL");
  prints(t, box.run(["delete", second]), "delete");
});

onV2("cgroup v2: KILL reaches groups that the container made below its own", (t, box) => {
  const script =
    "mkdir -p /sys/fs/cgroup/a/b; sleep 100 & echo $! > /sys/fs/cgroup/a/b/cgroup.procs; echo ready; exec sleep 100";
  const id = created(t, box, ["sh", "-c", script], (config) => {
    withoutNamespace(config, "pid");
    config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "cgroup" }];
    for (const mount of config.mounts)
      if (mount.type === "cgroup") mount.options = (mount.options ?? []).filter((option) => option !== "ro");
  });
  prints(t, box.run(["start", id]), "start");
  until(() => value(`${id}/a/b`, "cgroup.procs") !== "" && value(`${id}/a/b`, "cgroup.procs") !== "absent", "moved");
  prints(t, box.run(["kill", "--all", id, "KILL"]), "kill --all");
  until(() => counted(id, "cgroup.events", "populated") === 0, "nobody is left anywhere");
  prints(t, box.run(["delete", id]), "delete");
  t.notOk(existsSync(place(id)), "and what it made is removed");
});

/** A create that must fail with a line, and leave nothing. */
function refused(t: Test, box: Sandbox, resources: Resources, line: RegExp | string): void {
  const id = box.id();
  fails(t, box.run(["create", "--bundle", box.bundle(["true"], limited(resources)), id]), line);
  t.notOk(existsSync(place(id)), "no group is left");
}

onV2("cgroup v2: a value that the kernel refuses is told with its file, and nothing is left", (t, box) => {
  refused(
    t,
    box,
    { cpu: { cpus: "9999" } },
    /^set cgroup cpuset\.cpus: .*found 9999, want one that .*cpuset\.cpus takes; config\.json#\/linux\/resources\/cpu\/cpus \[cgroup write\(.*\) E[A-Z]+\]\n$/,
  );
  refused(
    t,
    box,
    { unified: { "memory.nosuch": "1" } },
    /^set cgroup memory\.nosuch: the kernel has no such file here: found 1, want .*; config\.json#\/linux\/resources\/unified\/memory\.nosuch \[cgroup .* ENOENT\]\n$/,
  );
  refused(
    t,
    box,
    { unified: { "../pids.max": "1" } },
    /^load config\.json: "\.\.\/pids\.max", want the name of a cgroup file/,
  );
});

onV2("cgroup v2: limits that only v1 has are refused with their field", (t, box) => {
  const wrong: [Resources, string][] = [
    [{ memory: { kernel: MB } }, "memory/kernel"],
    [{ memory: { kernelTCP: MB } }, "memory/kernelTCP"],
    [{ memory: { swappiness: 7 } }, "memory/swappiness"],
    [{ memory: { disableOOMKiller: true } }, "memory/disableOOMKiller"],
    [{ cpu: { realtimePeriod: 1_000_000 } }, "cpu/realtimePeriod"],
    [{ cpu: { realtimeRuntime: 1000 } }, "cpu/realtimeRuntime"],
  ];
  for (const [resources, field] of wrong) {
    const found = "found a limit that cgroup v2 does not have, want it absent";
    refused(t, box, resources, `set cgroup limits: ${found}; config.json#/linux/resources/${field}`);
  }
});

onV2("cgroup v2: paths: absolute, relative, with .., empty", (t, box) => {
  const at = (cgroupsPath: string) => {
    const id = created(t, box, ["true"], (config) => {
      config.linux.cgroupsPath = cgroupsPath;
    });
    const lines = readFileSync(`/proc/${box.pid(id)}/cgroup`, "utf8");
    removed(t, box, id);
    return /^0::(.*)$/m.exec(lines)?.[1];
  };
  const name = box.id();
  const below = (path: string) => join(parent(), path);
  t.equal(at(`/${name}/inner`), `/${name}/inner`);
  t.notOk(existsSync(join(unified() ?? "", name)), "the parent that was made is removed too");
  t.equal(at(`${name}/inner`), below(`${name}/inner`));
  t.equal(at(`../../../${name}`), below(name), "nothing leads out of our parent");
  t.equal(at(`/../../${name}`), `/${name}`);
  t.match(at(""), /\/t[0-9]+-[a-z]+-[0-9]+$/, "the id");
  for (const path of ["/", "/.."]) {
    const outcome = box.once(["true"], (config) => (config.linux.cgroupsPath = path));
    fails(t, outcome, /config\.json#\/linux\/cgroupsPath/);
  }
});

onV2("cgroup v2: controllers are handed down a path of several new groups", (t, box) => {
  const name = box.id();
  const id = created(t, box, ["true"], (config) => {
    config.linux.cgroupsPath = `/${name}/one/two`;
    limited({ memory: { limit: 64 * MB }, pids: { limit: 10 }, cpu: { shares: 512, cpus: "0" } })(config);
  });
  const read = (file: string) => readFileSync(join(unified() ?? "", name, "one/two", file), "utf8").trim();
  t.equal(read("memory.max"), String(64 * MB));
  t.equal(read("pids.max"), "10");
  t.equal(read("cpuset.cpus"), "0");
  removed(t, box, id);
  t.notOk(existsSync(join(unified() ?? "", name)), "all three are gone");
});

onV2("cgroup v2: one that holds processes is refused, an empty one is used and left", (t, box) => {
  const id = started(t, box);
  const outcome = box.once(["true"], (config) => {
    config.linux.cgroupsPath = id;
  });
  fails(
    t,
    outcome,
    /^create cgroup: found 1 processes in it \([0-9]+\), want an empty one; \/sys\/fs\/cgroup\/.*; hint: give another config\.json#\/linux\/cgroupsPath/,
  );
  t.equal(box.status(id), "running", "the one that lives there is untouched");
  t.ok(existsSync(place(id)));
  removed(t, box, id);
  const name = box.id();
  mkdirSync(join(place(name), "mine"), { recursive: true });
  const used = box.once(["true"], (config) => {
    config.linux.cgroupsPath = `${name}/mine`;
  });
  prints(t, used);
  t.ok(existsSync(place(name)), "what we did not make above it stays");
  if (existsSync(join(place(name), "mine"))) rmdirSync(join(place(name), "mine"));
  rmdirSync(place(name));
});

onV2("cgroup v2: mounted read-only, the container's own directory is the root", (t, box) => {
  const script = "cat /sys/fs/cgroup/pids.max; mkdir /sys/fs/cgroup/x; cat /proc/self/cgroup";
  const plain = box.once(["sh", "-c", script], limited({ pids: { limit: 23 } }));
  t.match(plain, { stdout: /^23\n0::\/.+\n$/, stderr: /Read-only file system/ });
  const fresh = box.once(["sh", "-c", script], (config) => {
    limited({ pids: { limit: 24 } })(config);
    config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "cgroup" }];
  });
  t.match(fresh, { stdout: "24\n0::/\n", stderr: /Read-only file system/ });
});
