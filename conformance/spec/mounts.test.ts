/** config.md#linux-mount-options of runtime-spec 1.3. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MountLine, mountAt, mountLines, prints, put } from "../../test/support/life.ts";
import { folder, type TestConfig } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

type Mount = TestConfig["mounts"][number];

const option = (name: string) => `config.md#linux-mount-options/${name}`;
const has =
  (...words: string[]) =>
  (line: MountLine) =>
    words.every((word) => line.options.includes(word) || line.superblock.includes(word));
const hasNo =
  (...words: string[]) =>
  (line: MountLine) =>
    words.every((word) => !line.options.includes(word) && !line.superblock.includes(word));
const both =
  (...checks: ((line: MountLine) => boolean)[]) =>
  (line: MountLine) =>
    checks.every((check) => check(line));

/** Option, all options of a tmpfs of its own (what it takes back comes first), and how its line of mountinfo must be. */
const FLAGS: [name: string, options: string[], check: (line: MountLine) => boolean][] = [
  ["defaults", ["defaults"], both(has("rw", "relatime"), hasNo("nosuid", "nodev", "noexec", "sync"))],
  ["ro", ["ro"], has("ro")],
  ["rw", ["ro", "rw"], both(has("rw"), hasNo("ro"))],
  ["nosuid", ["nosuid"], has("nosuid")],
  ["suid", ["nosuid", "suid"], hasNo("nosuid")],
  ["nodev", ["nodev"], has("nodev")],
  ["dev", ["nodev", "dev"], hasNo("nodev")],
  ["noexec", ["noexec"], has("noexec")],
  ["exec", ["noexec", "exec"], hasNo("noexec")],
  ["noatime", ["noatime"], both(has("noatime"), hasNo("relatime"))],
  ["atime", ["noatime", "atime"], hasNo("noatime")],
  ["nodiratime", ["nodiratime"], has("nodiratime")],
  ["diratime", ["nodiratime", "diratime"], hasNo("nodiratime")],
  ["relatime", ["strictatime", "relatime"], has("relatime")],
  ["norelatime", ["relatime", "norelatime"], hasNo("relatime", "noatime")],
  ["strictatime", ["strictatime"], hasNo("relatime", "noatime")],
  ["nostrictatime", ["strictatime", "nostrictatime"], has("relatime")],
  ["sync", ["sync"], has("sync")],
  ["async", ["sync", "async"], hasNo("sync")],
  ["dirsync", ["dirsync"], has("dirsync")],
  ["lazytime", ["lazytime"], has("lazytime")],
  ["nolazytime", ["lazytime", "nolazytime"], hasNo("lazytime")],
  ["noiversion", ["iversion", "noiversion"], hasNo("iversion")],
  ["silent", ["silent"], has("rw")],
  ["loud", ["silent", "loud"], has("rw")],
  ["shared", ["shared"], (line) => line.propagation.some((word) => word.startsWith("shared:"))],
  ["private", ["shared", "private"], (line) => line.propagation.length === 0],
  ["unbindable", ["unbindable"], (line) => line.propagation.includes("unbindable")],
];

spec("options of a tmpfs, one mount an option", (proves, box, t) => {
  const script =
    "cat /proc/self/mountinfo; echo > /m/ro/x; /m/noexec/true; cp /bin/busybox /m/exec/true && /m/exec/true";
  const outcome = box.once(["sh", "-c", script], (config) => {
    for (const [name, options] of FLAGS) {
      config.mounts.push({ destination: `/m/${name}`, type: "tmpfs", source: "x", options });
    }
    config.mounts.push({ destination: "/m/remount", type: "tmpfs", source: "x", options: ["nosuid"] });
    config.mounts.push({ destination: "/m/remount", type: "none", source: "none", options: ["remount", "ro"] });
    config.mounts.push({ destination: "/m/noexec/true", source: "/bin/true", options: ["bind", "noexec"] });
  });
  t.match(outcome.stderr, /\/m\/ro\/x: Read-only file system\n/, "ro holds");
  t.match(outcome.stderr, /\/m\/noexec\/true: Permission denied\n/, "noexec holds");
  for (const [name, options, check] of FLAGS) {
    const line = mountAt(outcome.stdout, `/m/${name}`);
    proves(option(name), "/mounts/*/options").ok(check(line), `${options.join(",")}: ${JSON.stringify(line)}`);
  }
  const remounted = mountAt(outcome.stdout, "/m/remount");
  proves(option("remount"), "/mounts/*/options").ok(has("ro")(remounted), "remount,ro");
});

spec("iversion, also beside an option that is too long for fsconfig", (proves, box, t) => {
  const trace = join(box.folder, "trace");
  const bundle = box.bundle(["cat", "/proc/self/mountinfo"], (config) => {
    config.mounts.push({ destination: "/data", type: "tmpfs", source: "x", options: ["iversion", "sync", "mode=750"] });
  });
  const outcome = box.run(["run", "--bundle", bundle, box.id()], { global: ["--trace", trace] });
  const line = mountAt(prints(t, outcome), "/data");
  proves(option("iversion")).ok(has("sync", "mode=750")(line), "and with it what else was asked for");
  // mountinfo does not show it: what the kernel was asked for and accepted is all that can be seen.
  proves(option("iversion")).match(readFileSync(trace, "utf8"), /mount\("x", "\.", "tmpfs", [^\n]*MS_I_VERSION/);
});

spec("bind, rbind and propagation of a tree of two mounts", (proves, box, t) => {
  const tree = folder(box.folder, "tree");
  const mount = (...args: string[]) => {
    const result = spawnSync("mount", args, { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`mount ${args.join(" ")}: ${result.stderr}`);
  };
  mount("-t", "tmpfs", "top", tree);
  try {
    mount("--make-shared", tree);
    mount("-t", "tmpfs", "below", folder(tree, "below"));
    put(join(tree, "below/file"), "");
    const wanted: [name: string, options: string[], top: string, below: string | undefined][] = [
      ["bind", ["bind"], "", undefined],
      ["rbind", ["rbind"], "", ""],
      ["slave", ["rbind", "slave"], "master", ""],
      ["rslave", ["rbind", "rslave"], "master", "master"],
      ["private", ["rbind", "private"], "none", ""],
      ["rprivate", ["rbind", "rprivate"], "none", "none"],
      ["shared", ["rbind", "shared"], "shared", ""],
      ["rshared", ["rbind", "rshared"], "shared", "shared"],
      ["unbindable", ["rbind", "unbindable"], "unbindable", ""],
      ["runbindable", ["rbind", "runbindable"], "unbindable", "unbindable"],
    ];
    const outcome = box.once(["cat", "/proc/self/mountinfo"], (config) => {
      for (const [name, options] of wanted) {
        const entry: Mount = { destination: `/b/${name}`, type: "none", source: tree, options };
        config.mounts.push(entry);
      }
    });
    const lines = mountLines(prints(t, outcome));
    for (const [name, options, top, below] of wanted) {
      const at = (target: string) => lines.find((line) => line.target === target);
      const words = (target: string) => at(target)?.propagation.map((word) => word.replace(/:.*/, "")) ?? ["no mount"];
      const is = (target: string, want: string) =>
        want === ""
          ? at(target) !== undefined
          : want === "none"
            ? words(target).length === 0
            : words(target).includes(want);
      const claim = proves(option(name), "/mounts/*/options");
      claim.equal(at(`/b/${name}`)?.source, "top", `${options.join(",")}: what is bound`);
      claim.ok(is(`/b/${name}`, top), `${options.join(",")}: the mount: ${words(`/b/${name}`)}`);
      if (below === undefined) claim.equal(at(`/b/${name}/below`), undefined, `${options}: nothing below`);
      else claim.ok(is(`/b/${name}/below`, below), `${options.join(",")}: below it: ${words(`/b/${name}/below`)}`);
    }
  } finally {
    spawnSync("umount", ["-R", "-l", tree]);
  }
});

done("mounts");
