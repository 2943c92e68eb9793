/** Config and options → plan: the decisions that a life cycle shows only indirectly. */
import t from "tap";
import { defaultConfig } from "./default.ts";
import { hasUserNamespace, makePlan, newNamespaces, planHooks } from "./plan.ts";
import type { Config, LoadedConfig } from "./types.ts";

const OPTIONS = { id: "c", bundle: "/b", noPivot: false, noNewKeyring: false, preserved: 0, listenFds: 0 };

function plan(change: (config: Config) => void = () => undefined, options: Partial<typeof OPTIONS> = {}) {
  const config = defaultConfig(false);
  change(config);
  return makePlan(config as LoadedConfig, { ...OPTIONS, ...options });
}

t.test("the default config", (t) => {
  const found = plan();
  t.match(found, { id: "c", rootPath: "/b/rootfs", setUpDev: true, umask: 0o022, becomeRoot: false, cwd: "/" });
  t.strictSame(found.newNamespaces, ["pid", "network", "ipc", "uts", "mount"]);
  t.strictSame(
    found.devices.map((device) => `${device.path} ${device.major}:${device.minor}`),
    ["/dev/null 1:3", "/dev/zero 1:5", "/dev/full 1:7", "/dev/random 1:8", "/dev/urandom 1:9", "/dev/tty 5:0"],
  );
  t.strictSame(
    found.mounts.map((mount) => `${mount.kind} ${mount.destination}`),
    ["new /proc", "new /dev", "new /dev/pts", "new /dev/shm", "new /dev/mqueue", "new /sys", "cgroup1 /sys/fs/cgroup"],
  );
  // CAP_KILL 5, CAP_NET_BIND_SERVICE 10, CAP_AUDIT_WRITE 29: capabilities(7).
  t.equal(found.capabilities?.bounding, String(2 ** 5 + 2 ** 10 + 2 ** 29));
  t.equal(found.capabilities?.inheritable, "0");
  t.match(found.limits, [{ name: "RLIMIT_NOFILE", resource: 7, soft: "1024", hard: "1024" }]);
  t.end();
});

t.test("the environment: of two the last wins, at the place of the first; sockets are announced", (t) => {
  const env = (entries: string[], listenFds = 0) =>
    plan(
      (config) => {
        if (config.process !== undefined) config.process.env = entries;
      },
      { listenFds },
    ).env;
  t.strictSame(env(["A=1", "B=2", "A=3=4"]), ["A=3=4", "B=2"]);
  t.strictSame(env(["__proto__=1", "LISTEN_FDS=9"], 2), ["__proto__=1", "LISTEN_FDS=2", "LISTEN_PID=1"]);
  t.end();
});

t.test("devices: the config's in place of a default one; none where /dev is bound", (t) => {
  const found = plan((config) => {
    config.linux = {
      ...config.linux,
      devices: [{ path: "/dev//null", type: "c", major: 9, minor: 9, fileMode: 0o100600 }],
    };
  }).devices.filter((device) => device.path === "/dev/null");
  t.match(found, [{ major: 9, minor: 9, mode: 0o600 }]);
  t.equal(found.length, 1);
  const bound = plan((config) => {
    config.mounts = [{ destination: "/dev", source: "/dev", options: ["rbind"] }];
  });
  t.strictSame([bound.setUpDev, bound.devices], [false, []]);
  t.end();
});

t.test("namespaces: joined ones are not new; who becomes root", (t) => {
  const config: Config = {
    ...defaultConfig(false),
    linux: { namespaces: [{ type: "user" }, { type: "pid", path: "/x" }] },
  };
  t.strictSame([newNamespaces(config), hasUserNamespace(config)], [["user"], true]);
  const root = (linux: NonNullable<Config["linux"]>) =>
    plan((changed) => {
      changed.linux = { ...linux, namespaces: [...(linux.namespaces ?? []), { type: "mount" }] };
    }).becomeRoot;
  const map = (containerID: number) => [{ containerID, hostID: 100000, size: 10 }];
  t.equal(root({ namespaces: [{ type: "user" }], uidMappings: map(0) }), true);
  t.equal(root({ namespaces: [{ type: "user" }], uidMappings: map(1) }), false);
  t.equal(root({ namespaces: [{ type: "user", path: "/x" }] }), true);
  t.equal(root({}), false);
  t.end();
});

t.test("what cannot be done is refused, with its place", (t) => {
  // Out of a user namespace nothing returns to the host's mount namespace.
  const bare: Config["linux"] = { namespaces: [{ type: "pid" }, { type: "user" }] };
  const without = (change: Partial<Config>) => () =>
    plan((config) => {
      Object.assign(config, { mounts: [], root: { path: "r" }, linux: bare }, change);
    });
  t.doesNotThrow(without({}));
  t.throws(without({ mounts: [{ destination: "/x", type: "tmpfs" }] }), /new mount namespace.*config\.json#\/mounts/);
  t.throws(without({ root: { path: "r", readonly: true } }), /config\.json#\/root\/readonly/);
  t.throws(without({ linux: { ...bare, maskedPaths: ["/x"] } }), /linux\/maskedPaths/);
  const aside = (change: Partial<Config>) =>
    plan((config) => {
      Object.assign(config, { mounts: [], root: { path: "r" }, linux: { namespaces: [{ type: "pid" }] } }, change);
    }).aside;
  t.strictSame([aside({}), aside({ root: { path: "r", readonly: true } })], [false, true], "built aside if at all");
  const mount = (options: string[], type?: string) => () =>
    plan((config) => {
      config.mounts = [{ destination: "/x", source: "/y", options, ...(type === undefined ? {} : { type }) }];
    });
  t.throws(mount(["bind", "r0"]), /found option "r0" on a bind/);
  t.same(mount(["bind", "size=1"])().mounts[0]?.data, [], "the kernel would ignore it too");
  for (const type of [undefined, "none", "bind"]) t.throws(mount(["ro"], type), /without the option bind/);
  t.equal(mount(["bind", "ro"])().mounts[0]?.kind, "bind");
  t.equal(mount(["remount", "bind"])().mounts[0]?.kind, "remount");
  const propagation = (word: "private", noPivot: boolean) => () =>
    plan(
      (config) => {
        config.linux = { ...config.linux, rootfsPropagation: word };
      },
      { noPivot },
    );
  t.throws(propagation("private", true), /together with --no-pivot/);
  t.doesNotThrow(propagation("private", false));
  t.end();
});

t.test("hooks: arguments and environment that are not given", (t) => {
  t.strictSame(planHooks([{ path: "/h" }, { path: "/i", args: ["x"], env: [], timeout: 3 }], "poststop", ["A=1"]), [
    { path: "/h", args: ["/h"], env: ["A=1"], timeout: 0, where: "config.json#/hooks/poststop/0" },
    { path: "/i", args: ["x"], env: [], timeout: 3, where: "config.json#/hooks/poststop/1" },
  ]);
  t.end();
});

t.test("makePlan(): a mount label goes to new file systems that take one", (t) => {
  const { mounts } = plan((config) => {
    config.linux = { ...config.linux, mountLabel: "a_label" };
  });
  const labelled = mounts.filter(({ data }) => data.some(([name]) => name === "context"));
  t.strictSame(
    labelled.map(({ destination }) => destination),
    ["/dev", "/dev/pts", "/dev/shm"],
  );
  t.end();
});
