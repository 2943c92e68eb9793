/** SCMP_ACT_NOTIFY: an agent gets the listener and answers what the container asks (runtime-spec config-linux.md#containerprocessstate). */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../support/compile.ts";
import { fails, onHosts, prints, removed, withUserNamespace } from "../support/life.ts";
import { folder, type Sandbox, type TestConfig, until } from "../support/sandbox.ts";

type Profile = NonNullable<TestConfig["linux"]["seccomp"]>;

const NOTIFY: NonNullable<Profile["syscalls"]> = [
  { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY" },
  { names: ["chmod", "fchmodat", "fchmodat2"], action: "SCMP_ACT_NOTIFY" },
];

let counter = 0;

/** An agent that listens; `end` waits until it is done and gives what it printed. */
function agent(
  box: Sandbox,
  path = join(box.folder, `agent${counter}`),
): { path: string; said: () => string; end: () => string } {
  const program = compiled("seccomp-agent");
  const output = `${path}.out${counter++}`;
  const fd = openSync(output, "w");
  const child = spawn(program, [path], { stdio: ["ignore", fd, fd] });
  closeSync(fd);
  child.unref();
  until(() => existsSync(path), "the agent's socket");
  const said = () => readFileSync(output, "utf8");
  return {
    path,
    said,
    end: () => {
      until(() => said().endsWith("end\n"), `the agent's end, after ${said()}`);
      return said();
    },
  };
}

/** A profile with a listener at a path. */
const listening = (listenerPath: string, more: Partial<Profile> = {}): Profile => ({
  defaultAction: "SCMP_ACT_ALLOW",
  listenerPath,
  syscalls: NOTIFY,
  ...more,
});

const SCRIPT =
  "mkdir /data/x; chmod 711 /data && stat -c %a /data; grep Seccomp: /proc/self/status; ls /proc/self/fd | wc -l";

for (const noNewPrivileges of [true, false]) {
  onHosts(`seccomp notify: calls are answered by the agent, noNewPrivileges ${noNewPrivileges}`, (t, box) => {
    const { path, end } = agent(box);
    const outcome = box.once(["sh", "-c", SCRIPT], (config) => {
      config.linux.seccomp = listening(path);
      config.process.noNewPrivileges = noNewPrivileges;
    });
    const { stdout, stderr } = outcome;
    t.match(stderr, /^mkdir: .*: No space left on device\n$/, "refused with the agent's errno");
    // 0, 1, 2, and the folder that is listed: no listener.
    t.equal(stdout, "711\nSeccomp:\t2\n4\n", "what the agent lets go on is done; the container has no listener");
    t.match(end(), /^state: .*\ndescriptors: 1\nmkdir refused\nanother call goes on\nend\n$/);
  });
}

onHosts("seccomp notify: the container process state, before create ends", (t, box) => {
  const { path, said, end } = agent(box);
  const id = box.id();
  const bundle = box.bundle(["sh", "-c", "mkdir /data/x 2>/dev/null"], (config) => {
    config.linux.seccomp = listening(path, { listenerMetadata: "MKNOD=/dev/null é" });
    config.annotations = { "com.example.key": "value" };
  });
  prints(t, box.run(["create", "--bundle", bundle, id]), "create");
  until(() => said().includes("descriptors"), "the state");
  const sent = JSON.parse(/^state: (.*)$/m.exec(said())?.[1] ?? "null") as Record<string, unknown>;
  const state = JSON.parse(box.run(["state", id]).stdout) as { ociVersion: string; pid: number };
  t.strictSame(sent, {
    ociVersion: state.ociVersion,
    fds: ["seccompFd"],
    pid: state.pid,
    metadata: "MKNOD=/dev/null é",
    state: {
      ociVersion: state.ociVersion,
      id,
      status: "creating",
      pid: state.pid,
      bundle,
      annotations: { "com.example.key": "value" },
    },
  });
  t.notMatch(said(), /refused/, "the program has not run");
  prints(t, box.run(["start", id]), "start");
  t.match(end(), /descriptors: 1\nmkdir refused\nend\n$/);
  removed(t, box, id);
});

onHosts("seccomp notify: a process of exec has a listener of its own", (t, box) => {
  for (const noNewPrivileges of [true, false]) {
    const first = agent(box);
    const id = box.id();
    const bundle = box.bundle(["sleep", "1000"], (config) => {
      config.linux.seccomp = listening(first.path, { listenerMetadata: "m" });
      config.process.noNewPrivileges = noNewPrivileges;
    });
    prints(t, box.run(["create", "--bundle", bundle, id]), "create");
    prints(t, box.run(["start", id]), "start");
    until(() => first.said().includes("descriptors"), "the state");
    // The agent takes one only, so another one takes its place.
    rmSync(first.path);
    const second = agent(box, first.path);
    const outcome = box.run(["exec", id, "sh", "-c", "echo $$; mkdir /data/x"]);
    t.match(outcome.stderr, /^mkdir: .*: No space left on device\n$/);
    const said = second.end();
    t.match(said, /descriptors: 1\nmkdir refused\nend\n$/);
    const sent = JSON.parse(/^state: (.*)$/m.exec(said)?.[1] ?? "null") as {
      pid: number;
      state: Record<string, unknown>;
    };
    t.equal(sent.state["pid"], box.pid(id));
    t.not(sent.pid, box.pid(id), "the process is not init");
    t.equal(sent.state["status"], "running");
    rmSync(first.path);
    const nobody = box.run(["exec", id, "true"]);
    fails(t, nobody, /^exec failed: send seccomp listener: ENOENT: found no agent/, 255);
    removed(t, box, id);
    first.end();
  }
});

onHosts("seccomp notify: metadata of the largest size, a long socket path, flags", (t, box) => {
  const { path, end } = agent(box);
  const deep = folder(box.folder, "x".repeat(100));
  const outcome = box.once(["true"], (config) => {
    config.linux.seccomp = listening(`${deep}/../${path.slice(box.folder.length + 1)}`, {
      listenerMetadata: "m".repeat(65_536),
      flags: ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
    });
  });
  prints(t, outcome);
  t.match(end(), /"metadata":"m{65536}"/);
});

onHosts("seccomp notify: startContainer hooks are under the same filter; in a user namespace", (t, box) => {
  const { path, end } = agent(box);
  const outcome = box.once(["sh", "-c", "cat /data/hook; mkdir /data/y"], (config) => {
    withUserNamespace(config);
    config.linux.seccomp = listening(path);
    config.mounts.push({ destination: "/data", type: "tmpfs", source: "tmpfs" });
    config.hooks = {
      startContainer: [
        {
          path: "/bin/sh",
          args: ["sh", "-c", "mkdir /data/x 2>/data/hook; grep Seccomp_filters /proc/self/status >>/data/hook"],
        },
      ],
    };
  });
  t.match(outcome.stdout, /^mkdir: .*: No space left on device\nSeccomp_filters:\t1\n$/);
  t.match(outcome.stderr, /^mkdir: .*: No space left on device\n$/);
  t.match(end(), /descriptors: 1\nmkdir refused\nmkdir refused\nend\n$/);
});

onHosts("seccomp notify: a listener without rules that notify is not connected to", (t, box) => {
  const outcome = box.once(["true"], (config) => {
    config.linux.seccomp = listening(join(box.folder, "nobody"), { syscalls: [] });
  });
  prints(t, outcome);
});

onHosts("seccomp notify: no agent is an error of create, and nothing stays", (t, box) => {
  for (const noNewPrivileges of [true, false]) {
    const nobody = join(box.folder, "nobody");
    const bundle = box.bundle(["true"], (config) => {
      config.linux.seccomp = listening(nobody);
      config.process.noNewPrivileges = noNewPrivileges;
    });
    fails(
      t,
      box.run(["create", "--bundle", bundle, box.id()]),
      /^send seccomp listener: ENOENT: found no agent that takes it at \S+\/nobody, want a listening Unix stream socket; config\.json#\/linux\/seccomp\/listenerPath \[seccomp-listener connect\([0-9]+, .*\) ENOENT\]\n$/,
    );
  }
});
