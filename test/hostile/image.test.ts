/** Hostile images: links and devices where the runtime makes or mounts something (SECURITY path, proc, mount, console). */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import t from "tap";
import { exits } from "../support/life.ts";
import { Marker } from "../support/marker.ts";
import { HOSTS, Sandbox, type TestConfig } from "../support/sandbox.ts";

/** One hostile bundle. */
interface Hostile {
  name: string;
  /** Edits the image and the config. */
  make: (rootfs: string, marker: Marker, config: TestConfig) => void;
  /** The program; default: true. */
  args?: string[];
  /** What must come out: this error, or a container that prints this. */
  error?: RegExp;
  prints?: RegExp;
}

/** Replaces a name of the image by a link. */
function link(rootfs: string, name: string, target: string): void {
  rmSync(join(rootfs, name), { recursive: true, force: true });
  symlinkSync(target, join(rootfs, name));
}

function device(rootfs: string, name: string, ...words: string[]): void {
  rmSync(join(rootfs, name), { recursive: true, force: true });
  const made = spawnSync("mknod", [join(rootfs, name), ...words]);
  if (made.status !== 0) throw new Error(`mknod ${name} ${words.join(" ")}: ${made.stderr}`);
}

function without(config: TestConfig, ...destinations: string[]): void {
  config.mounts = config.mounts.filter((mount) => !destinations.includes(mount.destination));
}

/** Nothing is mounted on /dev: what the image has there is used. */
function bareDev(config: TestConfig): void {
  without(config, "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue");
}

const REAL = /symbolic link/;
const MASKED = ["/proc/timer_list", "/proc/keys"];
const MASK_PROBE = ["sh", "-c", "for f in /proc/timer_list /proc/keys; do echo x > $f; stat -c %t:%T $f; done"];

const BUNDLES: readonly Hostile[] = [
  // path.5 (CVE-2019-19921 and its kin, CVE-2026-41579)
  { name: "/proc links to a host folder", make: (rootfs, marker) => link(rootfs, "proc", marker.path), error: REAL },
  { name: "/proc links to itself", make: (rootfs) => link(rootfs, "proc", "/proc"), error: REAL },
  { name: "/sys links to a folder of the image", make: (rootfs) => link(rootfs, "sys", "/tmp"), error: REAL },
  { name: "/sys links to a host folder", make: (rootfs, marker) => link(rootfs, "sys", marker.path), error: REAL },
  { name: "/dev links to a host folder", make: (rootfs, marker) => link(rootfs, "dev", marker.path), error: REAL },
  {
    name: "bare /dev links to a host folder through a second link",
    make: (rootfs, marker, config) => {
      bareDev(config);
      link(rootfs, "second", marker.path);
      link(rootfs, "dev", "second");
    },
    error: REAL,
  },
  {
    name: "bare /dev: pts links to a host folder",
    make: (rootfs, marker, config) => {
      without(config, "/dev", "/dev/shm", "/dev/mqueue");
      link(rootfs, "dev/pts", marker.path);
    },
    error: REAL,
  },
  {
    name: "no /sys mount: sys/fs/cgroup links to a host folder",
    make: (rootfs, marker, config) => {
      without(config, "/sys");
      mkdirSync(join(rootfs, "sys/fs"), { recursive: true });
      link(rootfs, "sys/fs/cgroup", marker.path);
    },
    error: REAL,
  },
  // path.1, path.2 (CVE-2024-45310, CVE-2019-18837)
  {
    name: "mount points below a link to a host folder",
    make: (rootfs, marker, config) => {
      link(rootfs, "data", marker.path);
      config.mounts.push(
        { destination: "/data/made/deep", type: "tmpfs", source: "tmpfs" },
        { destination: "/data/file", type: "bind", source: "/etc/hostname", options: ["bind"] },
      );
    },
    prints: /^$/,
  },
  {
    name: "a bound file's target links to a host file",
    make: (rootfs, marker, config) => {
      symlinkSync(marker.file, join(rootfs, "target"));
      config.mounts.push({ destination: "/target", type: "bind", source: "/etc/hostname", options: ["bind"] });
    },
    prints: /^$/,
  },
  {
    name: "a destination that climbs",
    make: (_, marker, config) => {
      config.mounts.push({ destination: `/../../..${marker.path}/climbed`, type: "tmpfs", source: "tmpfs" });
    },
    prints: /^$/,
  },
  {
    name: "a device below a link to a host folder, and one that climbs",
    make: (rootfs, marker, config) => {
      link(rootfs, "data", marker.path);
      config.linux.devices = [
        { path: "/data/node", type: "c", major: 1, minor: 3 },
        { path: `/dev/../../..${marker.path}/node`, type: "c", major: 1, minor: 3 },
      ];
    },
  },
  {
    name: "masked and read-only paths through links",
    make: (rootfs, marker, config) => {
      symlinkSync(marker.file, join(rootfs, "hidden"));
      link(rootfs, "data", marker.path);
      config.linux.maskedPaths = ["/hidden", "/data", `/../..${marker.path}`];
      config.linux.readonlyPaths = ["/data", `/../..${marker.file}`];
    },
    prints: /^$/,
  },
  {
    name: "a working directory below a link to a host folder",
    make: (rootfs, marker, config) => {
      link(rootfs, "data", marker.path);
      config.process.cwd = "/data/new/cwd";
    },
    args: ["pwd"],
    prints: /marker\/new\/cwd\n$/,
  },
  // mount.4 (CVE-2025-31133): the mask is the kernel's null device, or create fails; never what the image calls /dev/null
  ...(
    [
      ["links to a host file", (rootfs, marker) => link(rootfs, "dev/null", marker.file)],
      ["links to a file of procfs", (rootfs) => link(rootfs, "dev/null", "/proc/self/comm")],
      ["is /dev/zero", (rootfs) => device(rootfs, "dev/null", "c", "1", "5")],
      ["is a FIFO", (rootfs) => device(rootfs, "dev/null", "p")],
      ["is a file", (rootfs) => writeFileSync(join(rootfs, "dev/null"), "")],
      ["is missing", () => undefined],
    ] satisfies [string, (rootfs: string, marker: Marker) => void][]
  ).map(
    ([what, make]): Hostile => ({
      name: `bare /dev: null ${what}`,
      make: (rootfs, marker, config) => {
        bareDev(config);
        config.linux.maskedPaths = MASKED;
        make(rootfs, marker);
      },
      args: MASK_PROBE,
      error: /null|device|exists|found/,
      prints: /^1:3\n1:3\n$/,
    }),
  ),
  // proc.5 (CVE-2019-16884, CVE-2025-52881)
  ...(
    [
      ["a tmpfs", { destination: "/proc", type: "tmpfs", source: "tmpfs" }],
      ["a folder", { destination: "/proc", type: "bind", source: "/tmp", options: ["bind"] }],
      [
        "a file over a label",
        { destination: "/proc/self/attr/exec", type: "bind", source: "/etc/hostname", options: ["bind"] },
      ],
      ["a tmpfs over sysctls", { destination: "/proc/sys", type: "tmpfs", source: "tmpfs" }],
      ["a folder over self", { destination: "/proc/self", type: "bind", source: "/tmp", options: ["bind"] }],
      [
        "procfs's own file",
        { destination: "/proc/sysrq-trigger", type: "bind", source: "/etc/hostname", options: ["bind"] },
      ],
      ["a climbing target", { destination: "/tmp/../proc/sys/kernel", type: "tmpfs", source: "tmpfs" }],
    ] satisfies [string, TestConfig["mounts"][number]][]
  ).map(
    ([what, mount]): Hostile => ({
      name: `mounted on /proc: ${what}`,
      make: (_rootfs, _marker, config) => {
        config.mounts.push(mount);
      },
      error: /want type proc on \/proc|found target|sysrq-trigger/,
    }),
  ),
  {
    name: "a mount that reaches /proc through a link",
    make: (rootfs, _, config) => {
      symlinkSync("/proc/sys", join(rootfs, "innocent"));
      config.mounts.push({ destination: "/innocent", type: "tmpfs", source: "tmpfs" });
    },
    error: /in procfs/,
  },
  {
    name: "a file of lxcfs on /proc is fine",
    make: (_rootfs, _marker, config) => {
      config.mounts.push({
        destination: "/proc/uptime",
        type: "bind",
        source: "/etc/hostname",
        options: ["bind", "ro"],
      });
    },
    args: ["sh", "-c", "stat -c %F /proc/uptime"],
    prints: /^regular file\n$/,
  },
  // mount.2: magic links as sources
  ...["/proc/self/root", "/proc/1/root", "/proc/self/cwd", "/proc/self/fd/3", "/dev/fd/0", "/proc/self/exe"].map(
    (source): Hostile => ({
      name: `bind source ${source}`,
      make: (_rootfs, _marker, config) => {
        config.mounts.push({ destination: "/data", type: "bind", source, options: ["rbind"] });
      },
      error: /mount/,
    }),
  ),
  // fd.7 (CVE-2024-21626)
  ...[3, 4, 7, 10, 12, 20].flatMap((fd): Hostile[] => [
    {
      name: `cwd /proc/self/fd/${fd}`,
      make: (_rootfs, _marker, config) => {
        config.process.cwd = `/proc/self/fd/${fd}`;
      },
      error: /chdir/,
    },
    {
      name: `args[0] through /proc/self/fd/${fd}`,
      make: () => undefined,
      args: [`/proc/self/fd/${fd}/bin/sh`, "-c", "echo outside"],
      error: /exec/,
    },
  ]),
  {
    name: "cwd through a link of the image to /proc/self/fd/7",
    make: (rootfs, _, config) => {
      symlinkSync("/proc/self/fd/7", join(rootfs, "innocent"));
      config.process.cwd = "/innocent";
    },
    error: /chdir/,
  },
];

for (const host of HOSTS) {
  t.test(`${host.name}: hostile images`, (t) => {
    for (const hostile of BUNDLES) {
      const box = new Sandbox(host);
      const marker = new Marker(box.folder);
      const bundle = box.bundle(hostile.args ?? ["true"]);
      const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as TestConfig;
      hostile.make(join(bundle, "rootfs"), marker, config);
      box.write(bundle, config);
      const outcome = box.run(["run", "--bundle", bundle, box.id()], { timeoutMs: 10_000 });
      if (outcome.status === 0 && hostile.prints !== undefined) t.match(outcome.stdout, hostile.prints, hostile.name);
      else if (hostile.error !== undefined) {
        exits(t, outcome, 1, `${hostile.name}: fails`);
        t.match(outcome.stderr, hostile.error, hostile.name);
        t.equal(outcome.stderr.trimEnd().split("\n").length, 1, `${hostile.name}: one line`);
      } else t.strictSame({ ...outcome, stdout: "" }, { status: 0, stdout: "", stderr: "" }, hostile.name);
      t.strictSame(marker.changes(), [], `${hostile.name}: the host is as it was`);
      t.strictSame(box.close(), [], `${hostile.name}: nothing is left`);
    }
    t.end();
  });

  // console.2 (CVE-2026-88264): the bundle wants a terminal, and its /dev/console is a link
  for (const target of ["missing", "file"]) {
    t.test(`${host.name}: bare /dev, /dev/console links to a host file: ${target}`, async (t) => {
      const box = new Sandbox(host);
      const marker = new Marker(box.folder);
      const bundle = box.bundle(["true"], (config) => {
        without(config, "/dev", "/dev/shm", "/dev/mqueue");
        config.process.terminal = true;
      });
      link(join(bundle, "rootfs"), "dev/console", join(marker.path, target));
      mkdirSync(join(bundle, "rootfs/dev/pts"), { recursive: true });
      const socket = join(box.folder, "console");
      // A connection that nobody accepts takes the message all the same.
      const server = createServer().listen(socket);
      await new Promise((resolve) => server.once("listening", resolve));
      const id = box.id();
      const outcome = box.run(["create", "--bundle", bundle, "--console-socket", socket, id], { timeoutMs: 10_000 });
      t.not(outcome.status, 137, "no hang");
      t.strictSame(marker.changes(), []);
      box.run(["delete", "--force", id]);
      server.close();
      t.strictSame(box.close(), []);
    });
  }
}
