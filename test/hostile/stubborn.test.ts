/** Containers that would rather not end, or would have us wait for ever: every command comes to its end, and nothing stays. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { onV1, place } from "../support/cgroup-v1.ts";
import { compiled } from "../support/compile.ts";
import { created, fails, onHosts, prints, removed, started } from "../support/life.ts";
import { type Sandbox, until } from "../support/sandbox.ts";

/** Begins a command of the runtime's; its end is waited for elsewhere. */
function begin(box: Sandbox, ...words: string[]) {
  const [program = "", ...rest] = box.host.command;
  const said = openSync(join(box.folder, "said"), "w");
  const child = spawn(program, [...rest, "--root", box.state, ...words], { stdio: ["ignore", said, said] });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on("close", (status, signal) => resolve(status ?? signal)),
  );
  return { child, ended, said: () => readFileSync(join(box.folder, "said"), "utf8") };
}

onHosts("stubborn: a created init that was stopped: start waits for it, delete --force ends both", async (t, box) => {
  const id = created(t, box, ["true"]);
  const pid = box.pid(id);
  process.kill(pid, "SIGSTOP");
  const { ended } = begin(box, "start", id);
  // It holds the lock while it waits.
  until(() => spawnSync("flock", ["-n", join(box.state, id), "true"]).status === 1, "the lock of start");
  const began = Date.now();
  prints(t, box.run(["delete", "--force", id]), "delete --force");
  t.ok(Date.now() - began < 15_000, "without waiting for the lock to be given back");
  t.not(await ended, 0, "start has failed");
});

onHosts("stubborn: somebody else on exec's terminal, who writes for ever", (t, box) => {
  const id = started(t, box);
  const script = "trap '' HUP; (while :; do echo again; usleep 20000; done) & exit 7";
  const words = [...box.host.command, "--root", box.state, "exec", "-t", id, "sh", "-c", script];
  const { stdout } = spawnSync(compiled("pty"), ["-", "end:", "--", ...words], { encoding: "utf8", timeout: 30_000 });
  t.match(stdout, /again/);
  t.match(stdout, /status 7/, "its end is told all the same");
  removed(t, box, id);
});

onHosts("stubborn: a container that stops whatever joins it: exec still hears a signal", async (t, box) => {
  const stopper = "while cd /proc; do for one in [0-9]*; do [ $one -eq 1 ] || kill -STOP $one 2>/dev/null; done; done";
  const id = box.id();
  prints(t, box.run(["run", "--detach", "--bundle", box.bundle(["sh", "-c", stopper]), id]), "run");
  for (let turn = 0; turn < 2; turn++) {
    const { child, ended } = begin(box, "exec", "--detach", id, "sleep", "1000");
    const late = setTimeout(() => child.kill("SIGTERM"), 500);
    const stuck = setTimeout(() => child.kill("SIGKILL"), 15_000);
    t.not(await ended, "SIGKILL", "it ended by itself");
    clearTimeout(late);
    clearTimeout(stuck);
  }
  removed(t, box, id);
});

const DEPTH = 1100;
onV1("stubborn: cgroups nested deeper than descriptors may be open", (t, box) => {
  const id = started(t, box);
  // A step at a time: the whole path is longer than a path may be.
  const script = `cd ${place("freezer", id)} && i=0 && while [ $i -lt ${DEPTH} ]; do mkdir a && cd -P a || exit 1; i=$((i + 1)); done; echo $i`;
  t.equal(spawnSync("busybox", ["sh", "-c", script], { encoding: "utf8" }).stdout, `${DEPTH}\n`);
  const few = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh"];
  const ran = (...words: string[]) => box.run(words, { within: few, timeoutMs: 60_000 });
  prints(t, ran("kill", "--all", id, "KILL"), "kill --all");
  until(() => box.status(id) === "stopped", "its end");
  prints(t, ran("delete", "--force", id), "delete");
});

onV1("stubborn: what is copied into a tmpfs is billed to the container", (t, box) => {
  const bundle = box.bundle(["true"], (config) => {
    config.linux.resources = { ...config.linux.resources, memory: { limit: 64 << 20 } };
    config.mounts.unshift({ destination: "/big", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] });
  });
  const big = join(bundle, "rootfs/big");
  mkdirSync(big);
  spawnSync("dd", ["if=/dev/zero", `of=${join(big, "file")}`, "bs=1M", "count=24"]);
  const id = box.id();
  prints(t, box.run(["create", "--bundle", bundle, id]), "create");
  const usage = Number(readFileSync(join(place("memory", id), "memory.max_usage_in_bytes"), "utf8"));
  t.ok(usage > 24 << 20, `${usage} bytes`);
  removed(t, box, id);
});

onHosts("stubborn: an init that made itself a user namespace is joined without it", (t, box) => {
  const id = box.id();
  const bundle = box.bundle(["busybox", "unshare", "-U", "sleep", "1000"], (config) => {
    for (const set of ["bounding", "effective", "permitted"] as const)
      config.process.capabilities = {
        ...config.process.capabilities,
        [set]: [...(config.process.capabilities?.[set] ?? []), "CAP_SYS_ADMIN"],
      };
  });
  prints(t, box.run(["run", "--detach", "--bundle", bundle, id]), "run");
  const host = readlinkSync("/proc/self/ns/user");
  until(() => readlinkSync(`/proc/${box.pid(id)}/ns/user`) !== host, "its user namespace");
  t.equal(prints(t, box.run(["exec", id, "readlink", "/proc/self/ns/user"])).trim(), host);
  removed(t, box, id);
});

onHosts("stubborn: --no-pivot where what is hidden would go from the host too", (t, box) => {
  for (const word of ["shared", "rshared"] as const) {
    const bundle = box.bundle(["true"], (config) => {
      config.linux.rootfsPropagation = word;
    });
    const line = `load config.json: found "${word}" together with --no-pivot, want slave; config.json#/linux/rootfsPropagation`;
    fails(t, box.run(["run", "--no-pivot", "--bundle", bundle, box.id()]), line);
  }
});

onHosts("stubborn: a path to the host's own network namespace gives no right to its parameters", (t, box) => {
  const before = readFileSync("/proc/sys/net/ipv4/ip_default_ttl", "utf8");
  const bundle = box.bundle(["true"], (config) => {
    const entry = config.linux.namespaces?.find(({ type }) => type === "network");
    if (entry !== undefined) entry.path = `/proc/${process.pid}/ns/net`;
    config.linux.sysctl = { "net.ipv4.ip_default_ttl": "65" };
  });
  const line =
    "sysctl net.ipv4.ip_default_ttl: found the host's own network namespace, want one of the container's; config.json#/linux/sysctl/net.ipv4.ip_default_ttl";
  fails(t, box.run(["run", "--bundle", bundle, box.id()]), line);
  t.equal(readFileSync("/proc/sys/net/ipv4/ip_default_ttl", "utf8"), before);
});

onHosts("stubborn: our executable on a read-only mount is not taken for one that is sealed", (t, box) => {
  // Node's executable is not sealed: NODEHOST.md.
  if (box.host.name === "node") {
    t.pass("Node is not hardened");
    return;
  }
  const [program = ""] = box.host.command;
  const script = `mount --bind ${program} ${program} && mount -o remount,bind,ro ${program} && exec "$@"`;
  const within = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
  const id = box.id();
  prints(t, box.run(["create", "--bundle", box.bundle(["true"]), id], { within }), "create");
  const seen = readlinkSync(`/proc/${box.pid(id)}/exe`);
  t.equal(seen, "/", "a clone that no path leads to: the mount may be made writable, as for an update");
  removed(t, box, id);
  // And a clone is one still when its file has been replaced.
  const other = box.id();
  const gone = ["sh", "-c", 'cp "$1" own && exec 9<own && rm own && shift && exec /proc/self/fd/9 "$@"', "sh"];
  prints(t, box.run(["create", "--bundle", box.bundle(["true"]), other], { within: gone }), "create");
  t.equal(readlinkSync(`/proc/${box.pid(other)}/exe`), "/ (deleted)");
  removed(t, box, other);
});
