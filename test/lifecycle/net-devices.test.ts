/** linux.netDevices (runtime-spec config-linux.md#network-devices). Each test has a network namespace of its own for a host: nobody else's devices. */
import { spawnSync } from "node:child_process";
import t from "tap";
import { fails, onHosts, prints, type Test, withoutNamespace, withUserNamespace } from "../support/life.ts";
import type { Outcome, Sandbox, TestConfig } from "../support/sandbox.ts";

type Devices = NonNullable<TestConfig["linux"]["netDevices"]>;

const VETH = "busybox ip link add v0 type veth";
/** A kernel without virtual devices has none that could be moved. */
const missing = spawnSync("unshare", ["--net", "sh", "-c", VETH]).status !== 0;

function onLinks(name: string, check: (t: Test, box: Sandbox) => void): void {
  if (missing) t.test(name, { skip: "this kernel makes no veth devices" }, () => undefined);
  else onHosts(name, check);
}

/** Runs a container in a fresh network namespace that `set` has furnished; "--" and what `after` sees there follow what it prints. */
function moved(
  box: Sandbox,
  script: string,
  devices: Devices,
  { set = VETH, after = "", change = (_: TestConfig): void => undefined } = {},
): Outcome {
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    config.linux.netDevices = devices;
    change(config);
  });
  const around = `${set}; "$@"; status=$?; echo --; ${after || "true"}; exit $status`;
  return box.run(["run", "--bundle", bundle, box.id()], { within: ["unshare", "--net", "sh", "-c", around, "sh"] });
}

/** Name, state, addresses of a device in a line, from busybox's `ip addr show`. */
const SHOW = (name: string) =>
  `busybox ip addr show dev ${name} 2>&1 | sed -nE 's/^[0-9]+: ([^@:]+).*<(.*)>.* mtu ([0-9]+).*/\\1 \\3 \\2/p; s/ *(link.ether|inet6?) ([^ ]+)( peer [^ ]+)?( brd [^ ]+)?.* scope (.*)/\\2\\3\\4 \\5/p; s/ *link.ether ([^ ]+).*/\\1/p; s/.*can.t find.*/none/p'`;

const lines = (text: string): [inside: string[], after: string[]] => {
  const [inside = "", after = ""] = text.split("--\n");
  return [inside.trimEnd().split("\n"), after.trimEnd().split("\n")];
};

onLinks("net devices: moved under their name, with their attributes, and up", (t, box) => {
  const set = `${VETH}; busybox ip link set v0 mtu 1400 address 02:00:00:00:00:07; busybox ip link set veth0 up`;
  const [inside, after] = lines(prints(t, moved(box, SHOW("v0"), { v0: {} }, { set, after: SHOW("v0") })));
  t.match(inside[0], /^v0 1400 .*\bUP\b/, "it was down and is up");
  t.equal(inside[1], "02:00:00:00:00:07");
  t.strictSame(after, ["none"], "and is gone with the container");
});

onLinks("net devices: renamed, by name and by template", (t, box) => {
  const set = `${VETH}; busybox ip link add v1 type veth`;
  const names = "ls -1 /sys/class/net";
  const devices = { v0: { name: "eth0" }, v1: { name: "eth%d" } };
  t.strictSame(lines(prints(t, moved(box, names, devices, { set })))[0], ["eth0", "eth1", "lo"]);
  // Renamed to a name that the runtime's namespace has: another namespace, another name.
  const taken = moved(box, names, { v0: { name: "veth0" } }, { after: "ls /sys/class/net" });
  t.strictSame(lines(prints(t, taken))[0], ["lo", "veth0"]);
});

onLinks("net devices: permanent global addresses go along, others stay", (t, box) => {
  const set = [
    VETH,
    "busybox ip link set v0 up; busybox ip link set veth0 up",
    "busybox ip addr add 10.9.8.7/24 broadcast 10.9.8.255 dev v0; busybox ip addr add 10.9.8.9/24 dev v0",
    "busybox ip addr add 10.1.0.1 peer 10.1.0.2/32 dev v0; busybox ip addr add 169.254.1.1/16 scope link dev v0",
    "busybox ip -6 addr add fd00::7/64 dev v0",
  ].join("; ");
  const show = `${SHOW("eth0")}; busybox ip route`;
  const [inside] = lines(prints(t, moved(box, show, { v0: { name: "eth0" } }, { set })));
  const has = (line: string) => inside.some((entry) => entry.startsWith(line));
  t.match(inside[0], /^eth0 .*\bUP\b/);
  t.ok(has("10.9.8.7/24 brd 10.9.8.255 "), "with its broadcast address");
  t.ok(has("10.9.8.9/24 "));
  t.ok(has("10.1.0.1 peer 10.1.0.2/32 "), "with its peer");
  t.ok(has("fd00::7/64 "), "IPv6, which goes when a link goes down");
  t.notOk(has("169.254.1.1"), "not what counts on this link only");
  t.ok(has("10.9.8.0/24 "), "and the routes that follow from them");
});

/** Until the last background process is in another network namespace. */
const APART = `until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done`;

onLinks("net devices: into a joined namespace, where they stay", (t, box) => {
  const first = `${VETH}; busybox unshare -n sleep 1000 & ${APART}`;
  // The joined namespace is that of a process of the test's.
  const after = `busybox nsenter -n -t $! sh -c '${SHOW("eth7").replaceAll("'", `'"'"'`)}'; kill $!`;
  const bundle = box.bundle(["ls", "/sys/class/net"], (config) => {
    config.linux.netDevices = { v0: { name: "eth7" } };
    const entry = config.linux.namespaces?.find((namespace) => namespace.type === "network");
    if (entry !== undefined) entry.path = "/proc/PID/ns/net";
  });
  const around = `${first}; sed -i s/PID/$!/ ${bundle}/config.json; "$@"; status=$?; echo --; ${after}; exit $status`;
  const outcome = box.run(["run", "--bundle", bundle, box.id()], {
    within: ["unshare", "--net", "sh", "-c", around, "sh"],
  });
  const [inside, left] = lines(prints(t, outcome));
  t.strictSame(inside, ["eth7", "lo"]);
  t.match(left[0], /^eth7 .*\bUP\b/);
});

onLinks("net devices: into the network namespace of a user namespace", (t, box) => {
  const set = `${VETH}; busybox ip addr add 10.9.8.7/24 dev v0`;
  const [inside] = lines(prints(t, moved(box, SHOW("v0"), { v0: {} }, { set, change: withUserNamespace })));
  t.match(inside[0], /^v0 .*\bUP\b/);
  t.ok(inside.some((line) => line.startsWith("10.9.8.7/24 ")));
});

onLinks("net devices: what cannot be moved is an error, and everything comes back", (t, box) => {
  const set = [
    VETH,
    "busybox ip link set v0 address 02:00:00:00:00:07 up; busybox ip link set veth0 up",
    "busybox ip addr add 10.9.8.7/24 dev v0; busybox ip -6 addr add fd00::7/64 dev v0",
    "busybox ip route add 10.7.0.0/16 via 10.9.8.1 metric 5; busybox ip route add 10.8.0.1/32 dev v0; busybox ip route add default via 10.8.0.1",
    "busybox ip route add 10.6.0.0/16 dev v0 src 10.9.8.7 table 77; busybox ip -6 route add fd01::/64 via fd00::1",
  ].join("; ");
  const routes = "busybox ip route; busybox ip route show table 77; busybox ip -6 route | grep -v '^fe80\\|multicast'";
  const furnished = spawnSync("unshare", ["--net", "sh", "-c", `${set}; ${routes}`], { encoding: "utf8" }).stdout;
  t.match(furnished, /^default via 10\.8\.0\.1[\s\S]*^10\.6\.0\.0\/16[\s\S]*^fd01::\/64 via fd00::1/m);
  const sorted = (all: string[]) =>
    all
      .map((line) => line.trim())
      .filter(Boolean)
      .sort();
  const refused = (line: string | RegExp, devices: Devices, change?: (config: TestConfig) => void) => {
    const outcome = moved(box, "true", devices, {
      set,
      after: `${SHOW("v0")}; echo routes; ${routes}`,
      ...(change === undefined ? {} : { change }),
    });
    fails(t, outcome, line);
    const [, all] = lines(outcome.stdout);
    const after = all.slice(0, all.indexOf("routes"));
    t.match(after[0], /^v0 .*\bUP\b/, "it is back, and up");
    t.strictSame(sorted(all.slice(after.length + 1)), sorted(furnished.split("\n")), "with its routes");
    t.equal(after[1], "02:00:00:00:00:07");
    t.ok(after.some((entry) => entry.startsWith("10.9.8.7/24 ")));
    t.ok(after.some((entry) => entry.startsWith("fd00::7/64 ")));
  };
  const at = "config.json#/linux/netDevices";
  refused(
    `move network device "no-such": found none of that name, want one in the network namespace of the runtime; ${at}/no-such`,
    { v0: {}, "no-such": {} },
  );
  const conflict = `move network device "veth0": found "eth0" in the container's network namespace already, want a name that is free; ${at}/veth0/name; hint: a template such as eth%d lets the kernel choose the number`;
  refused(conflict, { v0: { name: "eth0" }, veth0: { name: "eth0" } });
  refused(
    /^move network device "lo": EINVAL: the kernel refused it, want a device that may leave its namespace \(not lo\), and CAP_NET_ADMIN in both; config\.json#\/linux\/netDevices\/lo \[net-devices netlink RTM_NEWLINK EINVAL\]\n$/,
    { v0: { name: "a" }, lo: { name: "b" } },
  );
  refused(/^move network device "veth0": E[A-Z]+: the kernel refused it/, { v0: {}, veth0: { name: "a%d%d" } });
  // What fails after the move: init, a hook, the program.
  refused(/^mount config\.json#\/mounts\/7: no such device/, { v0: { name: "eth0" } }, (config) => {
    config.mounts.push({ destination: "/data", type: "nosuchfs", source: "x" });
  });
  refused(/^hook config\.json#\/hooks\/createRuntime\/0 \/bin\/false: exit 1/, { v0: {} }, (config) => {
    config.hooks = { createRuntime: [{ path: "/bin/false" }] };
  });
  refused(/^exec "no-such": executable file not found in \$PATH/, { v0: { name: "eth%d" } }, (config) => {
    config.process.args = ["no-such"];
  });
});

onHosts("net devices: none without a network namespace of the container's", (t, box) => {
  const outcome = moved(
    box,
    "true",
    { v0: {} },
    { set: "true", change: (config) => withoutNamespace(config, "network") },
  );
  fails(
    t,
    outcome,
    "load config.json: a device without a network namespace, want one in linux.namespaces; config.json#/linux/netDevices/v0",
  );
});
