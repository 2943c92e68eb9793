/** config.md of runtime-spec 1.3: hooks. */
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { prints, put, removed } from "../../test/support/life.ts";
import { HookProbe, KINDS, type Kind, type Seen } from "./hook-probe.ts";
import { done, spec } from "./prove.ts";

/** Kind → ids of where its path and where its program are, beside those of the section of all hooks. */
const WHERE: { [kind in Kind]: { path: string; namespace: string; runs: "host" | "container" } } = {
  prestart: { path: "config.md#prestart/3", namespace: "config.md#prestart/4", runs: "host" },
  createRuntime: {
    path: "config.md#createruntime-hooks/2",
    namespace: "config.md#createruntime-hooks/3",
    runs: "host",
  },
  createContainer: {
    path: "config.md#createcontainer-hooks/3",
    namespace: "config.md#createcontainer-hooks/4",
    runs: "container",
  },
  startContainer: {
    path: "config.md#startcontainer-hooks/2",
    namespace: "config.md#startcontainer-hooks/3",
    runs: "container",
  },
  poststart: { path: "config.md#poststart/2", namespace: "config.md#poststart/3", runs: "host" },
  poststop: { path: "config.md#poststop/2", namespace: "config.md#poststop/3", runs: "host" },
};
const all = (kind: string, what: string) => `config.md#posix-platform-hooks/${kind}/${what}`;

spec("two hooks of every kind: where, when, in which order, with what", (proves, box, t) => {
  const probe = new HookProbe(box);
  const hooks = Object.fromEntries(
    KINDS.map((kind) => [kind, [probe.note(kind, { env: [`KIND=${kind}`] }), probe.note(`${kind}-2`)]]),
  );
  const bundle = probe.bundle(hooks);
  const id = box.id();
  prints(t, box.run(["create", "--bundle", bundle, id]), "create");
  const pid = box.pid(id);
  const theirs = readlinkSync(`/proc/${pid}/ns/mnt`);
  const ours = readlinkSync("/proc/self/ns/mnt");
  const inCreate = probe.words();
  prints(t, box.run(["start", id]), "start");
  const inStart = probe.words().slice(inCreate.length);
  removed(t, box, id);
  const inDelete = probe.words().slice(inCreate.length + inStart.length);

  const twice = (kinds: readonly string[]) => kinds.flatMap((kind) => [kind, `${kind}-2`]);
  proves("config.md#posix-platform-hooks/order").same(probe.words(), twice(KINDS));
  const seen = (kind: Kind): Seen => {
    const found = probe.seen().find(({ word }) => word === kind);
    if (found === undefined) throw new Error(`${kind} was not called`);
    return found;
  };
  for (const kind of KINDS) {
    const hook = seen(kind);
    const { path, namespace, runs } = WHERE[kind];
    const program = kind === "startContainer" ? "container" : "host";
    proves(path, all(kind, "path"), `/hooks/${kind}/*/path`).equal(hook.program, program);
    proves(namespace, all(kind, "namespace")).equal(hook.mnt, runs === "host" ? ours : theirs);
    proves(`/hooks/${kind}/*/args`).equal(hook.word, kind);
    proves(`/hooks/${kind}/*/env`).equal(hook.env, `KIND=${kind}`);
    const about = proves("config.md#posix-platform-hooks/stdin");
    about.match(hook.state, { id, bundle, ociVersion: "1.3.0" }, `${kind}: the state on stdin`);
  }
  for (const [kind, must] of [
    ["prestart", "config.md#prestart/1"],
    ["createRuntime", "config.md#createruntime-hooks/1"],
  ] as const) {
    const hook = seen(kind);
    proves(must).ok(inCreate.includes(kind), `${kind}: by create`);
    proves(must).equal(hook.theirMnt, theirs, `${kind}: the container's namespaces are there`);
    proves(must).ok(hook.hostInTheirRoot, `${kind}: its root is still the host's`);
  }
  const createContainer = proves("config.md#createcontainer-hooks/1");
  createContainer.ok(inCreate.includes("createContainer"), "createContainer: by create");
  createContainer.ok(seen("createContainer").hostInOwnRoot, "createContainer: the root is still the host's");
  const before = (first: string, second: string) => inCreate.indexOf(first) < inCreate.indexOf(second);
  proves("config.md#prestart/2").ok(before("prestart-2", "createRuntime"));
  proves("config.md#createcontainer-hooks/2").ok(before("createRuntime-2", "createContainer"));
  const startContainer = proves("config.md#startcontainer-hooks/1");
  startContainer.same([inStart[0], seen("startContainer").programRan], ["startContainer", false]);
  const poststart = proves("config.md#poststart/1");
  poststart.same(inStart.slice(2), ["poststart", "poststart-2"], "poststart: before start returns");
  poststart.equal(seen("poststart").state.status, "running", "poststart: the state says running");
  const poststop = proves("config.md#poststop/1");
  poststop.same(inDelete, ["poststop", "poststop-2"], "poststop: before delete returns");
  poststop.equal(seen("poststop").state.status, "stopped", "poststop: the state says stopped");
});

spec("hooks that are wrong are refused", (proves, box) => {
  const slow = put(join(box.folder, "slow"), "#!/bin/sh\nexec sleep 1000\n", 0o755);
  for (const kind of KINDS) {
    const with_ = (hook: object) => {
      const bundle = box.bundle(["true"], (config) => {
        config.hooks = { [kind]: [hook] };
      });
      return box.run(["run", "--bundle", bundle, box.id()]);
    };
    const pointer = `config\\.json#/hooks/${kind}/0`;
    proves(all(kind, "required")).fails(with_({ args: ["x"] }), new RegExp(`missing "path".*${pointer}`));
    proves(all(kind, "absolute")).fails(
      with_({ path: "bin/x" }),
      new RegExp(`"bin/x", want an absolute path; ${pointer}`),
    );
    for (const timeout of [0, -1]) {
      const outcome = with_({ path: slow, timeout });
      proves(all(kind, "timeout"), `/hooks/${kind}/*/timeout`).fails(outcome, new RegExp(`${pointer}/timeout`));
    }
  }
});

spec("a hook that outlives its timeout is ended, and has failed", (proves, box, t) => {
  const slow = put(join(box.folder, "slow"), "#!/bin/sh\nexec sleep 1000\n", 0o755);
  for (const kind of KINDS) {
    const bundle = box.bundle(["sleep", "1000"], (config) => {
      config.hooks = { [kind]: [{ path: slow, timeout: 1 }] };
    });
    put(join(bundle, "rootfs", slow), "#!/bin/sh\nexec sleep 1000\n", 0o755);
    const id = box.id();
    const started = Date.now();
    const [last] = [
      ["create", "--bundle", bundle, id],
      ["start", id],
      ["delete", "--force", id],
    ]
      .map((args) => box.run(args))
      .filter(({ stderr }) => stderr.includes("timeout"));
    const took = Date.now() - started;
    const claim = proves(`/hooks/${kind}/*/timeout`);
    claim.match(last?.stderr, /still running after its timeout of 1 s/, `${kind}: the line`);
    claim.ok(took >= 1000 && took < 20_000, `${kind}: after 1 s (${took} ms)`);
    t.equal(box.status(id), "missing", `${kind}: it is gone`);
  }
});

done("hooks");
