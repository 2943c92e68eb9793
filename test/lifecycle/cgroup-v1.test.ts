/** cgroupsPath and linux.resources on cgroup v1 (runtime-spec config-linux.md#control-groups). On a v2 host the VM tests' business. */
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hierarchy, limited, onV1, own, place, type Resources, value } from "../support/cgroup-v1.ts";
import { created, fails, prints, put, removed, started } from "../support/life.ts";
import { type TestConfig, until } from "../support/sandbox.ts";

onV1("cgroup: limits are in the files before the process starts", (t, box) => {
  const id = created(
    t,
    box,
    ["true"],
    limited({
      memory: { limit: 64 << 20, reservation: 32 << 20, swappiness: 7 },
      cpu: { shares: 512, quota: 20_000, period: 50_000, cpus: "0", mems: "0" },
      pids: { limit: 17 },
    }),
  );
  const expected: [string, string, string][] = [
    ["memory", "memory.limit_in_bytes", String(64 << 20)],
    ["memory", "memory.soft_limit_in_bytes", String(32 << 20)],
    ["memory", "memory.swappiness", "7"],
    ["cpu", "cpu.shares", "512"],
    ["cpu", "cpu.cfs_quota_us", "20000"],
    ["cpu", "cpu.cfs_period_us", "50000"],
    ["cpuset", "cpuset.cpus", "0"],
    ["cpuset", "cpuset.mems", "0"],
    ["pids", "pids.max", "17"],
  ];
  for (const [controller, file, want] of expected) t.equal(value(controller, id, file), want, file);
  const pid = String(box.pid(id));
  for (const controller of ["memory", "cpu", "cpuset", "pids", "devices", "freezer", "blkio"]) {
    if (hierarchy(controller) === undefined) continue;
    t.ok(value(controller, id, "cgroup.procs").split("\n").includes(pid), `it is in ${controller}`);
  }
  removed(t, box, id);
  t.notOk(existsSync(place("memory", id)), "delete removes them");
});

onV1("cgroup: hooks that init runs are in the container's, and no descriptor of one is left", (t, box) => {
  const seen = join(box.folder, "seen");
  const hook = put(join(box.folder, "hook"), `#!/bin/sh\ncat /proc/self/cgroup > ${seen}\n`, 0o755);
  const id = created(t, box, ["true"], (config) => {
    config.hooks = { createContainer: [{ path: hook }] };
  });
  const lines = readFileSync(seen, "utf8").split("\n");
  for (const controller of ["memory", "pids", "devices", "freezer"]) {
    if (hierarchy(controller) === undefined) continue;
    const line = lines.find((entry) => entry.split(":")[1] === controller);
    t.match(line, new RegExp(`/${id}$`), `the hook is in ${controller}`);
  }
  const open = readdirSync(`/proc/${box.pid(id)}/fd`).map((fd) => readlinkSync(`/proc/${box.pid(id)}/fd/${fd}`));
  t.notOk(
    open.some((path) => path.includes("cgroup") || path.endsWith("/tasks")),
    open.join(" "),
  );
  removed(t, box, id);
});

onV1("cgroup: a process of any user is in the container's, whatever else it is given", (t, box) => {
  const allowAll = { defaultAction: "SCMP_ACT_ALLOW" as const };
  const changes: [string, (config: TestConfig) => void][] = [
    ["nothing", () => undefined],
    ["a filter", (config) => Object.assign(config.linux, { seccomp: allowAll })],
    ["a policy", (config) => Object.assign(config.process, { scheduler: { policy: "SCHED_BATCH" } })],
    ["a namespace", (config) => config.linux.namespaces?.push({ type: "cgroup" })],
  ];
  for (const [given, change] of changes) {
    for (const noNewPrivileges of [true, false]) {
      const id = created(t, box, ["sleep", "100"], (config) => {
        Object.assign(config.process, { user: { uid: 1000, gid: 1000 }, noNewPrivileges });
        change(config);
      });
      const pid = box.pid(id);
      for (const controller of ["memory", "pids", "devices", "freezer", "cpuset", "cpu"]) {
        if (hierarchy(controller) === undefined) continue;
        t.equal(value(controller, id, "cgroup.procs").trim(), String(pid), `${given}: it alone is in ${controller}`);
      }
      removed(t, box, id);
    }
  }
});

onV1("cgroup: values that ask for nothing, and -1", (t, box) => {
  const nothing = {
    memory: { limit: 0, swap: -1 },
    cpu: { shares: 0, quota: -1, period: 0, cpus: "" },
    pids: { limit: -1 },
  };
  const id = created(t, box, ["true"], limited(nothing));
  t.equal(value("pids", id, "pids.max"), "max");
  t.equal(value("cpu", id, "cpu.cfs_quota_us"), "-1");
  removed(t, box, id);
});

onV1("cgroup: a pids limit is in force", (t, box) => {
  // High enough for the threads of Node's init.
  const script = "i=0; while [ $i -lt 40 ]; do sleep 100 & i=$((i+1)); done; echo made";
  const outcome = box.once(["sh", "-c", script], limited({ pids: { limit: 24 } }));
  t.match(outcome.stderr, /^sh: can't fork: Resource temporarily unavailable\n$/);
  t.equal(outcome.stdout, "");
});

onV1("cgroup: a memory limit is in force", (t, box) => {
  const filling = (bytes: number) =>
    box.once(["sh", "-c", `head -c ${bytes} /dev/zero > /tmp/big && echo survived`], (config) => {
      limited({ memory: { limit: 16 << 20, swappiness: 0 } })(config);
      config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "x", options: ["size=1g"] });
    });
  t.equal(prints(t, filling(4 << 20)), "survived\n", "what fits");
  // What a tmpfs holds is charged to its writer and cannot be dropped, nor swapped out at swappiness 0.
  t.match(filling(64 << 20), { status: 137, stdout: "" }, "killed for what does not");
});

onV1("cgroup: devices allowed and denied in fact", (t, box) => {
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
  t.strictSame(with_(), ["read null", "read zero", "made"], "the default ones, and any node may be made");
  const kmsg = { allow: true, type: "c" as const, major: 1, minor: 11 };
  t.strictSame(with_({ ...kmsg, access: "r" }), ["read null", "read zero", "read kmsg", "made"]);
  t.strictSame(with_({ ...kmsg, access: "rw" }), ["read null", "read zero", "read kmsg", "write kmsg", "made"]);
  const refused = { allow: false, type: "c" as const, major: 1, minor: 11, access: "w" };
  t.strictSame(
    with_({ ...kmsg, access: "rw" }, refused),
    ["read null", "read zero", "read kmsg", "made"],
    "in their order",
  );
});

/** Freezes or thaws from outside, as a manager does. */
function freeze(id: string, state: "FROZEN" | "THAWED"): void {
  writeFileSync(join(place("freezer", id), "freezer.state"), state);
  until(() => value("freezer", id, "freezer.state") === state, state);
}

onV1("cgroup: a frozen container is paused, thawed it runs, and it can be killed and deleted", (t, box) => {
  const id = started(t, box);
  freeze(id, "FROZEN");
  t.equal(box.status(id), "paused");
  freeze(id, "THAWED");
  t.equal(box.status(id), "running");
  freeze(id, "FROZEN");
  fails(t, box.run(["delete", id]), /that is not stopped: paused/);
  removed(t, box, id);
  const second = started(t, box);
  freeze(second, "FROZEN");
  prints(t, box.run(["kill", second, "KILL"]), "kill");
  until(() => box.status(second) === "stopped", "a frozen one dies of KILL");
  prints(t, box.run(["delete", second]), "delete");
});

onV1("cgroup: a value that the kernel refuses is told with its file, and nothing is left", (t, box) => {
  const cpus = box.run(["create", "--bundle", box.bundle(["true"], limited({ cpu: { cpus: "9999" } })), "bad-cpus"]);
  const path = join(place("cpuset", "bad-cpus"), "cpuset.cpus");
  fails(
    t,
    cpus,
    new RegExp(
      `^set cgroup cpuset\\.cpus: the kernel refused the value: found 9999, want one that ${path} takes; config\\.json#/linux/resources/cpu/cpus \\[cgroup write\\(.*\\) E[A-Z]+\\]\\n$`,
    ),
  );
  t.notOk(existsSync(place("cpuset", "bad-cpus")), "no directory is left");
  t.notOk(existsSync(place("memory", "bad-cpus")));
  const unified = box.once(["true"], limited({ unified: { "memory.max": "1" } }));
  fails(
    t,
    unified,
    "set cgroup limits: found unified on cgroup v1, want a v2 host; config.json#/linux/resources/unified",
  );
});

onV1("cgroup: paths: absolute, relative, with .., empty", (t, box) => {
  const at = (cgroupsPath: string) => {
    const id = created(t, box, ["true"], (config) => {
      config.linux.cgroupsPath = cgroupsPath;
    });
    const lines = readFileSync(`/proc/${box.pid(id)}/cgroup`, "utf8");
    removed(t, box, id);
    return /:pids:(.*)/.exec(lines)?.[1];
  };
  const name = box.id();
  const below = (path: string) => join(own("pids"), path);
  t.equal(at(`/${name}/inner`), `/${name}/inner`);
  t.notOk(existsSync(join(hierarchy("pids") ?? "", name)), "the parent that was made is removed too");
  t.equal(at(`${name}/inner`), below(`${name}/inner`));
  t.equal(at(`../../../${name}`), below(name), "nothing leads out of our own");
  t.equal(at(`/../../${name}`), `/${name}`);
  t.match(at(""), /\/t[0-9]+-[a-z]+-[0-9]+$/, "the id");
  for (const path of ["/", "/.."]) {
    const outcome = box.once(["true"], (config) => (config.linux.cgroupsPath = path));
    fails(t, outcome, /config\.json#\/linux\/cgroupsPath/);
  }
  const systemd = box.once(["true"], (config) => (config.linux.cgroupsPath = "system.slice:runc:name"));
  fails(
    t,
    systemd,
    'place cgroup: found "system.slice:runc:name" in systemd\'s form slice:prefix:name, want a path; config.json#/linux/cgroupsPath; hint: the systemd driver is missing in this version, use the cgroupfs driver',
  );
});

/** A directory of ours in the pids hierarchy. */
function withDirectory(name: string, check: () => void): void {
  const path = place("pids", name);
  mkdirSync(path);
  try {
    check();
  } finally {
    rmdirSync(path);
  }
}

onV1("cgroup: one that holds processes is refused, an empty one is used and left", (t, box) => {
  const id = started(t, box);
  const path = place("pids", id);
  const outcome = box.once(["true"], (config) => {
    config.linux.cgroupsPath = id;
  });
  fails(
    t,
    outcome,
    /^create cgroup: found 1 processes in it \([0-9]+\), want an empty one; \/sys\/fs\/cgroup\/.*; hint: give another config\.json#\/linux\/cgroupsPath/,
  );
  t.equal(box.status(id), "running", "the one that lives there is untouched");
  t.ok(existsSync(path));
  removed(t, box, id);
  const name = box.id();
  withDirectory(name, () => {
    mkdirSync(join(place("pids", name), "mine"));
    const used = box.once(["true"], (config) => {
      config.linux.cgroupsPath = `${name}/mine`;
    });
    prints(t, used);
    t.ok(existsSync(place("pids", name)), "what we did not make above it stays");
    if (existsSync(join(place("pids", name), "mine"))) rmdirSync(join(place("pids", name), "mine"));
  });
});

onV1("cgroup: mounted read-only, the container's own directory is the root", (t, box) => {
  const script =
    "cat /sys/fs/cgroup/pids/pids.max; ls -d /sys/fs/cgroup/memory/process* 2>/dev/null; mkdir /sys/fs/cgroup/pids/x";
  const plain = box.once(["sh", "-c", script], limited({ pids: { limit: 23 } }));
  t.match(plain, { status: 1, stdout: "23\n", stderr: /Read-only file system/ });
  const fresh = box.once(["sh", "-c", `${script}; cat /proc/self/cgroup`], (config) => {
    limited({ pids: { limit: 24 } })(config);
    config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "cgroup" }];
  });
  t.match(fresh.stdout, /^24\n/);
  t.match(fresh.stdout, /:pids:\/\n/, "with a cgroup namespace its paths begin there as well");
});
