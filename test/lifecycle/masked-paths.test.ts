/** linux.maskedPaths and readonlyPaths (runtime-spec config-linux.md#masked-paths, #readonly-paths). */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { exits, fails, mountAt, onHosts, put } from "../support/life.ts";

onHosts("masked-paths: files, folders, links, what is missing", (t, box) => {
  const bundle = box.bundle(
    [
      "sh",
      "-c",
      "cat /data/file /data/link | wc -c; ls -A /data/folder | wc -l; touch /data/folder/x; cat /proc/self/mountinfo",
    ],
    (config) => {
      config.linux.maskedPaths = ["/data/file", "/data/folder", "/data/link", "/no/such", "/proc/kcore"];
    },
  );
  put(join(bundle, "rootfs/data/file"), "secret");
  put(join(bundle, "rootfs/data/target"), "secret");
  put(join(bundle, "rootfs/data/folder/name"), "secret");
  symlinkSync("/data/target", join(bundle, "rootfs/data/link"));
  const outcome = box.run(["run", "--bundle", bundle, box.id()]);
  exits(t, outcome, 0);
  t.equal(outcome.stderr, "touch: /data/folder/x: Read-only file system\n");
  t.match(outcome.stdout, /^0\n0\n/, "nothing can be read");
  t.equal(mountAt(outcome.stdout, "/data/file").root, "/null", "a file is the null device");
  t.ok(mountAt(outcome.stdout, "/data/target").root === "/null", "a link is followed, inside the root");
  t.equal(mountAt(outcome.stdout, "/data/folder").type, "tmpfs");
  t.ok(mountAt(outcome.stdout, "/data/folder").options.includes("ro"));
  t.notOk(outcome.stdout.includes("/no/such"));
});

onHosts("masked-paths: the null device must be one", (t, box) => {
  const bundle = box.bundle(["true"], (config) => {
    config.mounts = config.mounts.filter((mount) => !mount.destination.startsWith("/dev"));
    config.mounts.push({ destination: "/dev", type: "bind", source: join(box.folder, "dev"), options: ["bind"] });
    config.linux.maskedPaths = ["/data/file"];
  });
  put(join(box.folder, "dev/null"), "no device");
  put(join(bundle, "rootfs/data/file"), "secret");
  fails(
    t,
    box.run(["run", "--bundle", bundle, box.id()]),
    "mask paths: found another file at /dev/null, want the character device 1:3; config.json#/linux/maskedPaths; hint: mount a tmpfs on /dev, then the runtime makes it",
  );
});

onHosts("readonly-paths: a folder with what is mounted below it, a file", (t, box) => {
  const script =
    "touch /data/folder/x; touch /data/folder/sub/x; echo x > /data/file; touch /data/free && echo free; echo 1 > /proc/sys/kernel/pid_max;" +
    " cat /proc/self/mountinfo";
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    config.mounts.push({ destination: "/data/folder/sub", type: "tmpfs", source: "tmpfs" });
    config.linux.readonlyPaths = ["/data/folder", "/data/file", "/proc/sys", "/no/such"];
  });
  put(join(bundle, "rootfs/data/folder/name"), "");
  put(join(bundle, "rootfs/data/file"), "");
  const outcome = box.run(["run", "--bundle", bundle, box.id()]);
  exits(t, outcome, 0);
  t.strictSame(
    outcome.stderr
      .trim()
      .split("\n")
      .map((line) => line.replace(/^.*: (\/[^:]*): /, "$1 ")),
    ["/data/folder/x", "/data/folder/sub/x", "/data/file", "/proc/sys/kernel/pid_max"].map((path) =>
      path.endsWith("/x") ? `${path} Read-only file system` : `sh: can't create ${path}: Read-only file system`,
    ),
  );
  t.match(outcome.stdout, /^free\n/, "beside them all is writable");
  for (const path of ["/data/folder", "/data/folder/sub", "/data/file", "/proc/sys"]) {
    t.ok(mountAt(outcome.stdout, path).options.includes("ro"), path);
  }
});
