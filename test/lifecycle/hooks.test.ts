/** hooks of all six kinds (runtime-spec config.md#posix-platform-hooks, runtime.md#lifecycle). */
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { fails, onHosts, prints, put, removed, type Test } from "../support/life.ts";
import { folder, type Sandbox, until } from "../support/sandbox.ts";

const KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] as const;
type Kind = (typeof KINDS)[number];

/** One hook as it saw the world. */
interface Seen {
  kind: string;
  mnt: string;
  cwd: string;
  env: string;
  fds: string;
  args: string;
  state: {
    ociVersion: string;
    id: string;
    status: string;
    pid: number;
    bundle: string;
    annotations: { [key: string]: string };
  };
}

/** A folder that host and container have at the same path, with a hook that notes what it sees. */
function noting(box: Sandbox): { place: string; path: string; seen: () => Seen[] } {
  const place = folder(box.folder, "hooks");
  const script = `#!/bin/sh
IFS= read -r env < /proc/self/environ
fds=$(echo $(ls /proc/self/fd))
state=$(cat)
echo "$1|$(readlink /proc/self/ns/mnt)|$(pwd -P)|$env|$fds|$0 $*|$state" >> ${place}/log
`;
  const path = put(join(place, "note"), script, 0o755);
  const seen = () =>
    readFileSync(join(place, "log"), "utf8")
      .trim()
      .split("\n")
      .map((line): Seen => {
        const [kind = "", mnt = "", cwd = "", env = "", fds = "", args = "", state = ""] = line.split("|");
        return { kind, mnt, cwd, env, fds, args, state: JSON.parse(state) as Seen["state"] };
      });
  put(join(place, "log"), "");
  return { place, path, seen };
}

/** A bundle with hooks, in which their folder is bound. */
function hooked(box: Sandbox, place: string, hooks: { [kind in Kind]?: object[] }): string {
  return box.bundle(["sleep", "1000"], (config) => {
    config.annotations = { "org.example.key": "value", __proto__x: "data" };
    config.hooks = hooks as never;
    config.mounts.push({ destination: place, source: place, options: ["bind"] });
  });
}

onHosts("hooks: order, namespaces, state, arguments, environment, descriptors", (t, box) => {
  const { place, path, seen } = noting(box);
  const one = (kind: Kind) => [
    { path, args: ["note", kind, "more"] },
    { path, args: ["note", `${kind}2`], env: ["A=b"] },
  ];
  const bundle = hooked(box, place, Object.fromEntries(KINDS.map((kind) => [kind, one(kind)])));
  const id = box.id();
  const order = () => seen().map((hook) => hook.kind);
  const twice = (...kinds: Kind[]) => kinds.flatMap((kind) => [kind, `${kind}2`]);
  prints(t, box.run(["create", "--bundle", bundle, id]));
  const pid = box.pid(id);
  t.strictSame(order(), twice("prestart", "createRuntime", "createContainer"));
  prints(t, box.run(["start", id]));
  t.strictSame(order().slice(6), twice("startContainer", "poststart"));
  const container = readlinkSync(`/proc/${pid}/ns/mnt`);
  removed(t, box, id);
  t.strictSame(order().slice(10), twice("poststop"));
  const host = readlinkSync("/proc/self/ns/mnt");
  const expected: { [kind in Kind]: [string, number, string, string] } = {
    prestart: ["created", pid, host, bundle],
    createRuntime: ["creating", pid, host, bundle],
    createContainer: ["creating", 1, container, bundle],
    startContainer: ["created", 1, container, "/"],
    poststart: ["running", pid, host, bundle],
    poststop: ["stopped", 0, host, bundle],
  };
  for (const hook of seen()) {
    const kind = hook.kind.replace("2", "") as Kind;
    const [status, itsPid, mnt, cwd] = expected[kind];
    const annotations = { "org.example.key": "value", __proto__x: "data" };
    t.strictSame(
      hook.state,
      { ociVersion: "1.3.0", id, status, pid: itsPid, bundle, annotations },
      `${hook.kind}: state`,
    );
    t.equal(hook.mnt, mnt, `${hook.kind}: mount namespace`);
    t.equal(hook.cwd, cwd, `${hook.kind}: working directory`);
    t.equal(hook.fds, "0 1 2 3", `${hook.kind}: nothing but its streams is open (3 is of ls)`);
    const second = hook.kind.endsWith("2");
    t.match(hook.args, second ? ` ${hook.kind}` : ` ${hook.kind} more`, `${hook.kind}: arguments`);
    const inherited = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/binTERM=xterm";
    t.equal(hook.env, second ? "A=b" : kind === "startContainer" ? inherited : "", `${hook.kind}: environment`);
  }
});

/** Exit 3 with words on stderr. */
function failing(place: string): string {
  return put(join(place, "fail"), "#!/bin/sh\necho out\necho said no such file or directory >&2\nexit 3\n", 0o755);
}

function line(kind: Kind, path: string): RegExp {
  const pointer = `config\\.json#/hooks/${kind}/0`;
  const words = '"out\\\\nsaid no-such-file-or-directory"';
  return new RegExp(`^hook ${pointer} ${path}: exit 3 after [0-9]+\\.[0-9] s, want exit 0: ${words}; ${pointer}\\n$`);
}

for (const kind of ["prestart", "createRuntime", "createContainer"] as const) {
  onHosts(`hooks: ${kind} that fails ends create, and nothing is left`, (t, box) => {
    const { place, path, seen } = noting(box);
    const fail = failing(place);
    const later = KINDS.slice(KINDS.indexOf(kind) + 1, 5);
    const hooks: { [kind in Kind]?: object[] } = { poststop: [{ path, args: ["note", "poststop"] }] };
    hooks[kind] = [{ path: fail }, { path, args: ["note", "second"] }];
    for (const other of later) hooks[other] = [{ path, args: ["note", other] }];
    const id = box.id();
    const pidFile = join(box.folder, "pid");
    const bundle = hooked(box, place, hooks);
    fails(t, box.run(["create", "--bundle", bundle, "--pid-file", pidFile, id]), line(kind, fail));
    t.equal(box.status(id), "missing");
    t.throws(() => readFileSync(pidFile), { code: "ENOENT" });
    t.strictSame(box.leftovers(), []);
    const ran = seen().map((hook) => hook.kind);
    t.strictSame(ran, ["poststop"], "runtime.md#lifecycle: it goes on with the poststop hooks");
  });
}

for (const kind of ["startContainer", "poststart"] as const) {
  onHosts(`hooks: ${kind} that fails ends start and the container`, (t, box) => {
    const { place, path, seen } = noting(box);
    const fail = failing(place);
    const bundle = hooked(box, place, { [kind]: [{ path: fail }], poststop: [{ path, args: ["note", "poststop"] }] });
    const id = box.id();
    prints(t, box.run(["create", "--bundle", bundle, id]));
    fails(t, box.run(["start", id]), line(kind, fail));
    until(() => box.status(id) === "stopped", "the container is stopped");
    prints(t, box.run(["delete", id]), "delete");
    t.strictSame(
      seen().map((hook) => hook.kind),
      ["poststop"],
    );
    fails(t, box.run(["run", "--bundle", bundle, box.id()]), line(kind, fail));
  });
}

onHosts("hooks: poststop that fails is a warning, and the next one runs", (t, box) => {
  const { place, path, seen } = noting(box);
  const fail = failing(place);
  const bundle = hooked(box, place, { poststop: [{ path: fail }, { path, args: ["note", "second"] }] });
  const id = box.id();
  prints(t, box.run(["create", "--bundle", bundle, id]));
  const outcome = box.run(["delete", "--force", id]);
  t.match(outcome, {
    status: 0,
    stderr: /^warning: hook config\.json#\/hooks\/poststop\/0 .*: exit 3 after [^\n]*\n$/,
  });
  t.strictSame(
    seen().map((hook) => hook.kind),
    ["second"],
  );
});

/** create with one createRuntime hook. */
function withHook(t: Test, box: Sandbox, hook: object, expected: RegExp | string): void {
  const bundle = hooked(box, folder(box.folder, "hooks"), { createRuntime: [hook] });
  fails(t, box.run(["create", "--bundle", bundle, box.id()]), expected);
}

onHosts("hooks: a timeout, a signal, a path that is no program", (t, box) => {
  const place = folder(box.folder, "hooks");
  const pointer = "config.json#/hooks/createRuntime/0";
  const slow = put(join(place, "slow"), "#!/bin/sh\necho here\nsleep 1000 &\nwait\n", 0o755);
  const started = Date.now();
  const text = `hook ${pointer} ${slow}: still running after its timeout of 1 s, want it ended: "here"; ${pointer}`;
  withHook(t, box, { path: slow, timeout: 1 }, text);
  const took = Date.now() - started;
  t.ok(took >= 1000 && took < 20_000, `it took ${took} ms`);
  const killed = put(join(place, "killed"), "#!/bin/sh\nkill -9 $$\n", 0o755);
  withHook(t, box, { path: killed }, new RegExp(`: signal 9 after [0-9]+\\.[0-9] s, want exit 0; ${pointer}\n$`));
  withHook(
    t,
    box,
    { path: "/no/such/hook" },
    `hook ${pointer} /no/such/hook: ENOENT: it could not be run, want an executable file on the host; ${pointer}/path [hook execve("/no/such/hook") ENOENT]`,
  );
  withHook(t, box, { path: "relative" }, /^load config\.json: .*createRuntime\/0\/path/);
  withHook(t, box, { path: slow, timeout: 0 }, /^load config\.json: .*createRuntime\/0\/timeout/);
});

onHosts("hooks: one that does not read its state, and one whose child keeps its output open", (t, box) => {
  const place = folder(box.folder, "hooks");
  const deaf = put(join(place, "deaf"), "#!/bin/sh\nexec <&-\nexit 0\n", 0o755);
  const pidFile = join(place, "pid");
  const parent = put(join(place, "parent"), `#!/bin/sh\nsleep 100 &\necho $! > ${pidFile}\nexit 0\n`, 0o755);
  const bundle = hooked(box, place, { createRuntime: [{ path: deaf }, { path: parent }] });
  const id = box.id();
  const started = Date.now();
  prints(t, box.run(["create", "--bundle", bundle, id]));
  t.ok(Date.now() - started < 20_000, "the child is not waited for");
  process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
  removed(t, box, id);
});
