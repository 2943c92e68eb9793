/** config-linux.md of runtime-spec 1.3: namespaces, id maps, clocks, devices, sysctl, paths, propagation. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../../test/support/compile.ts";
import { mountAt, mountLines, prints, put, removed, started, withUserNamespace } from "../../test/support/life.ts";
import { folder, type Sandbox, type TestConfig, until } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

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
const ALL = Object.keys(KINDS) as (keyof typeof KINDS)[];
const SHOW = `for n in ${Object.values(KINDS).join(" ")}; do readlink /proc/self/ns/$n; done`;

/** The namespaces that a process is in, in the order of ALL. */
function namespacesOf(pid: number | "self"): string[] {
  return ALL.map((kind) => readlinkSync(`/proc/${pid}/ns/${KINDS[kind]}`));
}

/** A mount namespace, and what is said of others; nothing that needs more. */
function onlyThese(config: TestConfig, namespaces: { type: string; path?: string }[]): void {
  delete config.hostname;
  config.linux.namespaces = [{ type: "mount" }, ...namespaces] as never;
  config.mounts = config.mounts.filter((mount) => ["/proc", "/dev"].includes(mount.destination));
}

spec("namespaces: new, the runtime's, joined, wrong", (proves, box, t) => {
  const holder = started(t, box, (config) => {
    withUserNamespace(config);
    config.linux.namespaces = ALL.map((type) => ({ type }));
  });
  const pid = box.pid(holder);
  const [theirs, ours] = [namespacesOf(pid), namespacesOf("self")];
  for (const [index, kind] of ALL.entries()) {
    const claim = proves("config-linux.md#namespaces/5", "/linux/namespaces/*/type");
    claim.ok(theirs[index] !== ours[index], `${kind}: a new one`);
  }
  const plain = prints(
    t,
    box.once(["sh", "-c", SHOW], (config) => onlyThese(config, [])),
  );
  const inherited = plain.trim().split("\n");
  for (const [index, kind] of ALL.entries()) {
    if (kind !== "mount") proves("config-linux.md#namespaces/6").equal(inherited[index], ours[index], kind);
  }
  const joined = ["pid", "network", "ipc", "uts", "cgroup"] as const;
  const outcome = box.once(["sh", "-c", SHOW], (config) =>
    onlyThese(
      config,
      joined.map((type) => ({ type, path: `/proc/${pid}/ns/${KINDS[type]}` })),
    ),
  );
  const seen = prints(t, outcome).trim().split("\n");
  for (const kind of joined) {
    const at = ALL.indexOf(kind);
    proves("config-linux.md#namespaces/3", "/linux/namespaces/*/path").equal(seen[at], theirs[at], `${kind}: joined`);
  }
  const wrong = (namespace: object) => box.once(["true"], (config) => onlyThese(config, [namespace as never]));
  const notThat = proves("config-linux.md#namespaces/4", "/linux/namespaces/*/path");
  notThat.fails(wrong({ type: "ipc", path: `/proc/${pid}/ns/uts` }), /config\.json#\/linux\/namespaces\/1\/path/);
  notThat.fails(wrong({ type: "ipc", path: "/etc/passwd" }), /config\.json#\/linux\/namespaces\/1\/path/);
  notThat.fails(wrong({ type: "ipc", path: "/no/such" }), /config\.json#\/linux\/namespaces\/1\/path/);
  proves("config-linux.md#namespaces/1").fails(wrong({}), /missing "type".*config\.json#\/linux\/namespaces\/1/);
  const relative = wrong({ type: "ipc", path: "proc/self/ns/ipc" });
  proves("config-linux.md#namespaces/2").fails(relative, /want an absolute path; config\.json#\/linux\/namespaces\/1/);
  proves("config-linux.md#namespaces/7").fails(wrong({ type: "mount" }), /config\.json#\/linux\/namespaces\/1/);
  removed(t, box, holder);
});

spec("id maps and clocks", (proves, box, t) => {
  const script = "cat /proc/self/uid_map /proc/self/gid_map /proc/self/timens_offsets";
  const outcome = box.once(["sh", "-c", script], (config) => {
    withUserNamespace(config);
    config.linux.uidMappings = [
      { containerID: 0, hostID: 100_000, size: 10 },
      { containerID: 10, hostID: 300_000, size: 7 },
    ];
    config.linux.gidMappings = [{ containerID: 0, hostID: 200_000, size: 33 }];
    // Group 5 of the default /dev/pts must be mapped: it is.
    config.linux.namespaces?.push({ type: "time" });
    config.linux.timeOffsets = { monotonic: { secs: 1000, nanosecs: 5 }, boottime: { secs: 7_000_000, nanosecs: 6 } };
  });
  const rows = prints(t, outcome)
    .trim()
    .split("\n")
    .map((row) => row.trim().replace(/\s+/g, " "));
  const map = (name: string) => ["containerID", "hostID", "size"].map((part) => `/linux/${name}/*/${part}`);
  proves(...map("uidMappings")).same(rows.slice(0, 2), ["0 100000 10", "10 300000 7"], "uid_map");
  proves(...map("gidMappings")).same(rows.slice(2, 3), ["0 200000 33"], "gid_map");
  const clock = (name: string) => ["secs", "nanosecs"].map((part) => `/linux/timeOffsets/${name}/${part}`);
  proves(...clock("monotonic")).equal(rows[3], "monotonic 1000 5");
  proves(...clock("boottime")).equal(rows[4], "boottime 7000000 6");
  const full = { containerID: 0, hostID: 100_000, size: 10 };
  for (const [index, part] of (["containerID", "hostID", "size"] as const).entries()) {
    for (const name of ["uidMappings", "gidMappings"] as const) {
      const outcome = box.once(["true"], (config) => {
        withUserNamespace(config);
        config.linux[name] = [{ ...full, [part]: undefined } as never];
      });
      const id = `config-linux.md#user-namespace-mappings/${index + 1}`;
      proves(id).fails(outcome, new RegExp(`missing "${part}".*config\\.json#/linux/${name}/0`));
    }
  }
});

spec("devices: the default ones, those that are listed, wrong ones", (proves, box, t) => {
  const stat = "stat -c '%n %F %t:%T %a %u:%g'";
  const defaults: [name: string, number: string][] = [
    ["null", "1:3"],
    ["zero", "1:5"],
    ["full", "1:7"],
    ["random", "1:8"],
    ["urandom", "1:9"],
    ["tty", "5:0"],
  ];
  const script = `cd /dev; ${stat} null zero full random urandom tty; ls -di ptmx/. pts/ptmx 2>/dev/null; readlink ptmx;
    ${stat} /dev/mine /opt/block /dev/pipe /dev/unbuffered; echo x > null; head -c 2 zero | od -An -tx1`;
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.linux.devices = [
      { path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 0o640, uid: 7, gid: 9 },
      { path: "/opt/block", type: "b", major: 7, minor: 300, fileMode: 0o600 },
      { path: "/dev/pipe", type: "p", fileMode: 0o622, uid: 1 },
      { path: "/dev/unbuffered", type: "u", major: 10, minor: 229 },
    ];
  });
  const text = prints(t, outcome);
  for (const [name, number] of defaults) {
    const id = `config-linux.md#default-devices/${name}`;
    proves(id).match(text, new RegExp(`^${name} character special file ${number} 666 0:0$`, "m"));
  }
  proves("config-linux.md#default-devices/ptmx").match(text, /^pts\/ptmx$/m, "ptmx is a link to the container's own");
  const listed = ["type", "path", "major", "minor", "fileMode", "uid", "gid"].map((part) => `/linux/devices/*/${part}`);
  proves("config-linux.md#devices/1", ...listed).same(
    text.split("\n").filter((line) => /^\/(dev|opt)\//.test(line)),
    [
      "/dev/mine character special file 1:5 640 7:9",
      "/opt/block block special file 7:12c 600 0:0",
      "/dev/pipe fifo 0:0 622 1:0",
      "/dev/unbuffered character special file a:e5 666 0:0",
    ],
  );
  t.match(text, /00 00/, "and they work");
  const wrong = (device: object) =>
    box.once(["true"], (config) => {
      config.linux.devices = [device as never];
    });
  const pointer = /config\.json#\/linux\/devices\/0/;
  proves("config-linux.md#devices/2").fails(wrong({ path: "/dev/x", major: 1, minor: 3 }), /missing "type"/);
  proves("config-linux.md#devices/3").fails(wrong({ type: "c", major: 1, minor: 3 }), /missing "path"/);
  proves("config-linux.md#devices/5").fails(wrong({ type: "c", path: "/dev/x", minor: 3 }), /missing "major"/);
  proves("config-linux.md#devices/5").fails(wrong({ type: "b", path: "/dev/x", major: 3 }), /missing "minor"/);
  const bundle = box.bundle(["true"], (config) => {
    config.linux.devices = [{ path: "/data/node", type: "c", major: 1, minor: 3 }];
  });
  put(join(bundle, "rootfs/data/node"), "a file");
  proves("config-linux.md#devices/4").fails(box.run(["run", "--bundle", bundle, box.id()]), pointer);
});

spec("/dev/console is the terminal", async (proves, box, t) => {
  const receiver = compiled("console-receiver");
  const socket = join(box.folder, "console.sock");
  const output = join(box.folder, "console.out");
  spawn(receiver, [socket, ""], { stdio: ["ignore", openSync(output, "w"), "inherit"] });
  until(() => existsSync(socket), "the receiver listens");
  const id = box.id();
  const bundle = box.bundle(
    ["sh", "-c", "stat -c 'console %t:%T' /dev/console; echo through the console > /dev/console"],
    (config) => {
      config.process.terminal = true;
    },
  );
  prints(t, box.run(["create", "--bundle", bundle, "--console-socket", socket, id]), "create");
  prints(t, box.run(["start", id]), "start");
  const text = () => readFileSync(output, "utf8").replace(/\r/g, "");
  until(() => text().endsWith("end\n"), "the terminal's end");
  const claim = proves("config-linux.md#default-devices/console");
  claim.match(text(), /^console 88:0$/m, "a pseudo terminal");
  claim.match(text(), /^through the console$/m, "what is written to it arrives at the terminal");
  removed(t, box, id);
});

spec("sysctl, masked and read-only paths", (proves, box) => {
  const script = `cat /proc/sys/kernel/msgmax; cat /proc/kcore /etc/secret | wc -c; ls /proc/scsi | wc -l;
    echo 9 > /proc/sys/kernel/msgmax; echo x > /etc/fixed; cat /proc/self/mountinfo`;
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    config.linux.sysctl = { "kernel.msgmax": "4321" };
    config.linux.maskedPaths = ["/proc/kcore", "/etc/secret", "/proc/scsi", "/no/such/path"];
    config.linux.readonlyPaths = ["/proc/sys", "/etc/fixed", "/no/such/path"];
  });
  put(join(bundle, "rootfs/etc/secret"), "secret");
  put(join(bundle, "rootfs/etc/fixed"), "fixed");
  const outcome = box.run(["run", "--bundle", bundle, box.id()]);
  const [msgmax, bytes, names] = outcome.stdout.split("\n");
  proves("/linux/sysctl").equal(msgmax, "4321");
  proves("/linux/maskedPaths").same([bytes, names], ["0", "0"], "files and folders that are masked show nothing");
  proves("/linux/readonlyPaths").ok(mountAt(outcome.stdout, "/proc/sys").options.includes("ro"), "the mount is");
  proves("/linux/readonlyPaths").match(outcome.stderr, /msgmax: Read-only file system\n.*\/etc\/fixed: Read-only file/);
  for (const [id, name] of [
    ["config-linux.md#masked-paths/1", "maskedPaths"],
    ["config-linux.md#readonly-paths/1", "readonlyPaths"],
  ] as const) {
    const relative = box.once(["true"], (config) => {
      config.linux[name] = ["proc/kcore"];
    });
    proves(id).fails(relative, new RegExp(`want an absolute path; config\\.json#/linux/${name}/0`));
  }
});

/** Runs `check` with a folder that is a shared mount of its own. */
function onSharedMount(box: Sandbox, check: (place: string) => void): void {
  const place = folder(box.folder, "shared");
  const call = (...args: string[]) => {
    const result = spawnSync("mount", args, { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`mount ${args.join(" ")}: ${result.stderr}`);
  };
  call("-t", "tmpfs", "tmpfs", place);
  try {
    call("--make-shared", place);
    check(place);
  } finally {
    spawnSync("umount", ["-R", "-l", place]);
  }
}

spec("rootfsPropagation", (proves, box, t) => {
  onSharedMount(box, (place) => {
    spawnSync("cp", ["-a", join(box.bundle(["true"]), "rootfs"), join(place, "rootfs")]);
    for (const [word, want] of [
      ["slave", "master"],
      ["private", ""],
      ["shared", "shared"],
      ["unbindable", "unbindable"],
    ] as const) {
      const outcome = box.once(["cat", "/proc/self/mountinfo"], (config) => {
        config.root.path = join(place, "rootfs");
        config.linux.rootfsPropagation = word;
      });
      const { propagation } = mountAt(prints(t, outcome), "/");
      const words = propagation.map((entry) => entry.replace(/:.*/, ""));
      proves("/linux/rootfsPropagation").ok(
        want === "" ? words.length === 0 : words.includes(want),
        `${word}: ${words}`,
      );
    }
  });
});

spec("without intelRdt and netDevices nothing of theirs is touched", (proves, box, t) => {
  const trace = join(box.folder, "trace");
  const outcome = box.run(["run", "--bundle", box.bundle(["true"]), box.id()], { global: ["--trace", trace] });
  prints(t, outcome);
  proves("config-linux.md#intelrdt/3").equal(/resctrl/.test(readFileSync(trace, "utf8")), false);
});

spec("Intel RDT: values that are wrong, and no resctrl", (proves, box) => {
  const with_ = (intelRdt: object) => box.once(["true"], (config) => (config.linux.intelRdt = intelRdt));
  const wrong = (name: string) => new RegExp(`^load config\\.json: .*config\\.json#/linux/intelRdt/${name}`);
  const bandwidth = "/linux/intelRdt/memBwSchema";
  proves("config-linux.md#intelrdt/5", bandwidth).fails(with_({ memBwSchema: "L3:0=f" }), wrong("memBwSchema"));
  proves("config-linux.md#intelrdt/6", bandwidth).fails(with_({ memBwSchema: "MB:0=1\nMB:1=1" }), wrong("memBwSchema"));
  const lines = with_({ schemata: ["MB:0=1\nMB:1=1"] });
  proves("config-linux.md#intelrdt/7", "/linux/intelRdt/schemata").fails(lines, wrong("schemata/0"));
  const mounts = mountLines(readFileSync("/proc/self/mountinfo", "utf8"));
  const claim = proves("config-linux.md#intelrdt/2", "/linux/intelRdt/closID");
  if (mounts.some((line) => line.type === "resctrl")) claim.prints(with_({ closID: "/" }));
  else claim.fails(with_({ closID: "/" }), /found no mounted resctrl, want one; config\.json#\/linux\/intelRdt/);
});

spec("what must be given of fields that are read first", (proves, box) => {
  const with_ = (part: object) => box.once(["true"], (config) => void Object.assign(config.linux, part));
  proves("config-linux.md#memory-policy/1").fails(with_({ memoryPolicy: { nodes: "0" } }), /missing "mode"/);
  proves("config-linux.md#personality/1").fails(with_({ personality: {} }), /missing "domain"/);
});

done("linux");
