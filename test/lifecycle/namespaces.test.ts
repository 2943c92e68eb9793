/** linux.namespaces: new ones, joined ones, and what is refused (runtime-spec config-linux.md#namespaces). */
import { spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { created, fails, onHosts, prints, removed, started, withUserNamespace } from "../support/life.ts";
import { type Sandbox, type TestConfig, until } from "../support/sandbox.ts";

/** Kind in config.json → name in /proc/PID/ns. */
const KINDS = {
  pid: "pid",
  network: "net",
  ipc: "ipc",
  uts: "uts",
  mount: "mnt",
  user: "user",
  cgroup: "cgroup",
  time: "time",
} as const;
type Kind = keyof typeof KINDS;
const ALL = Object.keys(KINDS) as Kind[];
const SHOW = `for n in ${Object.values(KINDS).join(" ")}; do readlink /proc/self/ns/$n; done`;

/** The namespaces of a process, by kind; of a container's from its own output. */
function byKind(text: string): Record<string, string> {
  const lines = text.trim().split("\n");
  return Object.fromEntries(ALL.map((kind, index) => [kind, lines[index] ?? ""]));
}

function ofProcess(pid: number | "self"): Record<string, string> {
  return byKind(ALL.map((kind) => readlinkSync(`/proc/${pid}/ns/${KINDS[kind]}`)).join("\n"));
}

function onlyMount(config: TestConfig): void {
  config.linux.namespaces = [{ type: "mount" }];
  delete config.hostname;
}

onHosts("namespaces: all eight kinds new", (t, box) => {
  const outcome = box.once(["sh", "-c", `${SHOW}; echo $$; hostname`], (config) => {
    withUserNamespace(config);
    config.linux.namespaces = ALL.map((type) => ({ type }));
  });
  const text = prints(t, outcome);
  const host = ofProcess("self");
  const inside = byKind(text);
  for (const kind of ALL) {
    t.match(inside[kind], new RegExp(`^${KINDS[kind]}:\\[[0-9]+\\]$`), `${kind} is shown`);
    t.not(inside[kind], host[kind], `${kind} is not the host's`);
  }
  t.strictSame(text.trim().split("\n").slice(ALL.length), ["1", "runc"], "PID 1 with its own host name");
});

onHosts("namespaces: those not named are the caller's", (t, box) => {
  const inside = byKind(prints(t, box.once(["sh", "-c", SHOW], onlyMount)));
  const host = ofProcess("self");
  for (const kind of ALL) {
    if (kind === "mount") t.not(inside[kind], host[kind], "mount is new");
    else t.equal(inside[kind], host[kind], `${kind} is the caller's`);
  }
});

onHosts("namespaces: each kind joined by path, alone and together", (t, box) => {
  const holder = started(t, box, (config) => {
    withUserNamespace(config);
    config.linux.namespaces = ALL.map((type) => ({ type }));
    config.hostname = "holder";
  });
  const pid = box.pid(holder);
  const theirs = ofProcess(pid);
  const host = ofProcess("self");
  const joinable = ALL.filter((kind) => kind !== "mount");
  const groups = [...joinable.map((kind) => [kind]), joinable];
  for (const group of groups) {
    const outcome = box.once(["sh", "-c", SHOW], (config) => {
      onlyMount(config);
      // What needs rights over a namespace of another owner has no place here: only the joins count.
      config.mounts = (config.mounts ?? []).filter((mount) => ["/proc", "/dev"].includes(mount.destination));
      if (group.includes("user") && group.length === 1) config.mounts.splice(0, 1, ...procOfHost());
      config.linux.namespaces = [
        { type: "mount" },
        ...group.map((type) => ({ type, path: `/proc/${pid}/ns/${KINDS[type]}` })),
      ];
      delete config.linux.maskedPaths;
      delete config.linux.readonlyPaths;
    });
    const inside = byKind(prints(t, outcome, `joins ${group.join(" ")}`));
    for (const kind of joinable) {
      const want = group.includes(kind) ? theirs[kind] : host[kind];
      t.equal(
        inside[kind],
        want,
        `${group.join(" ")}: ${kind} is ${group.includes(kind) ? "the holder's" : "the host's"}`,
      );
    }
  }
  removed(t, box, holder);
});

/** A user namespace without its own pid namespace may mount no procfs: the host's is bound. */
function procOfHost(): NonNullable<TestConfig["mounts"]> {
  return [{ destination: "/proc", type: "none", source: "/proc", options: ["rbind", "ro"] }];
}

/** A container that joins one namespace, which must fail. */
function joining(box: Sandbox, type: Kind, path: string) {
  return box.once(["true"], (config) => {
    onlyMount(config);
    config.linux.namespaces = [{ type: "mount" }, { type, path }];
  });
}

onHosts("namespaces: a path of another kind, of no namespace, of a process that is gone", (t, box) => {
  const where = "config.json#/linux/namespaces/1/path";
  fails(
    t,
    joining(box, "network", "/proc/self/ns/ipc"),
    `join network namespace: found a namespace of kind ipc, want one of kind network; ${where}`,
  );
  fails(
    t,
    joining(box, "uts", "/etc/passwd"),
    `join uts namespace: found another file, want one of kind uts; ${where}`,
  );
  const gone = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8")) + 1;
  const line = joining(box, "ipc", `/proc/${gone}/ns/ipc`);
  fails(t, line, /^join ipc namespace: ENOENT: process [0-9]+ is gone; config\.json#\/linux\/namespaces\/1\/path; /);
  t.match(line.stderr, /hint: the sandbox has ended, recreate it \[namespaces openat2\(.*\) ENOENT\]\n$/);
  fails(
    t,
    joining(box, "network", "/run/netns/no-such-one"),
    /^join network namespace: ENOENT: found no namespace at \/run\/netns\/no-such-one; config/,
  );
});

/** Without mounts, and in few namespaces. */
function bare(config: TestConfig): void {
  config.linux.namespaces = [{ type: "uts" }];
  delete config.linux.maskedPaths;
  delete config.linux.readonlyPaths;
  config.mounts = [];
}

/** All that is built for a container where it has a mount namespace. */
function built(config: TestConfig): void {
  bare(config);
  config.mounts = [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/data", type: "tmpfs", source: "tmpfs", options: ["size=64k"] },
  ];
  config.linux.maskedPaths = ["/proc/meminfo"];
  config.linux.readonlyPaths = ["/proc/sys"];
  config.linux.devices = [{ path: "/dev/zero2", type: "c", major: 1, minor: 5 }];
  config.root.readonly = true;
}

const LOOK = [
  "readlink /proc/self/ns/mnt",
  "stat -f -c %T /data",
  "stat -c %t:%T /dev/zero2 /dev/null /proc/meminfo",
  "touch /new 2>&1",
  "(echo x >/proc/sys/kernel/hostname) 2>&1",
  "ls -d /proc/1 /..",
  "touch /data/new && echo end",
].join("\n");

onHosts("namespaces: in the host's mount namespace a container has its mounts, and the host has not", (t, box) => {
  t.equal(prints(t, box.once(["sh", "-c", "ls /proc; hostname"], bare)), "runc\n", "no mounts: the root alone changes");
  const lines = box.once(["sh", "-c", LOOK], built).stdout.split("\n");
  t.equal(lines.shift(), readlinkSync("/proc/self/ns/mnt"), "the namespace is the host's");
  t.strictSame(lines, [
    "tmpfs",
    "1:5",
    "1:3",
    "1:3",
    "touch: /new: Read-only file system",
    "sh: can't create /proc/sys/kernel/hostname: Read-only file system",
    "/..",
    "/proc/1",
    "end",
    "",
  ]);
  const id = started(t, box, built);
  t.notOk(readFileSync("/proc/self/mountinfo", "utf8").includes(box.folder), "nothing of it is mounted on the host");
  removed(t, box, id);
});

onHosts("namespaces: a joined mount namespace is joined, and is left as it was", (t, box) => {
  const other = spawn("unshare", ["-m", "sleep", "100"], { stdio: "ignore" });
  try {
    const path = `/proc/${other.pid}/ns/mnt`;
    const mounts = () => readFileSync(`/proc/${other.pid}/mountinfo`, "utf8");
    until(() => readlinkSync(path) !== readlinkSync("/proc/self/ns/mnt"), "a namespace of its own");
    const before = mounts();
    const outcome = box.once(["sh", "-c", LOOK], (config) => {
      built(config);
      config.linux.namespaces = [{ type: "uts" }, { type: "mount", path }];
    });
    t.match(outcome.stdout, new RegExp(`^${readlinkSync(path).replace(/[[\]]/g, ".")}\ntmpfs\n(.*\n)*end\n$`));
    t.equal(mounts(), before);
  } finally {
    other.kill("SIGKILL");
  }
});

onHosts("namespaces: in a user namespace mounts need a mount namespace", (t, box) => {
  const refused: [string, string, (config: TestConfig) => void][] = [
    ["mounts", "1 mounts", (config) => config.mounts.push({ destination: "/proc", type: "proc", source: "proc" })],
    ["linux/maskedPaths", "1 paths", (config) => (config.linux.maskedPaths = ["/proc/kcore"])],
    ["linux/readonlyPaths", "1 paths", (config) => (config.linux.readonlyPaths = ["/proc/sys"])],
    ["root/readonly", "true", (config) => (config.root.readonly = true)],
  ];
  const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
  const user = (config: TestConfig) => {
    bare(config);
    config.linux.namespaces?.push({ type: "user" });
    Object.assign(config.linux, { uidMappings: map, gidMappings: map });
  };
  for (const [pointer, found, change] of refused) {
    const outcome = box.once(["true"], (config) => {
      user(config);
      change(config);
    });
    const problem = `${found} without a mount namespace, want one in linux.namespaces`;
    fails(t, outcome, `load config.json: ${problem}; config.json#/${pointer}`);
  }
  const planned = box.once(["true"], (config) => {
    user(config);
    config.linux.devices = [{ path: "/dev/x", type: "c", major: 1, minor: 3 }];
  });
  const hint = 'add {"type": "mount"} to linux.namespaces';
  const problem = "found it with a user namespace and without a new mount namespace, want one of its own";
  fails(t, planned, `load config.json: ${problem}; config.json#/linux/devices; hint: ${hint}`);
});

onHosts("namespaces: twice the same kind is refused", (t, box) => {
  const outcome = box.once(["true"], (config) => {
    config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "pid" }];
  });
  fails(t, outcome, /^load config\.json: .*; config\.json#\/linux\/namespaces\/5/);
});

onHosts("namespaces: timeOffsets of a new time namespace", (t, box) => {
  const outcome = box.once(["cat", "/proc/self/timens_offsets", "/proc/uptime"], (config) => {
    config.linux.namespaces = [...(config.linux.namespaces ?? []), { type: "time" }];
    config.linux.timeOffsets = { monotonic: { secs: 1_000, nanosecs: 5 }, boottime: { secs: 7_000_000 } };
  });
  const [monotonic = "", boottime = "", uptime = ""] = prints(t, outcome).split("\n");
  t.strictSame(monotonic.split(/\s+/), ["monotonic", "1000", "5"]);
  t.strictSame(boottime.split(/\s+/), ["boottime", "7000000", "0"]);
  const host = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const shift = host + 7_000_000 - Number(uptime.split(" ")[0]);
  t.ok(shift >= -0.1 && shift < 10, `the clock runs 7000000 s ahead (off by ${shift})`);
});

onHosts("namespaces: a container of a pid namespace ends with its first process", (t, box) => {
  const id = created(t, box, ["sh", "-c", "sleep 1000 & sleep 1000"]);
  prints(t, box.run(["start", id]));
  removed(t, box, id);
  t.equal(box.status(id), "missing");
});
