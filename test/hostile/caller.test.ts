/** What the caller has must not get into the container: descriptors, umask, groups, keys, terminal, limits, environment (SECURITY fd, user). */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { exits } from "../support/life.ts";
import { HOSTS, type Outcome, Sandbox, type TestConfig } from "../support/sandbox.ts";

/** Runs the runtime through a program that changes what it inherits, or with more descriptors. */
function through(
  box: Sandbox,
  wrapper: readonly string[],
  args: readonly string[],
  options: { env?: Record<string, string>; descriptors?: number[]; silent?: boolean } = {},
): Outcome {
  const [program = "", ...rest] = [...wrapper, ...box.host.command, "--root", box.state, ...args];
  const result = spawnSync(program, rest, {
    encoding: "utf8",
    // A created container keeps its streams: a pipe would be read until it ends.
    stdio: [
      "ignore",
      ...(options.silent === true ? (["ignore", "ignore"] as const) : (["pipe", "pipe"] as const)),
      ...(options.descriptors ?? []),
    ],
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  return { status: result.status ?? 137, stdout: result.stdout ?? "", stderr: result.stderr ?? "" };
}

/** A shell that runs `setting` and becomes the runtime. */
const shell = (setting: string): string[] => ["sh", "-c", `${setting}; exec "$@"`, "sh"];

/** A volume that the probe writes its answer to, for callers without streams. */
function withVolume(box: Sandbox): { volume: string; change: (config: TestConfig) => void } {
  const volume = join(box.folder, "volume");
  spawnSync("mkdir", ["-p", volume]);
  return {
    volume,
    change: (config) => {
      config.mounts.push({ destination: "/data", type: "bind", source: volume, options: ["bind", "rw"] });
    },
  };
}

/** For a child of the shell: a pipe or a substitution would be a descriptor of the shell that is looked at. */
const LIST_FDS = "ls -l /proc/$$/fd";

/** `fd=target` of each line that LIST_FDS prints. */
function descriptorsIn(listing: string): string[] {
  return [...listing.matchAll(/ ([0-9]+) -> (.*)$/gm)].map((match) => `${match[1]}=${match[2]}`);
}

for (const host of HOSTS) {
  t.test(`${host.name}: descriptors of the caller stay outside`, (t) => {
    const box = new Sandbox(host);
    const folders = Array.from({ length: 40 }, () => openSync("/", "r"));
    const bundle = box.bundle(["sh", "-c", LIST_FDS]);
    const { status, stdout, stderr } = through(box, [], ["run", "--bundle", bundle, box.id()], {
      descriptors: folders,
    });
    t.equal(status, 0, stderr);
    t.strictSame(
      descriptorsIn(stdout).map((line) => line.split("=")[0]),
      ["0", "1", "2"],
    );

    // Init of a created container holds its streams and the fifo, and no folder of the host (fd.4).
    const id = box.id();
    const out = openSync(join(box.folder, "out"), "w");
    const [program = "", ...rest] = host.command;
    const created = spawnSync(program, [...rest, "--root", box.state, "create", "--bundle", bundle, id], {
      stdio: ["ignore", out, out, ...folders],
      timeout: 10_000,
    });
    t.equal(created.status, 0);
    const fds = `/proc/${box.pid(id)}/fd`;
    for (const fd of readdirSync(fds)) {
      const target = readlinkSync(join(fds, fd));
      t.match(
        target,
        /^(\/dev\/null|.*\/out|.*\/exec\.fifo|pipe:.*|socket:.*|anon_inode:.*|\/[0-9]+)$/,
        `${fd} → ${target}`,
      );
      if (target.startsWith("/")) t.notOk(isHostFolder(join(fds, fd)), `${fd} → ${target} is no folder of the host`);
    }
    exits(t, box.run(["delete", "--force", id]), 0);
    for (const fd of [...folders, out]) closeSync(fd);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: closed streams of the caller become /dev/null`, (t) => {
    const box = new Sandbox(host);
    const { volume, change } = withVolume(box);
    for (const closing of ["exec 0<&-", "exec 1>&-", "exec 2>&-", "exec 0<&- 1>&- 2>&-"]) {
      const bundle = box.bundle(["sh", "-c", `(exec ${LIST_FDS} > /data/answer); true`], change);
      const { status } = through(box, shell(closing), ["run", "--bundle", bundle, box.id()]);
      t.equal(status, 0, closing);
      const answer = descriptorsIn(readFileSync(join(volume, "answer"), "utf8"));
      t.strictSame(
        answer.map((line) => line.split("=")[0]),
        ["0", "1", "2"],
        `${closing}: 0, 1 and 2 are there`,
      );
      const closed = [...closing.matchAll(/([0-2])[<>]/g)].map((match) => match[1]);
      for (const fd of closed) t.ok(answer.includes(`${fd}=/dev/null`), `${closing}: ${fd} is /dev/null`, { answer });
      writeFileSync(join(volume, "answer"), "");
    }
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: the caller's umask decides nothing`, (t) => {
    for (const mask of ["000", "777"]) {
      const box = new Sandbox(host);
      const pidFile = join(box.folder, "pid");
      const log = join(box.folder, "log");
      const bundle = box.bundle(
        ["sh", "-c", "umask; stat -c '%n %a' /made /made/deep /dev/null /dev/pts /dev/shm"],
        (config) => {
          config.mounts.push({ destination: "/made/deep", type: "tmpfs", source: "tmpfs", options: ["mode=700"] });
        },
      );
      const ran = through(box, shell(`umask ${mask}`), ["run", "--bundle", bundle, box.id()]);
      t.equal(ran.stdout, "0022\n/made 755\n/made/deep 700\n/dev/null 666\n/dev/pts 755\n/dev/shm 1777\n", ran.stderr);
      const id = box.id();
      const args = ["--log", log, "create", "--bundle", bundle, "--pid-file", pidFile, id];
      exits(t, through(box, shell(`umask ${mask}`), args, { silent: true }), 0);
      const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
      t.equal(mode(box.state), "700");
      t.ok(["711", "700"].includes(mode(join(box.state, id))));
      t.equal(mode(join(box.state, id, "state.json")), "600");
      t.equal(mode(join(box.state, id, "exec.fifo")), "622");
      for (const path of [pidFile, log]) t.equal(statSync(path).mode & 0o133, 0, `${path} is not writable for others`);
      exits(t, box.run(["delete", "--force", id]), 0);
      t.strictSame(box.close(), []);
    }
    t.end();
  });

  t.test(`${host.name}: groups, limits and signals of the caller`, (t) => {
    const box = new Sandbox(host);
    const uid = (config: TestConfig) => {
      config.process.user = { uid: 1000, gid: 1000 };
    };
    const groups = box.bundle(["sh", "-c", "grep ^Groups /proc/self/status"], uid);
    const ran = through(box, ["setpriv", "--groups=27,100,999"], ["run", "--bundle", groups, box.id()]);
    t.match(ran, { status: 0, stdout: /^Groups:\s*$/ });
    for (const limit of [
      "ulimit -s 64",
      "ulimit -n 64",
      "ulimit -c unlimited",
      "ulimit -f 0",
      'trap "" CHLD HUP PIPE',
    ]) {
      // V8 itself does not boot with so small a stack, and ends by a signal: the Node host is not asked (NODEHOST).
      if (host.name === "node" && limit === "ulimit -s 64") continue;
      const bundle = box.bundle([
        "sh",
        "-c",
        "grep -E '^(SigIgn|SigBlk)' /proc/self/status; grep -c . /proc/self/limits",
      ]);
      const outcome = through(box, shell(limit), ["run", "--bundle", bundle, box.id()]);
      t.ok(outcome.status === 0 || outcome.status === 1, `${limit}: ends by itself`, outcome);
      if (outcome.status === 0)
        t.match(outcome.stdout, /SigBlk:\t0{16}\nSigIgn:\t0{16}\n/, `${limit}: default signals`);
      else t.match(outcome.stderr, /: .*\n$/, `${limit}: says why`);
    }
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: keys of the caller's session`, (t) => {
    const box = new Sandbox(host);
    const unmasked = (config: TestConfig) => {
      config.linux.maskedPaths = [];
    };
    const id = box.id();
    const bundle = box.bundle(["cat", "/proc/keys"], unmasked);
    t.match(box.run(["run", "--bundle", bundle, id]), { status: 0, stdout: new RegExp(`keyring\\s+_ses\\.${id}: `) });
    const second = box.id();
    const shared = box.run(["run", "--no-new-keyring", "--bundle", bundle, second]);
    exits(t, shared, 0);
    t.notOk(shared.stdout.includes(`_ses.${second}`), "with --no-new-keyring none is made");
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: the caller's terminal is not the container's`, (t) => {
    const box = new Sandbox(host);
    // 7 is tty_nr; the second tries to open the controlling terminal, the third to take one (TIOCSCTTY needs a session leader without).
    const probe = "cut -d' ' -f7 /proc/self/stat; (: < /dev/tty) 2>&1; cut -d' ' -f6 /proc/$$/stat";
    const bundle = box.bundle(["sh", "-c", probe]);
    const line = [...host.command, "--root", box.state, "run", "--bundle", bundle, box.id()].join(" ");
    const { stdout } = spawnSync("script", ["-qec", line, "/dev/null"], { encoding: "utf8", timeout: 10_000 });
    t.match(stdout.replaceAll("\r", ""), /^0\n.*(No such device or address|can't open \/dev\/tty).*\n1\n$/s);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: the caller's environment steers nothing`, (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["env"], (config) => {
      config.process.env = ["PATH=/bin", "HOME=/"];
    });
    const plain = "HOME=/\nPATH=/bin";
    for (const [name, value] of [
      ["LISTEN_FDS", "-1"],
      ["LISTEN_FDS", "2147483648"],
      ["LISTEN_FDS", "3"],
      ["LISTEN_PID", "1"],
      ["_LIBCONTAINER_INITPIPE", "3"],
      ["_LIBCONTAINER_FIFOFD", "0"],
      ["XDG_RUNTIME_DIR", "relative"],
      ["NOTIFY_SOCKET", "relative"],
      ["SECRET", "of the caller"],
      ["LD_PRELOAD", "/nowhere.so"],
    ] as const) {
      const env = name === "LISTEN_FDS" ? { [name]: value, LISTEN_PID: "1" } : { [name]: value };
      const { status, stdout, stderr } = through(box, [], ["run", "--bundle", bundle, box.id()], { env });
      t.equal(status, 0, `${name}=${value}: ${stderr}`);
      t.equal(stdout.split("\n").sort().join("\n").trim(), plain, `${name}=${value}`);
    }
    t.strictSame(box.close(), []);
    t.end();
  });
}

/** Whether a link of /proc/PID/fd leads to a folder that is the host's: "/1/fd" lies in a procfs that is mounted nowhere. */
function isHostFolder(path: string): boolean {
  // Init's own folder in a procfs of the container's pid namespace is none.
  return statSync(path).isDirectory() && statfsSync(path).type !== 0x9fa0;
}
