/** exec: every flag, exit statuses, streams, --process and what is refused (runc's exec; SECURITY user.5, cgroup.1, exec.3). */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { hierarchy, onV1, place } from "../support/cgroup-v1.ts";
import { compiled } from "../support/compile.ts";
import { exits, fails, fields, onHosts, prints, put, removed, started, type Test } from "../support/life.ts";
import { type Sandbox, type TestConfig, until } from "../support/sandbox.ts";

const run = (box: Sandbox, id: string, flags: string[], ...args: string[]) => box.run(["exec", ...flags, id, ...args]);
const says = (t: Test, box: Sandbox, id: string, flags: string[], script: string) =>
  prints(t, run(box, id, flags, "sh", "-c", script), flags.join(" "));
const status = (t: Test, box: Sandbox, id: string, flags: string[]) =>
  fields(says(t, box, id, flags, "cat /proc/self/status"));

onHosts("exec-flags: --cwd, --env, --user, --additional-gids", (t, box) => {
  const id = started(t, box, (config) => {
    config.process.env = ["PATH=/bin", "A=1", "B=2"];
    config.process.cwd = "/etc";
  });
  t.equal(says(t, box, id, [], "pwd; echo $A$B$HOME"), "/etc\n12/root\n");
  t.equal(says(t, box, id, ["--cwd", "/proc"], "pwd"), "/proc\n");
  t.equal(says(t, box, id, ["-e", "A=3", "--env", "C=x=y"], "echo $A $B $C"), "3 2 x=y\n");
  t.equal(says(t, box, id, ["-u", "12"], "id -u; id -g; id -G; echo $HOME"), "12\n0\n0\n/\n");
  t.match(status(t, box, id, ["--user", "12:34", "-g", "5", "--additional-gids", "6"]), {
    Uid: /^12\s+12\s+12\s+12$/,
    Gid: /^34\s+34\s+34\s+34$/,
    Groups: /^5 6/,
  });
  removed(t, box, id);
});

onHosts("exec-flags: ids that are no ids, and other wrong values", (t, box) => {
  const id = started(t, box);
  for (const text of ["", "1 ", "1:", ":1", "1:2x", " 1", "+1", "0x1", "1e3", "-1", "4294967295", "4294967296", "root"])
    fails(t, run(box, id, [`--user=${text}`], "id"), /^exec failed: .*--user/, 255);
  fails(t, run(box, id, ["-u", "1:4294967295"], "id"), /^exec failed: .*--user/, 255);
  fails(t, run(box, id, ["-g", "x"], "id"), /^exec failed: .*--additional-gids/, 255);
  fails(t, run(box, id, ["--cwd", "relative"], "id"), /^exec failed: .*want an absolute path; --cwd$/m, 255);
  fails(t, run(box, id, ["--env", "=x"], "id"), /^exec failed: .*want NAME=value; --env$/m, 255);
  fails(t, run(box, id, ["--cap", "CAP_NONE"], "id"), /^exec failed: .*--cap$/m, 255);
  fails(t, run(box, id, []), /^exec failed: .*/, 255);
  // Node opens descriptors of its own there (node-exceptions.ts).
  if (box.host.name === "engine")
    fails(t, run(box, id, ["--preserve-fds", "1"], "true"), /^exec failed: .*descriptor 3 is not open/, 255);
  removed(t, box, id);
});

onHosts("exec-flags: --cap, --no-new-privs, labels", (t, box) => {
  const id = started(t, box, (config) => {
    config.process.noNewPrivileges = false;
  });
  const plain = status(t, box, id, []);
  t.equal(plain["NoNewPrivs"], "0");
  t.equal(status(t, box, id, ["--no-new-privs"])["NoNewPrivs"], "1");
  const more = status(t, box, id, ["--cap", "CAP_SYS_TIME", "-c", "cap_net_raw"]);
  const bits = (1n << 25n) | (1n << 13n);
  for (const set of ["CapBnd", "CapEff", "CapPrm"]) {
    t.equal(BigInt(`0x${more[set]}`), BigInt(`0x${plain[set]}`) | bits, set);
  }
  for (const set of ["CapInh", "CapAmb"]) t.equal(more[set], plain[set], set);
  t.match(status(t, box, id, ["-u", "1000", "--cap", "CAP_NET_RAW"]), {
    CapInh: /^0+$/,
    CapAmb: /^0+$/,
    CapEff: /^0+$/,
  });
  if (!existsSync("/sys/kernel/security/apparmor"))
    fails(t, run(box, id, ["--apparmor", "p"], "true"), /^exec failed: .*AppArmor/, 255);
  if (!existsSync("/sys/fs/selinux/enforce"))
    fails(t, run(box, id, ["--process-label", "a:b:c:d"], "true"), /^exec failed: .*SELinux/, 255);
  removed(t, box, id);
});

onHosts("exec-flags: --process: what it leaves out is the container's", (t, box) => {
  const id = started(t, box, (config) => {
    config.process.env = ["PATH=/bin", "A=1"];
    config.process.oomScoreAdj = 77;
    config.process.user = { umask: 0o027 };
    config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 321, hard: 654 }];
  });
  const file = join(box.folder, "process.json");
  const from = (process: unknown, ...flags: string[]) => {
    put(file, typeof process === "string" ? process : JSON.stringify(process));
    return box.run(["exec", "--process", file, ...flags, id]);
  };
  const script = "umask; cat /proc/self/oom_score_adj; ulimit -n; grep CapEff /proc/self/status; id -u; echo $A; pwd";
  const base = { cwd: "/dev", args: ["/bin/sh", "-c", script], env: ["PATH=/bin", "A=2"] };
  const eff = status(t, box, id, [])["CapEff"];
  t.equal(prints(t, from(base)), `0027\n77\n321\nCapEff:\t${eff}\n0\n2\n/dev\n`);
  const own = { ...base, user: { uid: 3, gid: 4, umask: 0o077 }, oomScoreAdj: 99, capabilities: {} };
  t.match(prints(t, from(own)), /^0077\n99\n321\nCapEff:\t0+\n3\n2\n\/dev\n$/);
  for (const [text, want] of [
    ["{", /process\.json/],
    ["[]", /process\.json/],
    ["null", /process\.json/],
    ['{"cwd":"/","args":[]}', /process\.json#\/args/],
    ['{"cwd":"x","args":["a"]}', /process\.json#\/cwd/],
    ['{"cwd":"/","args":["a"],"user":{"uid":-1,"gid":0}}', /process\.json#\/user\/uid/],
    ['{"cwd":"/","args":["a"]},"hooks":{"createRuntime":[{"path":"/bin/true"}]}', /process\.json/],
    [`{"cwd":"/","args":["a"],"env":${"[".repeat(100_000)}`, /process\.json/],
  ] as const)
    fails(t, from(text), new RegExp(`^exec failed: load process: .*${want.source}`), 255);
  fails(t, box.run(["exec", "--process", "/no/such", id]), /^exec failed: load process: ENOENT/, 255);
  removed(t, box, id);
});

onHosts("exec-flags: --process may be no FIFO that nobody writes", (t, box) => {
  const id = started(t, box);
  const fifo = join(box.folder, "fifo");
  spawnSync("mkfifo", [fifo]);
  fails(t, box.run(["exec", "--process", fifo, id], { timeoutMs: 15_000 }), /^exec failed: load process: /, 255);
  fails(t, box.run(["exec", "--process", box.folder, id]), /^exec failed: load process: /, 255);
  removed(t, box, id);
});

onHosts("exec-flags: --detach, --pid-file", (t, box) => {
  const id = started(t, box);
  const pidFile = join(box.folder, "pid");
  prints(t, run(box, id, ["--detach", "--pid-file", pidFile], "sleep", "999"));
  const text = readFileSync(pidFile, "utf8");
  t.match(text, /^[0-9]+$/, "digits without an end of line");
  t.equal(readFileSync(`/proc/${text}/cmdline`, "utf8"), "sleep\u0000999\u0000", "it runs");
  t.equal(readlinkSync(`/proc/${text}/ns/pid`), readlinkSync(`/proc/${box.pid(id)}/ns/pid`));
  const none = join(box.folder, "none");
  fails(t, run(box, id, ["-d", "--pid-file", none], "/no/such"), /^exec failed: exec "\/no\/such": no such file/, 255);
  fails(
    t,
    run(box, id, ["-d", "--pid-file", "/no/such/pid"], "sleep", "998"),
    /^exec failed: write pid file: ENOENT/,
    255,
  );
  t.notOk(existsSync(none), "no pid file of a process that never lived");
  t.strictSame(
    readdirSync(box.folder).filter((name) => name.startsWith(".")),
    [],
    "no temporary file",
  );
  const left = says(t, box, id, [], "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
  t.notMatch(left, /998/, "what cannot be told of is ended");
  removed(t, box, id);
});

onHosts("exec-flags: --preserve-fds, LISTEN_FDS", (t, box) => {
  if (box.host.name === "node") return; // descriptors.test.ts: Node's own descriptors lie there
  const id = started(t, box);
  const file = put(join(box.folder, "kept"), "kept\n");
  const [program = ""] = box.host.command;
  const exec = (flags: string[], script: string, env: Record<string, string> = {}) =>
    spawnSync(
      "sh",
      [
        "-c",
        'export LISTEN_PID=$$; exec "$@"',
        "sh",
        program,
        "--root",
        box.state,
        "exec",
        ...flags,
        id,
        "sh",
        "-c",
        script,
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe", openSync(file, "r")], env: { PATH: "/bin", ...env } },
    );
  t.match(exec(["--preserve-fds", "1"], "cat <&3; ls /proc/$$/fd"), { status: 0, stdout: "kept\n0\n1\n2\n3\n" });
  t.match(exec([], "ls /proc/$$/fd"), { status: 0, stdout: "0\n1\n2\n" });
  const listen = exec([], "cat <&3; echo $LISTEN_FDS $LISTEN_PID", { LISTEN_FDS: "1" });
  t.match(listen, { status: 0, stdout: "kept\n1 1\n" });
  removed(t, box, id);
});

onV1("exec-flags: --cgroup", (t, box) => {
  const id = started(t, box);
  const at = (controller: string, flags: string[]) => {
    const pidFile = join(box.folder, "pid");
    prints(t, run(box, id, ["-d", "--pid-file", pidFile, ...flags], "sleep", "999"), flags.join(" "));
    const lines = readFileSync(`/proc/${readFileSync(pidFile, "utf8")}/cgroup`, "utf8").split("\n");
    const path = lines.find((line) => line.split(":")[1]?.split(",").includes(controller))?.split(":")[2] ?? "";
    return path.slice(path.indexOf(id));
  };
  mkdirSync(join(place("pids", id), "sub"));
  t.equal(at("pids", ["--cgroup", "pids:sub"]), `${id}/sub`);
  t.equal(at("memory", ["--cgroup", "pids:/sub"]), id, "the others are the container's");
  t.equal(at("pids", ["--cgroup", "/"]), id);
  t.equal(at("pids", ["--cgroup", "pids:../../sub"]), `${id}/sub`, "cannot climb");
  const outside = join(hierarchy("pids") ?? "", `${id}-outside`);
  mkdirSync(outside);
  for (const word of [
    "none",
    "pids:none",
    `pids:../${id}-outside`,
    "nosuch:sub",
    "sub",
    "pids:",
    `pids:sub/../../${id}-outside`,
  ]) {
    if (word === "pids:") continue;
    fails(t, run(box, id, ["--cgroup", word], "true"), /^exec failed: join cgroup: .*--cgroup$/m, 255);
  }
  t.equal(readFileSync(join(outside, "cgroup.procs"), "utf8"), "");
  rmdirSync(outside);
  removed(t, box, id);
});

onHosts("exec-flags: every exit status, and signals", (t, box) => {
  const id = started(t, box);
  const all =
    box.host.name === "engine" ? Array.from({ length: 256 }, (_, index) => index) : [0, 1, 7, 126, 127, 128, 255];
  t.strictSame(
    all.map((code) => run(box, id, [], "sh", "-c", `exit ${code}`).status),
    all,
  );
  for (const signal of [1, 2, 6, 9, 11, 15]) {
    t.match(run(box, id, [], "sh", "-c", `kill -${signal} $$`), { status: 128 + signal, stderr: "" });
  }
  fails(t, run(box, id, [], "/no/such"), /^exec failed: exec "\/no\/such": no such file or directory: /, 255);
  fails(t, run(box, id, [], "nosuch"), /^exec failed: exec "nosuch": executable file not found in \$PATH: /, 255);
  fails(t, run(box, id, [], "/etc"), /^exec failed: exec "\/etc": permission denied: /, 255);
  fails(
    t,
    run(box, id, ["--cwd", "/bin/busybox"], "true"),
    /^exec failed: chdir "\/bin\/busybox": not a directory/,
    255,
  );
  removed(t, box, id);
});

onHosts("exec-flags: streams", (t, box) => {
  const id = started(t, box);
  const outcome = box.run(["exec", id, "sh", "-c", "cat; echo error >&2; exit 3"], { input: "in\u00e4\n" });
  t.strictSame(outcome, { status: 3, stdout: "in\u00e4\n", stderr: "error\n" });
  const big = box.run(["exec", id, "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
  t.equal(big.stdout.length, 3_000_000);
  exits(t, box.run(["exec", id, "cat"]), 0, "end of file");
  removed(t, box, id);
});

onHosts("exec-flags: a signal to exec is the process's", async (t, box) => {
  if (box.host.name === "node") return; // run.test.ts: V8's threads take them
  const id = started(t, box);
  const [program = ""] = box.host.command;
  const script = "trap 'exit 42' TERM; echo ready > /dev/shm/ready; while :; do sleep 0.05; done";
  const child = spawn(program, ["--root", box.state, "exec", id, "sh", "-c", script], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  until(() => run(box, id, [], "cat", "/dev/shm/ready").status === 0, "the trap");
  child.kill("SIGTERM");
  t.equal(await ended, 42);
  removed(t, box, id);
});

for (const verb of ["create", "run", "exec"])
  onHosts(`exec-flags: --pidfd-socket of ${verb}`, (t, box) => {
    const receiver = compiled("pidfd-receiver");
    const socket = join(box.folder, "pidfd.sock");
    const output = join(box.folder, "pidfd.out");
    const pidFile = join(box.folder, "pid");
    spawn(receiver, [socket], { stdio: ["ignore", openSync(output, "w"), "inherit"] });
    until(() => existsSync(socket), "the receiver listens");
    const flags = ["--pidfd-socket", socket, "--pid-file", pidFile];
    let id = box.id();
    if (verb === "exec") {
      id = started(t, box);
      prints(t, run(box, id, ["-d", ...flags], "sleep", "999"));
    } else {
      const bundle = box.bundle(["sleep", "1000"]);
      prints(t, box.run([verb, ...(verb === "run" ? ["-d"] : []), "--bundle", bundle, ...flags, id]), verb);
    }
    until(() => readFileSync(output, "utf8").endsWith("\n"), "the descriptor");
    const pid = readFileSync(pidFile, "utf8");
    t.equal(readFileSync(output, "utf8"), `${verb === "exec" ? "setns" : "standard"} ${pid}\n`);
    const nobody = ["--pidfd-socket", join(box.folder, "nobody")];
    if (verb === "exec") {
      fails(t, run(box, id, [...nobody, "-d"], "sleep", "997"), /^exec failed: connect pidfd socket: ENOENT/, 255);
      t.notMatch(says(t, box, id, [], "cat /proc/[0-9]*/cmdline"), /997/);
    } else {
      const bundle = box.bundle(["sleep", "1000"]);
      fails(t, box.run([verb, "--bundle", bundle, ...nobody, box.id()]), /^connect pidfd socket: ENOENT/);
    }
    removed(t, box, id);
  });

onHosts("exec-flags: hostile images: passwd and program a FIFO, cwd a link out, /dev/pts replaced", (t, box) => {
  const bundle = box.bundle(["sleep", "1000"], (config: TestConfig) => {
    config.mounts = config.mounts.filter((mount) => mount.destination !== "/dev/pts");
  });
  const root = join(bundle, "rootfs");
  spawnSync("rm", ["-f", join(root, "etc/passwd")]);
  for (const path of ["etc/passwd", "program"]) spawnSync("mkfifo", ["-m", "755", join(root, path)]);
  symlinkSync("/../../../../../../tmp", join(root, "out"));
  for (let fd = 3; fd < 20; fd++) symlinkSync(`/proc/self/fd/${fd}`, join(root, `fd${fd}`));
  const id = box.id();
  prints(t, box.run(["run", "-d", "--bundle", bundle, id]), "run");
  const short = { timeoutMs: 15_000 };
  const secret = put(join(box.folder, "secret"), "of the host\n");
  t.equal(prints(t, box.run(["exec", "-u", "5", id, "sh", "-c", "echo $HOME"], short)), "/\n");
  fails(t, box.run(["exec", id, "/program"], short), /^exec failed: exec "\/program": permission denied/, 255);
  const out = box.run(["exec", "--cwd", "/out", id, "pwd"], short);
  if (out.status === 0) t.equal(out.stdout, "/tmp\n", "the container's own");
  for (let fd = 3; fd < 20; fd++) {
    for (const cwd of [`/fd${fd}`, `/proc/self/fd/${fd}`, `/proc/self/fd/${fd}/../..`]) {
      // Refused, or a folder of the container's (what is not there is made): never one from which the host's can be reached.
      const cd = box.run(["exec", "--cwd", cwd, id, "cat", `../../../../../../../..${secret}`], short);
      t.match(cd, { status: /^(255|1)$/, stdout: "" }, cwd);
    }
  }
  symlinkSync("/tmp", join(root, "dev-pts"));
  fails(t, box.run(["exec", "-t", id, "true"], short), /^exec failed: make terminal: /, 255);
  removed(t, box, id);
});

onHosts("exec-flags: what fails is blamed on the word, the flag or the file that gave it", (t, box) => {
  const id = started(t, box);
  const failing = (args: string[], line: string) => fails(t, box.run(["exec", ...args]), `exec failed: ${line}`, 255);
  const missing = "no such file or directory: it is missing in the root";
  failing([id, "/no/such"], `exec "/no/such": ${missing}; the argument <command>`);
  failing(["--cwd", "/no/such", id, "true"], `chdir "/no/such": ${missing}; --cwd`);
  const file = put(join(box.folder, "process.json"), JSON.stringify({ args: ["/no/such"], cwd: "/" }));
  failing(["--process", file, id], `exec "/no/such": ${missing}; --process#/args/0`);
  removed(t, box, id);
});
