/** runtime.md of runtime-spec 1.3: state, life cycle, operations. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { validate as validateState } from "../../src/config/generated/validate-state.js";
import { created, mountLines, prints, put, removed, started } from "../../test/support/life.ts";
import { type Sandbox, until } from "../../test/support/sandbox.ts";
import { cgroupOf, cgroupsOf, hierarchy, noV1 } from "./cgroups.ts";
import { HookProbe, KINDS, type Kind } from "./hook-probe.ts";
import { done, type Proves, spec } from "./prove.ts";

interface State {
  ociVersion: string;
  id: string;
  status: string;
  pid: number;
  bundle: string;
  annotations: object;
}

function stateOf(box: Sandbox, id: string): State {
  return JSON.parse(box.run(["state", id]).stdout) as State;
}

/** What an operation that fails must leave as it was: state, mounts and cgroups of this test, processes of ours. */
function environment(box: Sandbox): string[] {
  return [...box.leftovers(), `children ${readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim()}`];
}

spec("one container through its whole life, with a hook of every kind", (proves, box, t) => {
  const probe = new HookProbe(box);
  const bundle = probe.bundle(probe.all(), (config) => {
    config.annotations = { "org.example.key": "value" };
    config.hostname = "from-config";
    config.linux.sysctl = { "kernel.msgmax": "4321" };
  });
  const id = box.id();
  proves("runtime.md#operations/1", "runtime.md#create/4").prints(box.run(["create", "--bundle", bundle, id]));
  const state = stateOf(box, id);
  proves("runtime.md#state/1").equal(state.ociVersion, "1.3.0");
  proves("runtime.md#state/2").equal(state.id, id);
  proves("runtime.md#state/4").equal(state.status, "created", "status: created");
  proves("runtime.md#state/6").match(readFileSync(`/proc/${state.pid}/stat`, "utf8"), new RegExp(`^${state.pid} `));
  proves("runtime.md#state/7").equal(state.bundle, bundle);
  proves("runtime.md#query-state/3").same(state.annotations, { "org.example.key": "value" }, "annotations come back");
  proves("runtime.md#state/8").ok(validateState(state), "the state of a created container fits the schema");

  const inside = (path: string) => readFileSync(`/proc/${state.pid}/root${path}`, "utf8");
  const mounts = mountLines(readFileSync(`/proc/${state.pid}/mountinfo`, "utf8")).map((line) => line.target);
  const wanted = ["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup", "/noted"];
  const missing = wanted.filter((target) => !mounts.includes(target));
  proves("runtime.md#lifecycle/1", "runtime.md#lifecycle/3", "runtime.md#create/5").same(missing, [], "its mounts");
  const applied = proves("runtime.md#lifecycle/3", "runtime.md#create/5");
  applied.ok(existsSync(`/proc/${state.pid}/root/dev/null`), "its devices are there");
  applied.ok(
    cgroupsOf(state.pid).some((path) => path.includes(id)),
    "it is in a cgroup of its own",
  );
  proves("runtime.md#lifecycle/4", "runtime.md#create/6").equal(probe.ran(), false);
  proves("runtime.md#lifecycle/6").ok(probe.words().includes("prestart"));
  proves("runtime.md#lifecycle/8").ok(probe.words().includes("createRuntime"));
  proves("runtime.md#lifecycle/10").ok(probe.words().includes("createContainer"));
  t.strictSame(probe.words(), ["prestart", "createRuntime", "createContainer"], "and no other hook yet");

  writeFileSync(join(bundle, "config.json"), "{}");
  proves("runtime.md#scope-of-a-container/1", "runtime.md#operations/1").prints(box.run(["start", id]), "start");
  until(() => probe.ran(), "the program");
  until(() => inside("/proc/1/cmdline").startsWith("sleep"), "its last program");
  const same = proves("runtime.md#lifecycle/5");
  same.equal(inside("/proc/1/cmdline"), "sleep\u00001000\u0000", "the program is that of create's config.json");
  same.match(prints(t, box.run(["state", id])), /org.example.key/, "and so are the annotations");
  proves("runtime.md#lifecycle/14", "runtime.md#start/4").ok(probe.ran());
  proves("runtime.md#lifecycle/12").ok(probe.words().includes("startContainer"));
  proves("runtime.md#lifecycle/15").ok(probe.words().includes("poststart"));
  proves("runtime.md#state/4", "runtime.md#query-state/3").equal(stateOf(box, id).status, "running", "status: running");
  proves("runtime.md#state/6").equal(stateOf(box, id).pid, state.pid, "pid: the same while it runs");
  proves("runtime.md#state/8").ok(validateState(stateOf(box, id)), "the state of a running container fits the schema");

  proves("runtime.md#scope-of-a-container/1", "runtime.md#operations/1").prints(box.run(["kill", id, "9"]), "kill");
  until(() => box.status(id) === "stopped", "stopped");
  proves("runtime.md#state/4").equal(stateOf(box, id).status, "stopped", "status: stopped");
  proves("runtime.md#state/8").ok(validateState(stateOf(box, id)), "the state of a stopped container fits the schema");
  t.notOk(probe.words().includes("poststop"), "poststop only comes with delete");
  proves("runtime.md#scope-of-a-container/1", "runtime.md#operations/1").prints(box.run(["delete", id]), "delete");
  proves("runtime.md#lifecycle/18").ok(probe.words().includes("poststop"));
  proves("runtime.md#lifecycle/17", "runtime.md#delete/5").same(box.leftovers(), []);
  t.strictSame(probe.words(), [...KINDS], "each hook once, in the order of the life cycle");
  prints(t, box.run(["create", "--bundle", box.bundle(["true"]), id]), "the id of a deleted container is free");
  removed(t, box, id);
});

/** A hook that fails: an error, the container is gone, poststop was called, no later hook was. */
function failingHook(proves: Proves, box: Sandbox, kind: Kind, id: string): void {
  const probe = new HookProbe(box);
  const hooks = { ...probe.all(), [kind]: [{ path: probe.failing }] };
  const bundle = probe.bundle(hooks);
  const container = box.id();
  const inCreate = KINDS.indexOf(kind) <= 2;
  const create = box.run(["create", "--bundle", bundle, container]);
  const failed = inCreate ? create : box.run(["start", container]);
  proves(id).fails(failed, new RegExp(`^hook config\\.json#/hooks/${kind}/0 .*: exit 3`));
  if (!inCreate) {
    until(() => ["stopped", "missing"].includes(box.status(container)), "stopped");
    proves(id).equal(box.run(["delete", "--force", container]).status, 0, "destroyed");
  }
  proves(id).equal(box.status(container), "missing", "it is gone");
  proves(id).equal(probe.ran() && kind !== "poststart", false, "the program has not run, but before poststart");
  const before = KINDS.slice(0, KINDS.indexOf(kind));
  proves(id).same(probe.words(), [...before, "poststop"], "of the later hooks only poststop is called");
}

spec("a hook that fails ends its operation and the container", (proves, box) => {
  failingHook(proves, box, "prestart", "runtime.md#lifecycle/7");
  failingHook(proves, box, "createRuntime", "runtime.md#lifecycle/9");
  failingHook(proves, box, "createContainer", "runtime.md#lifecycle/11");
  failingHook(proves, box, "startContainer", "runtime.md#lifecycle/13");
  failingHook(proves, box, "poststart", "runtime.md#lifecycle/16");
});

spec("a poststop hook that fails is a warning", (proves, box) => {
  const probe = new HookProbe(box);
  const bundle = probe.bundle({ poststop: [{ path: probe.failing }, probe.note("second")] });
  const id = box.id();
  proves("runtime.md#create/4").prints(box.run(["create", "--bundle", bundle, id]), "create");
  const outcome = box.run(["delete", "--force", id]);
  proves("runtime.md#lifecycle/19").match(outcome.stderr, /^warning: hook config\.json#\/hooks\/poststop\/0 [^\n]*\n$/);
  proves("runtime.md#lifecycle/19", "runtime.md#warnings/1").same(probe.words(), ["second"], "the next one runs");
  proves("runtime.md#warnings/1").same([outcome.status, box.status(id), box.leftovers()], [0, "missing", []]);
});

spec("create: ids, bundles, and what cannot be applied", (proves, box, t) => {
  const id = created(t, box, ["sleep", "1000"]);
  const before = environment(box);
  const same = (what: string) => proves("runtime.md#errors/1").same(environment(box), before, what);
  const bundle = box.bundle(["true"]);
  proves("runtime.md#create/1").fails(box.run(["create", "--bundle", bundle]), /missing|required|argument/i);
  proves("runtime.md#create/1").fails(box.run(["create", box.id()]), /^load config\.json: ENOENT/);
  same("a create without id or bundle");
  proves("runtime.md#create/2", "runtime.md#state/3").fails(
    box.run(["create", "--bundle", bundle, id]),
    /container with given ID already exists/,
  );
  proves("runtime.md#create/3").equal(box.status(id), "created", "the container that has the id is as it was");
  for (const bad of ["a/b", "..", "", "a b"]) {
    proves("runtime.md#create/2").fails(box.run(["create", "--bundle", bundle, bad]), /id/i);
  }
  proves("runtime.md#create/3").same(readdirSync(box.state), [id]);
  same("a create whose id is taken or not valid");

  const wrong = [
    box.bundle(["true"], (config) => {
      config.linux.sysctl = { "kernel.msgmax": "many" };
    }),
    box.bundle(["true"], (config) => {
      config.mounts.push({ destination: "/x", type: "nosuchfs", source: "x" });
    }),
    box.bundle(["true"], (config) => {
      config.linux.namespaces?.push({ type: "uts" });
    }),
  ];
  for (const bad of wrong) {
    const name = box.id();
    const outcome = box.run(["create", "--bundle", bad, name]);
    proves("runtime.md#create/7", "runtime.md#lifecycle/2").fails(outcome, /config\.json#\//);
    proves("runtime.md#create/8").equal(box.status(name), "missing");
    same("a create that fails");
  }
  removed(t, box, id);
});

spec("start, kill, state and delete by the container's status", (proves, box, t) => {
  for (const [command, must] of [
    ["state", "runtime.md#query-state/1"],
    ["start", "runtime.md#start/1"],
    ["kill", "runtime.md#kill/1"],
    ["delete", "runtime.md#delete/1"],
  ] as const) {
    proves(must).fails(box.run([command]), /missing|required|argument/i);
  }
  proves("runtime.md#query-state/2").fails(box.run(["state", "none"]), 'state "none": container does not exist');

  const log = put(join(box.folder, "log"), "");
  const script =
    'trap "echo USR1 >> /log" USR1; trap "echo TERM >> /log" TERM; echo ready >> /log; while :; do sleep 0.02; done';
  const id = created(t, box, ["sh", "-c", script], (config) => {
    config.mounts.push({ destination: "/log", source: log, options: ["bind"] });
  });
  const lines = () => readFileSync(log, "utf8").trim().split("\n");
  prints(t, box.run(["start", id]), "start");
  until(() => lines()[0] === "ready", "ready");
  const pid = box.pid(id);
  proves("runtime.md#start/2").fails(box.run(["start", id]), /cannot start an already running container/);
  proves("runtime.md#start/3").same(
    [box.status(id), box.pid(id), lines()],
    ["running", pid, ["ready"]],
    "running: as it was",
  );
  proves("runtime.md#delete/2").fails(box.run(["delete", id]), /that is not stopped: running/);
  proves("runtime.md#delete/3").same([box.status(id), box.pid(id)], ["running", pid]);
  for (const name of ["USR1", "TERM"]) {
    prints(t, box.run(["kill", id, name]), `kill ${name}`);
    until(() => lines().includes(name), name);
  }
  proves("runtime.md#kill/4").same(lines(), ["ready", "USR1", "TERM"], "each signal that is named, and no other");
  prints(t, box.run(["kill", id, "KILL"]), "kill KILL");
  until(() => box.status(id) === "stopped", "stopped");
  proves("runtime.md#kill/4").equal(box.status(id), "stopped", "KILL");
  proves("runtime.md#kill/2").fails(box.run(["kill", id, "TERM"]), /container not running/);
  proves("runtime.md#start/2").fails(box.run(["start", id]), /cannot start a container that has stopped/);
  proves("runtime.md#kill/3", "runtime.md#start/3").equal(box.status(id), "stopped", "stopped: as it was");
  proves("runtime.md#delete/5").prints(box.run(["delete", id]), "delete of a stopped one");

  const waiting = created(t, box, ["true"]);
  proves("runtime.md#delete/4").equal(box.run(["delete", waiting]).status, 0, "delete of a created one goes through");
  const folder = box.bundle(["true"]);
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as { process?: object };
  delete config.process;
  box.write(folder, config);
  proves("runtime.md#start/5").fails(box.run(["create", "--bundle", folder, box.id()]), /config\.json#\/process/);
});

spec(
  "a frozen container, and a cgroup that was there before",
  (proves, box, t) => {
    const parent = join(hierarchy("pids") ?? "", cgroupOf("self", "pids"), box.id());
    mkdirSync(parent);
    try {
      const id = started(t, box, (config) => {
        config.linux.cgroupsPath = join(cgroupOf("self", "pids"), parent.split("/").pop() ?? "", "inner");
      });
      const freezer = join(hierarchy("freezer") ?? "", cgroupOf(box.pid(id), "freezer"), "freezer.state");
      writeFileSync(freezer, "FROZEN");
      until(() => readFileSync(freezer, "utf8").trim() === "FROZEN", "frozen");
      proves("runtime.md#state/5").equal(box.status(id), "paused");
      writeFileSync(freezer, "THAWED");
      until(() => box.status(id) === "running", "running again");
      proves("runtime.md#state/5").equal(box.status(id), "running", "and only then");
      removed(t, box, id);
      proves("runtime.md#delete/5").equal(existsSync(join(parent, "inner")), false, "the cgroup that create made");
      proves("runtime.md#delete/6").ok(existsSync(parent), "the cgroup above it, which the test made, is still there");
    } finally {
      rmdirSync(parent);
    }
    const volume = put(join(box.folder, "volume/file"), "kept");
    const other = started(t, box, (config) => {
      config.mounts.push({ destination: "/data", source: join(box.folder, "volume"), options: ["bind"] });
    });
    removed(t, box, other);
    proves("runtime.md#delete/6").equal(readFileSync(volume, "utf8"), "kept", "nor is what was bound touched");
  },
  noV1,
);

done("runtime");
