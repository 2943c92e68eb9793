/** containerd drives the runtime through its shim: what a user of ctr sees. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { command, pause, SIZE, until } from "./command.ts";
import { Containerd, type CtrSeat, whyNoContainerd } from "./containerd.ts";
import { missing, perform, type Scenario } from "./scenario.ts";

const MIB = 1 << 20;
const sh = (script: string): string[] => ["sh", "-c", script];

const scenarios: readonly Scenario<CtrSeat>[] = [
  {
    name: "run: output, streams and status",
    async play(seat) {
      const found = await seat.run(["--rm"], seat.id(), sh("echo out; echo err >&2; exit 7"));
      seat.outcome("run", found, 7, "out\n", "err\n");
      const copied = await seat.run(["--rm"], seat.id(), ["head", "-n", "1"], { input: "from stdin\n" });
      seat.outcome("run head", copied, 0, "from stdin\n", "");
    },
  },
  {
    name: "run: environment, working directory, mounts, read-only root, limits",
    async play(seat) {
      writeFileSync(join(seat.folder, "file"), "of the host\n");
      const mount = `type=bind,src=${seat.folder},dst=/mnt,options=rbind:ro`;
      const flags = ["--env", "WORD=given", "--cwd", "/data", "--mount", mount, "--read-only", "--memory-limit"];
      const script = "echo $WORD $FROM_IMAGE; pwd; cat /mnt/file; touch /x; touch /mnt/x; ulimit -n; id; ls /dev";
      const found = await seat.run(["--rm", ...flags, String(64 * MIB)], seat.id(), sh(script));
      seat.match("stdout", found.stdout, /^given yes\n\/data\nof the host\n1024\nuid=0\(root\) gid=0\(root\)/);
      seat.match("stderr", found.stderr, /\/x: Read-only file system\n.*\/mnt\/x: Read-only file system/);
      seat.see("output", found.stdout);
    },
  },
  {
    name: "run: seccomp, capabilities, privileged",
    async play(seat) {
      const show = ["grep", "-E", "^(Cap|Seccomp|NoNewPrivs)", "/proc/self/status"];
      const plain = seat.prints("plain", await seat.run(["--rm"], seat.id(), show));
      seat.match("plain", plain, /CapEff:\t00000000a80425fb\n[\s\S]*NoNewPrivs:\t1\nSeccomp:\t0/);
      const filtered = ["--rm", "--seccomp", "--cap-drop", "CAP_CHOWN"];
      const tight = seat.prints("seccomp", await seat.run(filtered, seat.id(), show));
      seat.match("seccomp", tight, /CapEff:\t00000000a80425fa\n[\s\S]*NoNewPrivs:\t1\nSeccomp:\t2/);
      const privileged = seat.prints("privileged", await seat.run(["--rm", "--privileged"], seat.id(), show));
      seat.see("status", [plain, tight, privileged].join(""));
    },
  },
  {
    name: "run: namespaces of the host and of another container",
    async play(seat) {
      const id = await seat.detached([]);
      const pid = pidOf(await seat.ctr(["tasks", "ls"]), id);
      const flags = ["--rm", "--with-ns", `pid:/proc/${pid}/ns/pid`, "--with-ns", `network:/proc/${pid}/ns/net`];
      const found = await seat.run([...flags, "--with-ns", `ipc:/proc/${pid}/ns/ipc`], seat.id(), [
        "sh",
        "-c",
        "ps; for kind in pid net ipc uts; do readlink /proc/self/ns/$kind; done",
      ]);
      const listed = seat.prints("run", found);
      seat.match("ps", listed, /1 root .*sleep 1000/);
      for (const kind of ["pid", "net", "ipc"])
        seat.same(
          kind,
          listed.includes(seat.prints("readlink", await command("/bin/readlink", [`/proc/${pid}/ns/${kind}`]))),
          true,
        );
      const host = await seat.run(["--rm", "--net-host"], seat.id(), ["readlink", "/proc/self/ns/net"]);
      seat.outcome("--net-host", host, 0, (await command("/bin/readlink", ["/proc/self/ns/net"])).stdout);
    },
  },
  {
    name: "run -t: a shell on a terminal",
    async play(seat) {
      const found = await seat.runOnTerminal(
        seat.id(),
        ["sh"],
        [
          [/# /, SIZE],
          [/33 111[\s\S]*# /, "echo typed-$((40+2))\n"],
          [/typed-42[\s\S]*# /, "sh -c 'echo go; sleep 100'\n"],
          [/\ngo\n/, "\x03"],
          [/# /, "echo after $?\n"],
          [/after 130[\s\S]*# /, "exit 5\n"],
        ],
      );
      seat.outcome("run -t", found, 5, /\/dev\/pts\/0\n/);
    },
  },
  {
    name: "detached run: listed, ended, deleted",
    async play(seat) {
      const id = await seat.detached([], sh("trap 'exit 9' TERM; while :; do sleep 0.1; done"));
      seat.same("status", await seat.status(id), "RUNNING");
      const pid = pidOf(await seat.ctr(["tasks", "ls"]), id);
      seat.match("cgroup", readFileSync(`/proc/${pid}/cgroup`, "utf8"), new RegExp(`pids:/${seat.mark}/${id}\n`));
      seat.outcome("delete of a running one", await seat.ctr(["tasks", "delete", id]), 1, "", /must be stopped/);
      seat.outcome("kill", await seat.ctr(["tasks", "kill", id]), 0, "", "");
      await seat.becomes(id, "STOPPED");
      const again = await seat.ctr(["tasks", "kill", id]);
      seat.outcome("kill of a stopped one", again, 1, "", /process already finished: not found/);
      seat.see("kill of a stopped one", again.stderr);
      seat.same("status of the container", await seat.remove(id), 9);
      seat.same("status", await seat.status(id), "none");
      const unknown = await seat.ctr(["tasks", "kill", id]);
      seat.outcome("kill of an unknown one", unknown, 1, "", /not found/);
      seat.see("kill of an unknown one", unknown.stderr);
    },
  },
  {
    name: "kill: KILL, a signal by number, all processes",
    async play(seat) {
      const [killed, numbered, all] = [await seat.detached([]), await seat.detached([]), await seat.detached([])];
      seat.outcome("SIGKILL", await seat.ctr(["tasks", "kill", "--signal", "SIGKILL", killed]), 0);
      seat.outcome("9", await seat.ctr(["tasks", "kill", "--signal", "9", numbered]), 0);
      seat.outcome("--all", await seat.ctr(["tasks", "kill", "--all", "--signal", "KILL", all]), 0);
      for (const id of [killed, numbered, all]) {
        await seat.becomes(id, "STOPPED");
        seat.same("status", await seat.remove(id), 137);
      }
    },
  },
  {
    name: "exec: output, status, user, working directory",
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached(["--env", "WORD=given"]);
      const found = await seat.exec(id, sh("echo in; echo err >&2; exit 4"));
      seat.outcome("exec", found, 4, "in\n", "err\n");
      const copied = await seat.exec(id, ["head", "-n", "1"], [], { input: "from stdin\n" });
      seat.outcome("exec head", copied, 0, "from stdin\n");
      const flags = ["--cwd", "/data", "--user", "1000"];
      const who = seat.prints("exec", await seat.exec(id, sh("pwd; id; echo $WORD; cat /proc/1/cmdline"), flags));
      seat.match("exec", who, /^\/data\nuid=1000.*\ngiven\nsleep/);
      seat.see("output", who);
      const cgroups = seat.prints(
        "cgroup",
        await seat.exec(id, sh("diff /proc/1/cgroup /proc/self/cgroup && echo same")),
      );
      seat.same("cgroup", cgroups, "same\n");
    },
  },
  {
    name: "exec -t: a shell on a terminal",
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached([]);
      const found = await seat.execOnTerminal(
        id,
        ["sh"],
        [
          [/# /, SIZE],
          [/33 111[\s\S]*# /, "echo typed-$((40+2))\n"],
          [/typed-42[\s\S]*# /, "exit 5\n"],
        ],
      );
      seat.outcome("exec -t", found, 5, /\/dev\/pts\/[0-9]+\n/);
    },
  },
  {
    name: "exec: detached, killed by its id",
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached([]);
      seat.outcome("exec --detach", await seat.exec(id, ["sleep", "77"], ["--detach"]), 0);
      const exec = `${seat.id()}`.replace(/[0-9]+$/, (n) => String(Number(n) - 1));
      const sleeping = async () =>
        /sleep77/.test((await seat.exec(id, sh("cat /proc/[0-9]*/cmdline | tr -d '\\0'"))).stdout);
      await until(async () => (await sleeping()) || undefined, "the exec");
      seat.outcome("kill", await seat.ctr(["tasks", "kill", "--exec-id", exec, "--signal", "KILL", id]), 0);
      await until(async () => ((await sleeping()) ? undefined : true), "end of the exec");
      seat.same("status", await seat.status(id), "RUNNING");
    },
  },
  {
    name: "exec: what fails",
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached([]);
      const absent = await seat.exec(id, ["/no/such/program"]);
      seat.outcome("no program", absent, 1, "", /OCI runtime exec failed: .*no such file or directory/);
      const folder = await seat.exec(id, ["/etc"]);
      seat.outcome("a folder", folder, 1, "", /OCI runtime exec failed: .*(permission denied|is a directory)/);
      const cwd = await seat.exec(id, ["true"], ["--cwd", "/no/such"]);
      seat.outcome("no cwd", cwd, 1, "", /OCI runtime exec failed: .*no such file or directory/);
      seat.see("no program", absent.stderr);
      seat.see("a folder", folder.stderr);
      seat.see("no cwd", cwd.stderr);
      seat.outcome("kill", await seat.ctr(["tasks", "kill", "--signal", "KILL", id]), 0);
      await seat.becomes(id, "STOPPED");
      const stopped = await seat.exec(id, ["true"]);
      seat.outcome("stopped", stopped, 1, "", /./);
      seat.see("stopped", stopped.stderr);
    },
  },
  {
    name: "tasks ps",
    needs: ["ps"],
    async play(seat) {
      const id = await seat.detached([], sh("sleep 55 & sleep 66; true"));
      const pid = pidOf(await seat.ctr(["tasks", "ls"]), id);
      const listed = await until(async () => {
        const text = seat.prints("tasks ps", await seat.ctr(["tasks", "ps", id]));
        return text.trim().split("\n").length === 4 ? text : undefined;
      }, "three processes");
      seat.match("pid of the first", listed, new RegExp(`^${pid} `, "m"));
    },
  },
  {
    name: "pause and resume",
    needs: ["pause", "resume"],
    async play(seat) {
      const mount = `type=bind,src=${seat.folder},dst=/mnt,options=rbind:rw`;
      const id = await seat.detached(["--mount", mount], sh("while :; do echo >>/mnt/ticks; sleep 0.02; done"));
      const ticks = (): number => readFileSync(join(seat.folder, "ticks"), "utf8").length;
      await until(() => {
        try {
          return ticks() > 2 || undefined;
        } catch {
          return undefined;
        }
      }, "ticks");
      seat.outcome("pause", await seat.ctr(["tasks", "pause", id]), 0, "", "");
      seat.same("status", await seat.status(id), "PAUSED");
      const then = ticks();
      await pause(300);
      seat.same("ticks while paused", ticks(), then);
      const exec = await seat.exec(id, ["true"]);
      seat.outcome("exec while paused", exec, 1, "", /paused/);
      seat.see("exec while paused", exec.stderr);
      seat.outcome("resume", await seat.ctr(["tasks", "resume", id]), 0, "", "");
      seat.same("status", await seat.status(id), "RUNNING");
      await until(() => ticks() > then || undefined, "ticks after resume");
      const again = await seat.ctr(["tasks", "resume", id]);
      seat.outcome("resume of a running one", again, 1, "", /./);
      seat.see("resume of a running one", again.stderr);
    },
  },
  {
    name: "metrics",
    async play(seat) {
      const id = await seat.detached(["--memory-limit", String(64 * MIB)], sh("sleep 55 & sleep 66; true"));
      const text = seat.prints("metrics", await seat.ctr(["tasks", "metrics", "--format", "json", id]));
      const data = JSON.parse(text) as { pids?: { current?: number }; memory?: { usage?: { limit?: number } } };
      seat.same("memory limit", data.memory?.usage?.limit, 64 * MIB);
      seat.same("processes", (data.pids?.current ?? 0) >= 1, true);
    },
  },
  {
    name: "run: processor limits",
    async play(seat) {
      const id = await seat.detached(["--cpus", "0.25", "--cpu-shares", "512"]);
      const cgroup = `/sys/fs/cgroup/cpu/${seat.mark}/${id}`;
      const read = (name: string): string => readFileSync(join(cgroup, name), "utf8").trim();
      seat.same("quota", `${read("cpu.cfs_quota_us")}/${read("cpu.cfs_period_us")}`, "25000/100000");
      seat.same("shares", read("cpu.shares"), "512");
    },
  },
  {
    name: "a container that cannot start",
    async play(seat) {
      const attempt = async (what: string, wanted: RegExp, flags: string[], words: string[]) => {
        const id = seat.id();
        const found = await seat.run(["--rm", ...flags], id, words);
        seat.outcome(what, found, 1, "", wanted);
        seat.see(what, found.stderr);
        seat.same(`${what}: status`, await seat.status(id), "none");
      };
      const create = /^ctr: failed to create shim task: OCI runtime create failed: /;
      await attempt("no program", /no such file or directory|executable file not found/, [], ["/no/such/program"]);
      await attempt("no program in PATH", /executable file not found in \$PATH/, [], ["nosuchprogram"]);
      await attempt("no right", /permission denied/, [], ["/etc/passwd"]);
      await attempt("no cwd to make", create, ["--cwd", "/etc/passwd"], ["true"]);
      await attempt("no source", create, ["--mount", "type=bind,src=/no/such,dst=/mnt,options=rbind"], ["true"]);
      await attempt("no namespace", create, ["--with-ns", "network:/no/such"], ["true"]);
    },
  },
  {
    name: "killed for its memory",
    async play(seat) {
      const id = await seat.detached(["--memory-limit", String(16 * MIB)], KILLED_AGAIN_AND_AGAIN);
      const events = onEvents(seat);
      await seat.becomes(id, "STOPPED");
      seat.match("events", (await events).stdout, new RegExp(`/tasks/oom .*${id}`));
      seat.same("status", await seat.remove(id), 137);
    },
  },
  {
    name: "checkpoint",
    needs: ["checkpoint"],
    async play(seat) {
      const criu = await command("criu", ["check"]).catch(() => undefined);
      if (criu === undefined) return seat.skip("criu is not installed");
      if (criu.status !== 0) return seat.skip(`criu check: ${(criu.stdout + criu.stderr).trim().split("\n").at(-1)}`);
      const id = await seat.detached([]);
      seat.outcome("checkpoint", await seat.ctr(["tasks", "checkpoint", "--exit", id]), 0);
      await seat.becomes(id, "STOPPED");
    },
  },
  {
    name: "20 at once",
    async play(seat) {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          seat.run(["--rm"], seat.id(), sh(`echo number ${index}; exit ${index}`), { timeoutMs: 60_000 }),
        ),
      );
      all.forEach((found, index) => {
        seat.outcome(`number ${index}`, found, index, `number ${index}\n`, "");
      });
    },
  },
  {
    name: "20 execs at once",
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached([]);
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          seat.exec(id, sh(`echo number ${index}; exit ${index}`), [], { timeoutMs: 60_000 }),
        ),
      );
      all.forEach((found, index) => {
        seat.outcome(`number ${index}`, found, index, `number ${index}\n`, "");
      });
    },
  },
];

function pidOf(listed: { stdout: string }, id: string): string {
  const line = listed.stdout.split("\n").find((one) => one.split(/\s+/)[0] === id);
  return line?.split(/\s+/)[1] ?? "none";
}

/** Five times more than its memory: `ctr events` may have begun to listen after the first. */
const KILLED_AGAIN_AND_AGAIN = sh("for i in 1 2 3 4 5; do sleep 0.5; tail /dev/zero; code=$?; done; exit $code");

/** Eight seconds of `ctr events`. */
function onEvents(seat: CtrSeat) {
  return seat.ctr(["events"], { timeoutMs: 8000 });
}

const reason = whyNoContainerd();
if (!missing(reason)) {
  const containerd = new Containerd();
  let left: string[] = ["it did not come to an end"];
  try {
    await containerd.start();
    await containerd.importImage();
    await perform("containerd", scenarios, containerd.seats);
  } finally {
    left = await containerd.close();
  }
  // Each namespace's own cgroup is containerd's to keep.
  const parent = /^cgroup \/sys\/fs\/cgroup\/[^/]+\/tsm[0-9]+-[a-z-]+$/;
  t.strictSame(
    left.filter((line) => !parent.test(line)),
    [],
    "nothing is left behind",
  );
}
