/** exec: the process that joins is given all that the container's own has: namespaces, cgroups, filter, rights, limits. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { limited, onV1, place, value } from "../support/cgroup-v1.ts";
import {
  created,
  fails,
  fields,
  onHosts,
  prints,
  removed,
  started,
  type Test,
  withoutNamespace,
  withUserNamespace,
} from "../support/life.ts";
import { type Outcome, type Sandbox, type TestConfig, until } from "../support/sandbox.ts";

const KINDS = ["pid", "net", "ipc", "uts", "mnt", "user", "cgroup", "time"];
const SHOW = `for n in ${KINDS.join(" ")}; do readlink /proc/self/ns/$n; done`;
const ALL = ["pid", "network", "ipc", "uts", "mount", "user", "cgroup", "time"] as const;

const links = (pid: number | "self") => KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));

/** exec's output in a container that runs. */
const inside = (t: Test, box: Sandbox, id: string, script: string, ...flags: string[]): string =>
  prints(t, box.run(["exec", ...flags, id, "sh", "-c", script]), script);

/** Every namespace of init is the exec'd process's too; returns them. */
function sameNamespaces(t: Test, box: Sandbox, change: (config: TestConfig) => void, proc = ""): string[] {
  const id = started(t, box, change);
  const init = links(box.pid(id));
  const shown = inside(t, box, id, proc === "" ? SHOW : SHOW.replaceAll("/proc", proc))
    .trim()
    .split("\n");
  t.strictSame(shown, init, "init's namespaces");
  removed(t, box, id);
  return init;
}

onHosts("exec-join: all namespaces new", (t, box) => {
  const init = sameNamespaces(t, box, (config) => {
    withUserNamespace(config);
    config.linux.namespaces = ALL.map((type) => ({ type }));
  });
  for (const link of links("self")) t.notOk(init.includes(link), `${link} is the host's`);
});

onHosts("exec-join: runc's default ones, without a user namespace", (t, box) => {
  sameNamespaces(t, box, () => undefined);
});

onHosts("exec-join: the host's pid namespace", (t, box) => {
  const init = sameNamespaces(t, box, (config) => withoutNamespace(config, "pid"));
  t.equal(init[0], links("self")[0]);
});

onHosts("exec-join: no mount namespace: the root is the container's all the same", (t, box) => {
  const id = started(t, box, (config) => {
    withoutNamespace(config, "mount");
    config.mounts = [];
    delete config.linux.maskedPaths;
    delete config.linux.readonlyPaths;
  });
  t.equal(inside(t, box, id, "echo /bin/busy* /etc/hostname"), "/bin/busybox /etc/hostname\n");
  const climbing = "cd ..; cd ..; ls -a | tr '\\n' ' '";
  t.equal(inside(t, box, id, climbing), inside(t, box, id, "ls -a / | tr '\\n' ' '"), "nothing is above it");
  removed(t, box, id);
});

onHosts("exec-join: namespaces that were joined by path", (t, box) => {
  const holder = spawn("unshare", ["-nui", "sleep", "100"], { stdio: "ignore" });
  const pid = holder.pid ?? 0;
  until(() => readlinkSync(`/proc/${pid}/ns/net`) !== links("self")[1] && existsSync(`/proc/${pid}`), "the holder");
  const init = sameNamespaces(t, box, (config) => {
    withoutNamespace(config, "network", "uts", "ipc");
    delete config.hostname;
    config.linux.namespaces?.push(
      { type: "network", path: `/proc/${pid}/ns/net` },
      { type: "uts", path: `/proc/${pid}/ns/uts` },
      { type: "ipc", path: `/proc/${pid}/ns/ipc` },
    );
  });
  t.strictSame(init.slice(1, 4), links(pid).slice(1, 4));
  holder.kill();
});

onHosts("exec-join: user namespace: ids, rights in it, files", (t, box) => {
  const id = started(t, box, withUserNamespace);
  const text = inside(
    t,
    box,
    id,
    "cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /dev/shm/x; stat -c %u:%g /dev/shm/x",
  );
  t.match(text.replace(/ +/g, " "), "0 100000 65536\n 0 200000 65536\n0\n0:0\n");
  t.equal(inside(t, box, id, "id -u; id -g; id -G", "--user", "7:8", "-g", "9"), "7\n8\n8 9\n");
  removed(t, box, id);
});

onV1("exec-join: the container's cgroup of every controller", (t, box) => {
  const id = started(t, box, (config) => withoutNamespace(config, "cgroup"));
  const init = readFileSync(`/proc/${box.pid(id)}/cgroup`, "utf8");
  t.equal(inside(t, box, id, "cat /proc/self/cgroup"), init);
  removed(t, box, id);
});

/** Lines of /proc/self/status that must be the same for init and for a process that joins. */
const STATUS =
  /^(Umask|Uid|Gid|Groups|NoNewPrivs|Seccomp|Seccomp_filters|CapInh|CapPrm|CapEff|CapBnd|CapAmb|Cpus_allowed|SigBlk|SigIgn|SigCgt)$/;

onHosts(
  "exec-join: ids, groups, umask, capabilities, no_new_privs, filter, limits, oom_score_adj, keyring, session",
  (t, box) => {
    for (const noNewPrivileges of [true, false]) {
      const show =
        "cat /proc/self/status; echo ---; cat /proc/self/limits /proc/self/oom_score_adj; cat /proc/keys | wc -l; tty; stat -c %a .";
      const id = created(t, box, ["sh", "-c", `{ ${show}; } > /tmp/init; sleep 1000`], (config) => {
        config.process.noNewPrivileges = noNewPrivileges;
        config.process.user = { uid: 0, gid: 5, additionalGids: [7, 8], umask: 0o027 };
        config.process.oomScoreAdj = 321;
        config.process.cwd = "/tmp";
        config.process.rlimits = [
          { type: "RLIMIT_NOFILE", soft: 321, hard: 654 },
          { type: "RLIMIT_CORE", soft: 0, hard: 4096 },
        ];
        config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs" });
        config.linux.seccomp = {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }],
        };
      });
      prints(t, box.run(["start", id]), "start");
      const read = () => inside(t, box, id, "cat /tmp/init");
      until(() => / [0-9]{3}\n|777\n$/.test(read()) && read().includes("not a tty"), "what init sees");
      const [initStatus = "", initRest = ""] = read().split("---\n");
      const [ownStatus = "", ownRest = ""] = inside(t, box, id, show).split("---\n");
      const [want, found] = [fields(initStatus), fields(ownStatus)];
      for (const name of Object.keys(want).filter((word) => STATUS.test(word))) t.equal(found[name], want[name], name);
      t.equal(found["NoNewPrivs"], noNewPrivileges ? "1" : "0");
      t.match(found, { Seccomp: "2", Umask: "0027", Groups: /^7 8/ });
      t.equal(ownRest, initRest, "limits, oom_score_adj, keys, no terminal, cwd");
      t.match(inside(t, box, id, "mkdir x 2>&1; echo $?"), /not supported\n1\n$/, "the filter is in force");
      const session = inside(t, box, id, "read a b c d e session rest < /proc/$$/stat; echo $session $$").split(" ");
      t.equal(session[0], session[1]?.trim(), "a session of its own");
      removed(t, box, id);
    }
  },
);

onHosts("exec-join: config.json is not read again", (t, box) => {
  const bundle = box.bundle(["sleep", "1000"], (config) => {
    config.process.env = ["PATH=/bin", "WHICH=old"];
    config.process.user = { uid: 5, gid: 5 };
  });
  const id = box.id();
  prints(t, box.run(["create", "--bundle", bundle, id]), "create");
  for (const text of [
    "no json at all",
    '{"ociVersion":"1.0.2","process":{"user":{"uid":0,"gid":0},"cwd":"/","args":["x"]}}',
  ]) {
    writeFileSync(join(bundle, "config.json"), text);
    t.equal(inside(t, box, id, "echo $WHICH; id -u"), "old\n5\n");
  }
  removed(t, box, id);
});

onHosts("exec-join: execCPUAffinity", (t, box) => {
  const allowed = "grep Cpus_allowed_list /proc/self/status";
  const affinity = (value_: { initial?: string; final?: string } | undefined) => {
    const id = started(t, box, (config) => {
      if (value_ !== undefined) config.process.execCPUAffinity = value_;
    });
    const text = inside(t, box, id, allowed).split("\t")[1]?.trim() ?? "";
    removed(t, box, id);
    return text;
  };
  const whole = affinity(undefined);
  t.equal(affinity({ final: "0" }), "0");
  t.equal(affinity({ initial: "0" }), whole, "initial counts only until the cgroup is joined");
  t.equal(affinity({ initial: "1", final: "0-1" }), whole);
});

onV1("exec-join: a narrow mask of the caller's is widened to the cpuset's", (t, box) => {
  const id = started(t, box, limited({ cpu: { cpus: "0", mems: "0" } }));
  t.match(inside(t, box, id, "grep Cpus_allowed_list /proc/self/status"), /\t0\n$/);
  t.equal(value("cpuset", id, "cpuset.cpus"), "0");
  removed(t, box, id);
});

/** What exec says of a container in which nothing can be executed; nothing may be left. */
function refuses(t: Test, outcome: Outcome, problem: string | RegExp): void {
  t.equal(outcome.stdout, "");
  if (typeof problem === "string") fails(t, outcome, `exec failed: ${problem}`, 255);
  else fails(t, outcome, problem, 255);
}

onHosts("exec-join: into a stopped, a deleted and an unknown container, and one of a wrong name", (t, box) => {
  const pidFile = join(box.folder, "pid");
  const exec = (id: string) => box.run(["exec", "--pid-file", pidFile, id, "true"]);
  const id = created(t, box, ["true"]);
  prints(t, box.run(["start", id]), "start");
  until(() => box.status(id) === "stopped", "its end");
  refuses(t, exec(id), `exec in "${id}": cannot exec in a stopped container`);
  prints(t, box.run(["delete", id]), "delete");
  refuses(t, exec(id), `exec in "${id}": container does not exist`);
  refuses(t, exec("never"), 'exec in "never": container does not exist');
  refuses(t, exec("../x"), /^exec failed: .*container ID/);
  t.notOk(existsSync(pidFile), "no pid file");
});

onHosts("exec-join: into a container that is being created", async (t, box) => {
  const go = join(box.folder, "go");
  const bundle = box.bundle(["true"], (config) => {
    const args = ["sh", "-c", `until [ -e ${go} ]; do sleep 0.02; done`];
    config.hooks = { createRuntime: [{ path: "/bin/sh", args, env: ["PATH=/usr/bin:/bin"], timeout: 60 }] };
  });
  const id = box.id();
  const [program = "", ...rest] = box.host.command;
  const creating = spawn(program, [...rest, "--root", box.state, "create", "--bundle", bundle, id], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => creating.on("close", resolve));
  until(() => box.status(id) === "creating", "it is being created");
  refuses(t, box.run(["exec", id, "true"]), `exec in "${id}": cannot exec in a container that is being created`);
  writeFileSync(go, "");
  t.equal(await ended, 0, "create is not disturbed");
  removed(t, box, id);
});

onHosts("exec-join: into a created container, which goes on to wait for start", (t, box) => {
  const id = created(t, box, ["sh", "-c", "cat /data/x > /data/y; sleep 1000"]);
  t.equal(inside(t, box, id, "mkdir -p /data; echo early > /data/x"), "");
  t.equal(box.status(id), "created");
  prints(t, box.run(["start", id]), "start");
  until(() => inside(t, box, id, "cat /data/y 2>&1; true") === "early\n", "start");
  removed(t, box, id);
});

onV1("exec-join: into a paused container", async (t, box) => {
  const id = started(t, box);
  const freeze = (word: string) => writeFileSync(join(place("freezer", id), "freezer.state"), word);
  freeze("FROZEN");
  until(() => box.status(id) === "paused", "paused");
  const line = `exec in "${id}": cannot exec in a paused container (use --ignore-paused to override); hint: resume it first`;
  refuses(t, box.run(["exec", id, "true"]), line);
  t.equal(value("freezer", id, "cgroup.procs"), String(box.pid(id)), "no process has entered it");
  const [program = "", ...rest] = box.host.command;
  const waiting = spawn(program, [...rest, "--root", box.state, "exec", "--ignore-paused", id, "sh", "-c", "exit 7"], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => waiting.on("close", resolve));
  until(() => value("freezer", id, "cgroup.procs").includes("\n"), "it has entered the frozen cgroup");
  freeze("THAWED");
  t.equal(await ended, 7, "it goes on when the container does");
  removed(t, box, id);
});

onHosts("exec-join: descriptors of the runtime stay outside; nothing stays behind in the container", (t, box) => {
  const id = started(t, box);
  const listed = inside(t, box, id, "ls /proc/$$/fd; true");
  t.equal(listed, "0\n1\n2\n");
  // The shell expands the pattern while wc may be there already or not.
  t.match(inside(t, box, id, "ls -d /proc/[0-9]* | wc -l; true"), /^[34]\n$/, "init, the shell, ls and perhaps wc");
  const mounts = readFileSync(`/proc/${box.pid(id)}/mountinfo`, "utf8");
  inside(t, box, id, "true");
  t.equal(readFileSync(`/proc/${box.pid(id)}/mountinfo`, "utf8"), mounts);
  t.strictSame(readdirSync(join(box.state, id)).includes("exec.fifo"), false);
  removed(t, box, id);
});
