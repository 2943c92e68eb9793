/** mounts (runtime-spec config.md#mounts): what is mounted, with what, and how a wrong one is told. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { exits, fails, type MountLine, mountAt, mountLines, onHosts, prints, put } from "../support/life.ts";
import { folder, type Outcome, type Sandbox, type TestConfig } from "../support/sandbox.ts";

type Mount = TestConfig["mounts"][number];

/** Runs a script with more mounts. */
function withMounts(box: Sandbox, script: string, ...mounts: Mount[]): Outcome {
  return box.once(["sh", "-c", script], (config) => {
    config.mounts.push(...mounts);
  });
}

/** The mount on /data as the container sees it. */
function shown(box: Sandbox, ...mounts: Mount[]): MountLine {
  const outcome = withMounts(box, "cat /proc/self/mountinfo", ...mounts);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return mountAt(outcome.stdout, "/data");
}

onHosts("mounts: tmpfs with options of every sort", (t, box) => {
  const options = ["nosuid", "noexec", "nodev", "noatime", "mode=1750", "size=64k", "uid=3", "gid=4", "sync"];
  const mount: Mount = { destination: "/data", type: "tmpfs", source: "scratch", options };
  const line = shown(box, mount);
  t.equal(line.type, "tmpfs");
  t.equal(line.source, "scratch");
  t.strictSame(line.options.sort(), ["noatime", "nodev", "noexec", "nosuid", "rw"]);
  for (const option of ["size=64k", "mode=1750", "uid=3", "gid=4"]) t.ok(line.superblock.includes(option), option);
  t.ok(line.superblock.includes("sync"), "an option that all file systems know");
  const script = "stat -c '%a %u:%g' /data; head -c 70000 /dev/zero 2>/dev/null > /data/f || echo full";
  const text = prints(t, withMounts(box, script, mount));
  t.match(text, /^1750 3:4\nfull\n$/, "the size holds");
});

onHosts("mounts: the last of two options wins, ro after rw and back", (t, box) => {
  const of = (...options: string[]) =>
    shown(box, { destination: "/data", type: "tmpfs", source: "x", options }).options;
  t.ok(of("ro", "rw").includes("rw"));
  t.ok(of("rw", "ro").includes("ro"));
  t.ok(of("nosuid", "suid", "noexec").every((option) => option !== "nosuid"));
  t.ok(of("noatime", "strictatime").every((option) => option !== "noatime" && option !== "relatime"));
  t.ok(of("nodiratime", "relatime").includes("relatime"));
});

onHosts("mounts: a folder and a file of the host, writable and not", (t, box) => {
  const source = folder(box.folder, "volume");
  const file = put(join(box.folder, "file.conf"), "old");
  const script = "cat /data/in /etc/made.conf; echo new > /data/out; echo new > /etc/made.conf; ls /data";
  put(join(source, "in"), "in ");
  const outcome = withMounts(
    box,
    script,
    { destination: "/data", type: "bind", source, options: ["bind"] },
    { destination: "/etc/made.conf", type: "none", source: file, options: ["bind", "ro"] },
  );
  t.equal(outcome.stdout, "in oldin\nout\n");
  t.match(outcome.stderr, /^[^\n]*\/etc\/made\.conf: Read-only file system\n$/, "only the read-only one refuses");
  t.strictSame(readdirSync(source).sort(), ["in", "out"], "the host sees what was written");
  const { options } = shown(box, {
    destination: "/data",
    source,
    options: ["rbind", "ro", "nosuid", "nodev", "noexec", "noatime"],
  });
  t.strictSame(options.sort(), ["noatime", "nodev", "noexec", "nosuid", "ro"]);
});

/** A tmpfs with another below it, for what is recursive; unmounted at the end. */
function withTree(box: Sandbox, check: (folder: string) => void): void {
  const place = mkdtempSync(join(box.folder, "tree-"));
  const call = (command: string, ...args: string[]) => {
    const result = spawnSync(command, args, { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
  };
  call("mount", "-t", "tmpfs", "tmpfs", place);
  try {
    call("mount", "--make-shared", place);
    call("mkdir", join(place, "below"));
    call("mount", "-t", "tmpfs", "tmpfs", join(place, "below"));
    writeFileSync(join(place, "below/file"), "");
    check(place);
  } finally {
    spawnSync("umount", ["-R", "-l", place]);
  }
}

onHosts("mounts: bind, rbind, and options for all below", (t, box) => {
  withTree(box, (source) => {
    const list = (...options: string[]) => {
      const script = "ls /data/below; cat /proc/self/mountinfo";
      return prints(t, withMounts(box, script, { destination: "/data", source, options }));
    };
    const plain = list("bind");
    t.notOk(plain.startsWith("file\n"), "bind leaves out what is mounted below");
    t.equal(mountLines(plain).filter((line) => line.target.startsWith("/data")).length, 1);
    const deep = list("rbind", "ro");
    t.ok(deep.startsWith("file\n"));
    t.ok(mountAt(deep, "/data").options.includes("ro"), "ro is for the top alone");
    t.ok(mountAt(deep, "/data/below").options.includes("rw"), "ro is not for what is below");
    const recursive = list("rbind", "rro", "rnoexec");
    for (const target of ["/data", "/data/below"]) {
      for (const option of ["ro", "noexec"])
        t.ok(mountAt(recursive, target).options.includes(option), `${target} ${option}`);
    }
  });
});

onHosts("mounts: propagation as mountinfo shows it", (t, box) => {
  withTree(box, (source) => {
    const of = (...options: string[]) => {
      const text = prints(
        t,
        box.once(["cat", "/proc/self/mountinfo"], (config) => {
          // Peers of the host are kept only where the root is shared: else all that comes from it is at most a slave.
          if (options.some((option) => option.endsWith("shared"))) config.linux.rootfsPropagation = "shared";
          config.mounts.push({ destination: "/data", source, options: ["rbind", ...options] });
        }),
      );
      return ["/data", "/data/below"].map((target) =>
        mountAt(text, target)
          .propagation.map((entry) => entry.replace(/:[0-9]+$/, ""))
          .join(" "),
      );
    };
    t.strictSame(of("rprivate"), ["", ""]);
    t.strictSame(of("rslave"), ["master", "master"]);
    t.strictSame(of("rshared"), ["shared", "shared"]);
    t.strictSame(of("private"), ["", "master"]);
    t.strictSame(of("unbindable"), ["unbindable", "master"]);
    t.strictSame(of(), ["master", "master"], "unset: slave");
    const tmpfs = shown(box, { destination: "/data", type: "tmpfs", source: "x", options: ["shared"] });
    t.match(tmpfs.propagation.join(), /^shared:[0-9]+$/, "a new mount");
  });
});

onHosts("mounts: a shared bind hands mounts to the host, a slave one does not", (t, box) => {
  withTree(box, (source) => {
    const seen = (option: string, script: string) => {
      const name = `made-${option}`;
      folder(source, name);
      const outcome = box.once(["sh", "-c", `mount -t tmpfs x /data/${name} && ${script}`], (config) => {
        const caps = config.process.capabilities ?? {};
        for (const set of [caps.bounding, caps.effective, caps.permitted]) set?.push("CAP_SYS_ADMIN");
        if (option === "rshared") config.linux.rootfsPropagation = "shared";
        config.mounts.push({ destination: "/data", source, options: ["rbind", option] });
      });
      prints(t, outcome);
      const mounts = spawnSync("cat", ["/proc/self/mountinfo"], { encoding: "utf8" }).stdout;
      return mountLines(mounts).some((line) => line.target === join(source, name));
    };
    t.equal(seen("rshared", "true"), true, "rshared: the host sees it");
    t.equal(seen("rslave", "true"), false, "rslave: it does not");
  });
});

onHosts("mounts: a relative source counts from the bundle", (t, box) => {
  const bundle = box.bundle(["cat", "/data/file"], (config) => {
    config.mounts.push({ destination: "/data", source: "volume", options: ["bind"] });
  });
  put(join(bundle, "volume/file"), "of the bundle");
  t.equal(prints(t, box.run(["run", "--bundle", bundle, box.id()], { cwd: "/" })), "of the bundle");
});

onHosts("mounts: a missing source is told with its first missing element", (t, box) => {
  const source = join(folder(box.folder, "there"), "gone/further");
  const outcome = withMounts(box, "true", { destination: "/data", source, options: ["bind"] });
  fails(
    t,
    outcome,
    new RegExp(
      `^mount config\\.json#/mounts/7: no such file or directory: source ${source}, first missing element "gone"; config\\.json#/mounts/7/source \\[mounts openat2\\(.*\\) ENOENT\\]\\n$`,
    ),
  );
  const relative = withMounts(box, "true", { destination: "/data", source: "no-such", options: ["bind"] });
  fails(t, relative, /: source \/.*\/bundle-[A-Za-z0-9]+\/no-such, first missing element "no-such"; /);
});

onHosts("mounts: a file on a folder, a folder on a file", (t, box) => {
  const file = put(join(box.folder, "file"), "");
  const onFolder = withMounts(box, "true", { destination: "/data", source: file, options: ["bind"] });
  fails(
    t,
    onFolder,
    `mount config.json#/mounts/7: not a directory: source ${file} = file, target /data = folder; config.json#/mounts/7; hint: name a file as target`,
  );
  const onFile = withMounts(box, "true", { destination: "/bin/busybox", source: box.folder, options: ["bind"] });
  fails(
    t,
    onFile,
    `mount config.json#/mounts/7: not a directory: source ${box.folder} = folder, target /bin/busybox = file; config.json#/mounts/7; hint: the host file was missing and a manager made an empty folder, or the target is wrong`,
  );
});

onHosts("mounts: targets are made and links in them lead inside the root", (t, box) => {
  const source = folder(box.folder, "volume");
  put(join(source, "file"), "here");
  const mounts: Mount[] = ["/new/deep/folder", "/jump/inner", "/dangling", "/up/../data/x"].map((destination) => ({
    destination,
    source,
    options: ["bind"],
  }));
  const script = "cat /new/deep/folder/file /etc/inner/file /made/by/link/file /data/x/file; stat -c %a /new/deep";
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    config.mounts.push(...mounts);
  });
  symlinkSync("/etc", join(bundle, "rootfs/jump"));
  symlinkSync("../../../made/by/link", join(bundle, "rootfs/dangling"));
  t.equal(prints(t, box.run(["run", "--bundle", bundle, box.id()])), "herehereherehere755\n");
  t.ok(readdirSync(join(bundle, "rootfs/etc")).includes("inner"), "made in the root, not on the host");
  t.notOk(readdirSync("/").includes("made"));
});

onHosts("mounts: remount changes what is there", (t, box) => {
  const line = shown(
    box,
    { destination: "/data", type: "tmpfs", source: "x", options: ["size=64k"] },
    { destination: "/data", options: ["remount", "ro", "nosuid", "size=128k"] },
  );
  t.ok(["ro", "nosuid"].every((option) => line.options.includes(option)));
  t.ok(line.superblock.includes("size=128k"));
  const nothing = withMounts(box, "true", { destination: "/no/such", options: ["remount", "ro"] });
  fails(
    t,
    nothing,
    "mount config.json#/mounts/7: no such file or directory: target /no/such of a remount; config.json#/mounts/7/destination",
  );
});

onHosts("mounts: an unknown option is told in the kernel's words", (t, box) => {
  const tmpfs: Mount = { destination: "/data", type: "tmpfs", source: "x", options: ["colour=blue"] };
  fails(
    t,
    withMounts(box, "true", tmpfs),
    /^mount config\.json#\/mounts\/7: invalid argument: type tmpfs, target \/data: the kernel says "[^"\n]*Unknown parameter 'colour'"; config\.json#\/mounts\/7\/options \[mounts fsconfig\(.*\) EINVAL\]\n$/,
  );
  const bind: Mount = { destination: "/data", source: box.folder, options: ["bind", "colour"] };
  fails(t, withMounts(box, "true", bind), /found option "colour" on a bind, want none/);
  const warned = withMounts(box, "true", { ...bind, options: ["bind", "colour=blue"] });
  t.match(warned, { status: 0, stderr: /^warning: "colour=blue" means nothing on a bind; .*options\/1\n$/ });
  const type: Mount = { destination: "/data", type: "nosuchfs", source: "x" };
  fails(
    t,
    withMounts(box, "true", type),
    /^mount config\.json#\/mounts\/7: no such device: type nosuchfs, target \/data; /,
  );
  const none: Mount = { destination: "/data", type: "bind", source: box.folder };
  fails(t, withMounts(box, "true", none), /found type "bind" without the option bind.*hint: add "bind" or "rbind"/);
});

onHosts("mounts: what would cover procfs is refused", (t, box) => {
  const source = folder(box.folder, "volume");
  const file = put(join(source, "file"), "covered");
  const refused: Mount[] = [
    { destination: "/proc", source, options: ["bind"] },
    { destination: "/proc", type: "tmpfs", source: "x" },
    { destination: "/proc/sys", type: "tmpfs", source: "x" },
    { destination: "/proc/self/attr", source, options: ["bind"] },
    { destination: "/proc/1/status", source: file, options: ["bind"] },
    { destination: "/data/../proc/sys/kernel", source, options: ["bind"] },
  ];
  for (const mount of refused) {
    const outcome = withMounts(box, "true", mount);
    fails(t, outcome, /^mount config\.json#\/mounts\/7: found .*, want type proc on \/proc, or below it one of \/proc/);
  }
  const bundle = box.bundle(["true"], (config) => {
    config.mounts.push({ destination: "/indirect", source, options: ["bind"] });
  });
  symlinkSync("/proc/sys", join(bundle, "rootfs/indirect"));
  fails(t, box.run(["run", "--bundle", bundle, box.id()]), /: found target \/indirect in procfs, want type proc/);
  const allowed = withMounts(box, "cat /proc/uptime", { destination: "/proc/uptime", source: file, options: ["bind"] });
  t.equal(prints(t, allowed), "covered", "files that lxcfs provides may be");
});

onHosts("mounts: an overlay with more options than fsconfig takes", (t, box) => {
  const layers = Array.from({ length: 12 }, (_, index) =>
    folder(box.folder, `layer-with-a-long-name-${"x".repeat(30)}-${index}`),
  );
  for (const [index, layer] of layers.entries()) put(join(layer, `file${index}`), "");
  const place = mkdtempSync(join(box.folder, "upper-"));
  // Its upper layer must lie on a file system that can be one, wherever the tests' folder lies.
  const tmpfs = spawnSync("mount", ["-t", "tmpfs", "tmpfs", place], { encoding: "utf8" });
  exits(t, tmpfs, 0);
  try {
    const [upper, work] = [folder(place, "upper"), folder(place, "work")];
    const options = [`lowerdir=${layers.join(":")}`, `upperdir=${upper}`, `workdir=${work}`, "nosuid"];
    t.ok((options[0] ?? "").length > 255);
    const script = "ls /data | wc -l; echo x > /data/new; cat /proc/self/mountinfo";
    const text = prints(
      t,
      withMounts(box, script, { destination: "/data", type: "overlay", source: "overlay", options }),
    );
    t.match(text, /^12\n/);
    t.ok(mountAt(text, "/data").options.includes("nosuid"), "flags hold on this way too");
    t.strictSame(readdirSync(upper), ["new"]);
  } finally {
    spawnSync("umount", ["-l", place]);
  }
});

onHosts("mounts: the root itself as a target is refused", (t, box) => {
  const outcome = withMounts(box, "true", { destination: "/data/..", type: "tmpfs", source: "x" });
  fails(
    t,
    outcome,
    `load config.json: "/data/.." = the root itself, want a path below /; config.json#/mounts/7/destination`,
  );
});

onHosts("mounts: a read-only tmpfs still takes the targets of later mounts", (t, box) => {
  const script = "cat /data/sub/file; touch /data/x";
  const source = folder(box.folder, "volume");
  put(join(source, "file"), "in");
  const outcome = withMounts(
    box,
    script,
    { destination: "/data", type: "tmpfs", source: "x", options: ["ro"] },
    { destination: "/data/sub", source, options: ["bind"] },
  );
  t.match(outcome, { status: 1, stdout: "in", stderr: "touch: /data/x: Read-only file system\n" });
});

onHosts("mounts: mountinfo keeps the order of config.json, binds and new file systems mixed", (t, box) => {
  const source = folder(box.folder, "volume");
  const bind = (destination: string, ...options: string[]): Mount => ({ destination, type: "bind", source, options });
  const fresh = (destination: string): Mount => ({ destination, type: "tmpfs", source: "t", options: [] });
  const mounts = [
    fresh("/m/a"),
    bind("/m/b", "rbind", "ro"),
    fresh("/m/c"),
    bind("/m/d", "bind", "rshared"),
    bind("/data", "bind"),
    fresh("/data"),
    bind("/m/e", "rbind", "rprivate", "rro"),
  ];
  for (const rootfsPropagation of [undefined, "private", "shared", "unbindable"] as const) {
    const outcome = box.once(["cat", "/proc/self/mountinfo"], (config) => {
      config.mounts.push(...mounts);
      if (rootfsPropagation !== undefined) config.linux.rootfsPropagation = rootfsPropagation;
    });
    const wanted = mounts.map((mount) => mount.destination);
    const targets = mountLines(prints(t, outcome)).map((line) => line.target);
    t.strictSame(
      targets.filter((target) => wanted.includes(target)),
      wanted,
      `rootfsPropagation ${rootfsPropagation ?? "unset"}`,
    );
    t.equal(mountAt(outcome.stdout, "/data").type, "tmpfs", "the upper one is the last");
  }
});

onHosts(
  "mounts: a recursive bind of a folder above the root shows nothing of the container's own tree (mount.5)",
  (t, box) => {
    const inside = ["cat /proc/self/mountinfo", "[ -e /mnt/again/proc/self ] && echo visible"];
    const write = "echo x > /mnt/again/proc/sys/kernel/domainname; touch /mnt/again/made; ls /mnt/again";
    for (const options of [["rbind"], ["rbind", "ro"], ["rbind", "rro"]]) {
      for (const above of ["", "/.."]) {
        const bundle = box.bundle(["sh", "-c", ""], (config) => {
          config.root.readonly = true;
          config.linux.maskedPaths = ["/proc/keys"];
          config.mounts.push({ destination: "/mnt", type: "bind", source: `.${above}`, options });
        });
        const path = above === "" ? "rootfs" : `${basename(bundle)}/rootfs`;
        const script = [...inside, write].join("; ").replaceAll("again", path);
        const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as TestConfig;
        config.process.args = ["sh", "-c", script];
        put(join(bundle, "config.json"), JSON.stringify(config));
        const outcome = box.run(["run", "--bundle", bundle, box.id()]);
        const below = mountLines(outcome.stdout).filter((line) => line.target.startsWith("/mnt/"));
        t.strictSame(below, [], `${options.join()} ${above}: no mount of the container below it`);
        t.notMatch(outcome.stdout, /^visible$/m, "and no procfs of it");
        t.match(outcome.stderr, /proc\/sys\/kernel\/domainname: (nonexistent directory|No such file)/);
        rmSync(join(bundle, "rootfs/made"), { force: true });
      }
    }
  },
);

onHosts("mounts: more binds than the caller may have files open", (t, box) => {
  const source = folder(box.folder, "one");
  const bundle = box.bundle(["sh", "-c", "ls /m | wc -l; ulimit -Sn; ulimit -Hn"], (config) => {
    delete config.process.rlimits;
    for (let index = 0; index < 90; index++)
      config.mounts.push({ destination: `/m/${index}`, type: "bind", source, options: ["rbind", "ro"] });
  });
  const within = ["sh", "-c", 'ulimit -Sn 64; ulimit -Hn 256; exec "$@"', "sh"];
  const outcome = box.run(["run", "--bundle", bundle, box.id()], { within });
  t.equal(prints(t, outcome), "90\n64\n256\n", "all are there, and the limits are the caller's");
});
