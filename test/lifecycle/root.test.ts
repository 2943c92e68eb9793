/** root and linux.rootfsPropagation (runtime-spec config.md#root, config-linux.md#rootfs-mount-propagation). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { exits, fails, mountAt, mountLines, onHosts, prints, put } from "../support/life.ts";
import { folder, type Sandbox, type TestConfig } from "../support/sandbox.ts";

onHosts("root: the container sees its root alone", (t, box) => {
  const script = "ls -d /var /mnt /usr 2>/dev/null; ls / | tr '\\n' ' '; echo; cat /proc/self/mountinfo";
  const text = prints(t, box.once(["sh", "-c", script]));
  t.match(text, /^bin data dev etc proc root sys tmp /, "what the root file system holds");
  const targets = mountLines(text).map((line) => line.target);
  t.equal(targets.filter((target) => target === "/").length, 1, "the old root is gone");
  t.notOk(text.includes(`${box.folder}/state`), "nothing of the runtime's state is mounted");
});

onHosts("root: readonly", (t, box) => {
  const script = "touch /file; touch /tmp/file; touch /dev/file && echo dev; cat /proc/self/mountinfo";
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.root.readonly = true;
  });
  exits(t, outcome, 0);
  t.equal(outcome.stderr, "touch: /file: Read-only file system\ntouch: /tmp/file: Read-only file system\n");
  t.match(outcome.stdout, /^dev\n/, "what is mounted on it stays writable");
  t.ok(mountAt(outcome.stdout, "/").options.includes("ro"));
  const writable = box.once(["sh", "-c", "touch /file && ls /file"]);
  t.equal(prints(t, writable), "/file\n", "without it the root is writable");
});

/** A folder that is a shared mount, as most hosts' / is: only there propagation can be seen. Unmounted at the end. */
function onSharedMount(box: Sandbox, check: (folder: string) => void): void {
  const place = mkdtempSync(join(box.folder, "shared-"));
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

onHosts("root: propagation as mountinfo shows it", (t, box) => {
  onSharedMount(box, (place) => {
    const seen = (word: string | undefined, args: string[] = []) => {
      const bundle = join(place, `bundle-${word ?? "none"}-${args.length}`);
      renameInto(box, bundle, (config) => {
        config.root.path = join(bundle, "rootfs");
        if (word !== undefined) config.linux.rootfsPropagation = word as never;
      });
      const outcome = box.run(["run", "--bundle", bundle, ...args, box.id()]);
      const { propagation } = mountAt(prints(t, outcome, `rootfsPropagation ${word}`), "/");
      return propagation.map((entry) => entry.replace(/:[0-9]+$/, "")).sort();
    };
    t.strictSame(seen(undefined), ["master"], "unset: slave, so that the host's later mounts arrive");
    for (const word of ["slave", "rslave"]) t.strictSame(seen(word), ["master"], word);
    for (const word of ["private", "rprivate"]) t.strictSame(seen(word), [], word);
    for (const word of ["shared", "rshared"]) t.ok(seen(word).includes("shared"), word);
    t.strictSame(seen("unbindable"), ["unbindable"]);
    t.strictSame(seen("rslave", ["--no-pivot"]), ["master"], "the same with --no-pivot");
  });
  const mounts = prints(t, box.once(["cat", "/proc/self/mountinfo"]));
  t.notOk(mounts.includes("shared:"), "from a private host mount nothing is shared");
});

/** A bundle at a place of the test's choice. */
function renameInto(box: Sandbox, target: string, change: (config: TestConfig) => void): void {
  const made = box.bundle(["cat", "/proc/self/mountinfo"], change);
  const result = spawnSync("cp", ["-a", made, target], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(result.stderr);
}

onHosts("root: --no-pivot", (t, box) => {
  const script =
    "echo $$; ls / | tr '\\n' ' '; touch /data/x && rm /data/x; ls /proc/1/root/ | wc -l; cat /proc/mounts | wc -l";
  const with_ = prints(
    t,
    box.once(["sh", "-c", script], () => undefined, ["--no-pivot"]),
  ).split("\n");
  const without = prints(t, box.once(["sh", "-c", script])).split("\n");
  t.strictSame(with_.slice(0, 3), without.slice(0, 3), "the same root is seen");
  const refused = box.once(["true"], (config) => (config.linux.rootfsPropagation = "private"), ["--no-pivot"]);
  fails(
    t,
    refused,
    'load config.json: found "private" together with --no-pivot, want slave; config.json#/linux/rootfsPropagation',
  );
});

onHosts("root: a path that is relative, absolute, a link, a file, missing", (t, box) => {
  const bundle = box.bundle(["true"]);
  const with_ = (path: string) =>
    box.once(["true"], (config) => {
      config.root.path = path;
    });
  prints(t, with_(join(bundle, "rootfs")), "an absolute path");
  prints(t, with_("./rootfs/../rootfs"), "a relative path with ..");
  const link = join(box.folder, "link");
  symlinkSync(join(bundle, "rootfs"), link);
  const want = "want one that is no link; config.json#/root/path";
  fails(
    t,
    with_(link),
    new RegExp(`^open root file system: ENOTDIR: found no folder at ${link}, ${want} \\[root openat2`),
  );
  const file = put(join(box.folder, "file"), "");
  fails(t, with_(file), new RegExp(`^open root file system: ENOTDIR: found no folder at ${file}, ${want} \\[`));
  fails(t, with_("/no/such"), new RegExp(`^open root file system: ENOENT: found no folder at /no/such, ${want} \\[`));
  // A link in the middle is the host's business.
  const moved = join(folder(box.folder, "real"), "bundle");
  renameSync(bundle, moved);
  const middle = join(box.folder, "middle");
  symlinkSync(join(box.folder, "real"), middle);
  prints(t, with_(join(middle, "bundle/rootfs")), "a link above the root");
});
