/** config.md of runtime-spec 1.3: version, root, mounts, annotations, extensibility. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mountAt, mountLines, put } from "../../test/support/life.ts";
import { folder, type Sandbox, type TestConfig } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

/** `run` of `true` with a document that need not be a config. */
function refusedBy(box: Sandbox, change: (config: { [name: string]: unknown } & TestConfig) => void) {
  return box.once(["true"], (config) => change(config as never));
}

spec("ociVersion", (proves, box) => {
  const outcome = refusedBy(box, (config) => delete (config as { ociVersion?: string }).ociVersion);
  proves("config.md#specification-version/1").fails(outcome, /^load config\.json: missing "ociVersion"/);
  const version = proves("config.md#specification-version/2", "/ociVersion");
  for (const bad of ["one", "2.0.0", "0.9.0", "", "1.3.0.0"]) {
    const wrong = refusedBy(box, (config) => (config.ociVersion = bad));
    version.fails(wrong, /^load config\.json: ".*", want a version 1\.x .*config\.json#\/ociVersion/);
  }
  for (const good of ["1.0.0", "1.2.1-rc.1", "1.3.0", "1.1.0+dev"]) {
    version.prints(
      refusedBy(box, (config) => (config.ociVersion = good)),
      `${good} runs`,
    );
  }
});

spec("root", (proves, box) => {
  proves("config.md#root/1").fails(
    refusedBy(box, (config) => delete (config as { root?: object }).root),
    /missing "root".*config\.json#\/root/,
  );
  proves("config.md#root/2").fails(
    refusedBy(box, (config) => (config["root"] = {} as never)),
    /missing "path".*config\.json#\/root/,
  );
  const file = put(join(box.folder, "file"), "");
  for (const path of ["/no/such", "nowhere", file]) {
    const outcome = refusedBy(box, (config) => (config.root.path = path));
    proves("config.md#root/3").fails(outcome, /found no folder at .*config\.json#\/root\/path/);
  }
  const bundle = box.bundle(["sh", "-c", "echo > /made; echo > /data/made; cat /proc/self/mountinfo"], (config) => {
    config.root.readonly = true;
  });
  const outcome = box.run(["run", "--bundle", bundle, box.id()]);
  const readonly = proves("config.md#root/4", "/root/readonly");
  readonly.ok(mountAt(outcome.stdout, "/").options.includes("ro"), "readonly: the mount is");
  readonly.match(outcome.stderr, /\/made: Read-only file system\n.*\/data\/made: Read-only file system\n/);
  const absolute = join(bundle, "rootfs");
  const writable = box.once(["sh", "-c", "echo > /data/made && echo made"], (config) => {
    config.root.path = absolute;
    delete config.root.readonly;
  });
  proves("config.md#root/4", "/root/readonly", "/root/path").equal(writable.stdout, "made\n", "without: writable");
  proves("/root/path").equal(readFileSync(join(absolute, "data/made"), "utf8"), "\n", "an absolute path, not rootfs");
  rmSync(join(absolute, "data/made"));
});

spec("mounts: order, destination, type, source", (proves, box) => {
  const first = folder(box.folder, "first");
  put(join(first, "name"), "first\n");
  const bundle = box.bundle(["sh", "-c", "cat /data/name /data/inner/name; cat /proc/self/mountinfo"], (config) => {
    config.mounts.push(
      { destination: "/data", type: "tmpfs", source: "a-dummy", options: ["size=64k"] },
      { destination: "/data", type: "none", source: "volume", options: ["bind"] },
      { destination: "/data/inner", source: first, options: ["bind", "ro"] },
      { destination: "relative/place", type: "tmpfs", source: "b-dummy" },
    );
  });
  put(join(bundle, "volume/name"), "second\n");
  folder(bundle, "volume/inner");
  const outcome = box.run(["run", "--bundle", bundle, box.id()]);
  const order = proves("config.md#mounts/1", "/mounts/*/destination");
  order.match(outcome.stdout, /^second\nfirst\n/, "the later mount covers the earlier, the third lies in the second");
  const lines = mountLines(outcome.stdout);
  const under = lines.find((line) => line.source === "a-dummy");
  proves("config.md#mounts/1").equal(under?.target, "/data", "the first is there, below the second");
  proves("/mounts/*/type", "/mounts/*/source").match(
    under,
    { type: "tmpfs", source: "a-dummy" },
    "type, and a dummy's name",
  );
  proves("/mounts/*/source").match(outcome.stdout, /^second/, "the source of a bind is taken from the bundle");
  const relative = lines.find((line) => line.source === "b-dummy");
  proves("config.md#mounts/3", "/mounts/*/destination").equal(relative?.target, "/relative/place");
  proves("config.md#mounts/2").fails(
    refusedBy(box, (config) => config.mounts.push({ type: "tmpfs", source: "x" } as never)),
    /missing "destination".*config\.json#\/mounts\/7/,
  );
});

spec("id maps of a mount", (proves, box) => {
  const map = [{ containerID: 0, hostID: 1000, size: 1 }];
  const mount = { destination: "/data", source: box.folder, options: ["bind"] };
  proves("config.md#posix-platform-mounts/1").fails(
    refusedBy(box, (config) => config.mounts.push({ ...mount, uidMappings: map })),
    /only one of the two mappings, want both or none; config\.json#\/mounts\/7\/gidMappings/,
  );
  proves("config.md#posix-platform-mounts/2").fails(
    refusedBy(box, (config) => config.mounts.push({ ...mount, gidMappings: map })),
    /only one of the two mappings, want both or none; config\.json#\/mounts\/7\/uidMappings/,
  );
});

spec("annotations, hostname, domainname", (proves, box, t) => {
  const annotations = { "org.example.key": "välue", "org.opencontainers.none": "", __proto__x: "data" };
  const bundle = box.bundle(["cat", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"], (config) => {
    config.annotations = annotations;
    config.hostname = "a-name";
    config.domainname = "a-domain";
  });
  const id = box.id();
  proves("config.md#annotations/7").prints(box.run(["create", "--bundle", bundle, id]));
  const state = JSON.parse(box.run(["state", id]).stdout) as { annotations: object };
  proves("config.md#annotations/1", "/annotations").same(state.annotations, annotations, "they come back as they were");
  t.equal(box.run(["delete", "--force", id]).status, 0);
  const named = box.run(["run", "--bundle", bundle, id]);
  proves("/hostname", "/domainname").equal(named.stdout, "a-name\na-domain\n");
  const with_ = (value: unknown) => refusedBy(box, (config) => (config["annotations"] = value as never));
  for (const bad of [["a"], "a", 1]) proves("config.md#annotations/1").fails(with_(bad), /config\.json#\/annotations/);
  proves("config.md#annotations/3").fails(with_({ "": "x" }), /an empty key.*config\.json#\/annotations\//);
  for (const bad of [1, null, { a: "b" }]) {
    proves("config.md#annotations/8").fails(with_({ key: bad }), /config\.json#\/annotations\/key/);
  }
});

spec("unknown properties, and values that are not valid", (proves, box) => {
  const extra = { "x-unknown": { deep: [1, 2, { three: null }] } };
  const outcome = box.once(["echo", "runs"], (config) => {
    Object.assign(config, extra, { windows: { layerFolders: [] } });
    for (const part of [config.process, config.root, config.linux, config.linux.resources, config.mounts[0]]) {
      Object.assign(part as object, extra);
    }
    config.hooks = { ...extra } as never;
  });
  proves("config.md#extensibility/1").equal(outcome.stdout, "runs\n");
  proves("config.md#extensibility/1").equal(outcome.stderr, "", "and not a word without --debug");
  const wrong: [RegExp, (config: TestConfig) => void][] = [
    [/\/process\/terminal/, (config) => (config.process.terminal = "no" as never)],
    [/\/linux\/namespaces\/5\/type/, (config) => config.linux.namespaces?.push({ type: "disk" as never })],
    [/\/linux\/rootfsPropagation/, (config) => (config.linux.rootfsPropagation = "sideways" as never)],
    [/\/process\/user\/uid/, (config) => (config.process.user = { uid: -1, gid: 0 })],
    [/\/mounts\/0/, (config) => (config.mounts[0] = "proc" as never)],
    [/\/linux\/resources\/pids\/limit/, (config) => (config.linux.resources = { pids: { limit: 1.5 } })],
  ];
  for (const [pointer, change] of wrong) {
    proves("config.md#valid-values/1").fails(box.once(["true"], change), pointer);
  }
  const jfs = box.once(["true"], (config) => config.mounts.push({ destination: "/data", type: "jfs", source: "x" }));
  proves("config.md#valid-values/2").fails(jfs, /type jfs/);
});

done("config");
