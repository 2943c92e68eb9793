/** Devices of /dev (runtime-spec config-linux.md#default-devices, #devices, runtime-linux.md#dev-symbolic-links). */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fails, onHosts, prints, put } from "../support/life.ts";

onHosts("devices: the default ones, with the links", (t, box) => {
  const script =
    "cd /dev; for d in null zero full random urandom tty; do stat -c '%n %F %t:%T %a %u:%g' $d; done;" +
    " for l in fd stdin stdout stderr ptmx core; do echo $l $(readlink $l); done; ls";
  const rows = prints(
    t,
    box.once(["sh", "-c", script], (config) => (config.linux.maskedPaths = [])),
  )
    .trim()
    .split("\n");
  const expected = [
    ["null", "1:3"],
    ["zero", "1:5"],
    ["full", "1:7"],
    ["random", "1:8"],
    ["urandom", "1:9"],
    ["tty", "5:0"],
  ];
  t.strictSame(
    rows.slice(0, 6),
    expected.map(([name, number]) => `${name} character special file ${number} 666 0:0`),
  );
  const links = rows.slice(6, 12);
  t.strictSame(links.slice(0, 5), [
    "fd /proc/self/fd",
    "stdin /proc/self/fd/0",
    "stdout /proc/self/fd/1",
    "stderr /proc/self/fd/2",
    "ptmx pts/ptmx",
  ]);
  t.match(links[5], /^core( \/proc\/kcore)?$/, "core where the kernel has kcore");
  const names = rows.slice(12).filter((name) => name !== "core");
  const all = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero";
  t.strictSame(names, all.split(" "), "and nothing else");
});

onHosts("devices: extra ones with mode and owner, a FIFO, a default one changed", (t, box) => {
  const script = "stat -c '%n %F %t:%T %a %u:%g' /dev/mine /dev/sub/block /dev/pipe /opt/dev/late /dev/null";
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.linux.devices = [
      { path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 0o640, uid: 7, gid: 9 },
      { path: "/dev/sub/block", type: "b", major: 7, minor: 300, fileMode: 0o600 },
      { path: "/dev/pipe", type: "p", fileMode: 0o622, uid: 1 },
      { path: "/opt/dev/late", type: "u", major: 10, minor: 1_048_575 },
      { path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 0o444, gid: 3 },
    ];
  });
  t.strictSame(prints(t, outcome).trim().split("\n"), [
    "/dev/mine character special file 1:5 640 7:9",
    "/dev/sub/block block special file 7:12c 600 0:0",
    "/dev/pipe fifo 0:0 622 1:0",
    "/opt/dev/late character special file a:fffff 666 0:0",
    "/dev/null character special file 1:3 444 0:3",
  ]);
});

onHosts("devices: what is there already must be that device", (t, box) => {
  const bundle = box.bundle(["true"], (config) => {
    config.linux.devices = [{ path: "/data/node", type: "c", major: 1, minor: 3 }];
  });
  put(join(bundle, "rootfs/data/node"), "a file");
  fails(
    t,
    box.run(["run", "--bundle", bundle, box.id()]),
    "make device /data/node: found another file there (mode 0100644), want c 1:3 or nothing; config.json#/linux/devices/0; hint: mount a tmpfs on /dev",
  );
});

onHosts("devices: a bind over /dev brings its own", (t, box) => {
  const outcome = box.once(
    ["sh", "-c", "ls -A /dev | grep -v -E '^(pts|shm|mqueue)$' | wc -l; test -c /dev/null"],
    (config) => {
      config.mounts = config.mounts.filter((mount) => !mount.destination.startsWith("/dev"));
      config.mounts.push({ destination: "/dev", source: "/dev", options: ["rbind", "ro"] });
    },
  );
  t.match(prints(t, outcome), /^[1-9][0-9]*\n$/, "the host's are seen, none were made");
});

onHosts("devices: /dev that is a link is refused", (t, box) => {
  const bundle = box.bundle(["true"], (config) => {
    config.mounts = config.mounts.filter((mount) => !mount.destination.startsWith("/dev"));
    config.linux.maskedPaths = [];
  });
  const run = (script: string) => box.run(["run", "--bundle", bundle, box.id()], { input: script });
  prints(t, run(""), "without a tmpfs the nodes are made in the root itself");
  spawnIn(bundle, "rm -rf rootfs/dev && ln -s data rootfs/dev");
  fails(t, run(""), /^open \/dev in the root: found a symbolic link, want a real directory; \/dev; hint: /);
});

/** A shell command on the host, in a bundle. */
function spawnIn(cwd: string, script: string): void {
  const result = spawnSync("sh", ["-c", script], { cwd, encoding: "utf8" });
  if (result.status !== 0) throw new Error(result.stderr);
}
