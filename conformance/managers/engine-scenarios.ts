/** What users of Docker and of Podman do alike: run, volumes, limits, security, namespaces. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, until } from "./command.ts";
import type { EngineSeat } from "./engine.ts";
import type { Scenario } from "./scenario.ts";

export const MIB = 1 << 20;

/** Whether this process may pass every capability of the kernel on. */
function hasAllCapabilities(): boolean {
  const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  const bounding = /CapBnd:\t([0-9a-f]+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return BigInt(`0x${bounding}`) === (1n << BigInt(last + 1)) - 1n;
}

export const sh = (script: string): string[] => ["sh", "-c", script];

/** A file of a container's cgroup v1 controller. */
export async function limit(seat: EngineSeat, id: string, controller: string, file: string): Promise<string> {
  const path = join("/sys/fs/cgroup", controller, seat.cgroup(await seat.inspect(id, ".Id")), file);
  return readFileSync(path, "utf8").trim();
}

const run: readonly Scenario<EngineSeat>[] = [
  {
    name: "run: output, streams and status",
    async play(seat) {
      seat.outcome("run", await seat.run([], sh("echo out; echo err >&2; exit 7")), 7, "out\n", "err\n");
      seat.outcome("run -i", await seat.run(["-i"], ["cat"], { input: "from stdin\n" }), 0, "from stdin\n", "");
      seat.outcome("large", await seat.run([], sh("seq 1 100000 | tail -n 50000 | md5sum")), 0, /^[0-9a-f]{32} /, "");
      seat.see("default command's environment", await seat.runs(["--hostname", "box"], ["env"]));
    },
  },
  {
    name: "run: environment, working directory, host name, user, groups",
    async play(seat) {
      const flags = [
        "-e",
        "WORD=given",
        "-w",
        "/data",
        "--hostname",
        "named",
        "--user",
        "1000:1000",
        "--group-add",
        "7",
      ];
      const found = await seat.runs(flags, sh("echo $WORD $FROM_IMAGE; pwd; hostname; id; umask; cat /etc/hostname"));
      seat.match(
        "output",
        found,
        /^given yes\n\/data\nnamed\nuid=1000\(user\) gid=1000\(user\) groups=.*7.*\n0022\nnamed\n$/,
      );
      seat.see("output", found);
      seat.match("--user name", await seat.runs(["--user", "user"], ["id"]), /^uid=1000\(user\) gid=1000\(user\)/);
    },
  },
  {
    name: "run: what the process sees",
    async play(seat) {
      const status = "grep -E '^(Cap|Seccomp|NoNewPrivs|Groups|SigIgn|SigBlk)' /proc/self/status";
      seat.see("status", await seat.runs([], sh(status)));
      seat.see("limits", await seat.runs([], ["cat", "/proc/self/limits"]));
      seat.see("devices", await seat.runs([], sh("ls -l /dev | sed 's/ [A-Z][a-z][a-z] .*:[0-9][0-9] / /'")));
      const mounts = await seat.runs([], sh("cut -d' ' -f4- /proc/self/mountinfo"));
      const hidden = mounts
        .replaceAll(/(lowerdir|upperdir|workdir)=[^ ,\n]*/g, "$1=…")
        .replaceAll(/\/[^ ]*(docker|podman)-[^ \n]*/g, "…");
      seat.see("mounts", hidden.replaceAll(/(shared|master):[0-9]+/g, "$1"));
      seat.see("descriptors", await seat.runs([], sh("ls /proc/self/fd | wc -l")));
      seat.see("init's cgroup", (await seat.runs([], ["cat", "/proc/self/cgroup"])).replaceAll(/libpod-/g, ""));
    },
  },
  {
    name: "run --read-only, --tmpfs, --shm-size, --init",
    async play(seat) {
      const flags = ["--read-only", "--tmpfs", "/scratch:rw,size=1m,mode=1700"];
      const found = await seat.run(
        flags,
        sh("touch /x; echo >/scratch/x && stat -c %a /scratch; df -k /scratch | tail -n 1"),
      );
      seat.match("stdout", found.stdout, /^1700\ntmpfs +1024 /);
      seat.match("stderr", found.stderr, /touch: \/x: Read-only file system/);
      const shm = await seat.runs(["--shm-size", "2m"], sh("df -k /dev/shm | tail -n 1"));
      seat.match("--shm-size", shm, /^shm +2048 /);
      if (seat.manager === "docker")
        seat.match("--init", await seat.runs(["--init"], ["ps", "-o", "pid,args"]), /1 .*docker-init/);
    },
  },
  {
    name: "run -it: a shell on a terminal",
    async play(seat) {
      const found = await seat.onTerminal(
        ["run", "--rm", "-it", "--network", "none", ...seat.own, "docker.io/library/box:1", "sh"],
        [
          [/# /, "tty; stty size\n"],
          [/33 111[\s\S]*# /, "echo typed-$((40+2))\n"],
          [/typed-42[\s\S]*# /, "sh -c 'echo go; sleep 100'\n"],
          [/\ngo\n/, "\x03"],
          [/# /, "echo after $?\n"],
          [/after 130[\s\S]*# /, "exit 5\n"],
        ],
      );
      seat.outcome("run -it", found, 5, /\/dev\/pts\/0\n/);
    },
  },
  {
    name: "run -it: left by its keys, attached again",
    async play(seat) {
      const id = seat.id();
      const words = ["run", "-it", "--name", id, "--network", "none", ...seat.own, "docker.io/library/box:1", "sh"];
      seat.outcome(
        "leave",
        await seat.onTerminal(words, [
          [/# /, "WORD=kept\n"],
          [/# /, "\x10"],
          [/$/, "\x11"],
        ]),
        0,
      );
      seat.same("status", await seat.inspect(id, ".State.Status"), "running");
      const found = await seat.onTerminal(
        ["attach", id],
        [
          [/^/, "\n"],
          [/# /, "echo is $WORD\n"],
          [/is kept[\s\S]*# /, "exit 3\n"],
        ],
      );
      seat.outcome("attach", found, 3);
    },
  },
];

const volumes: readonly Scenario<EngineSeat>[] = [
  {
    name: "-v: folders, files, read-only, seen from both sides",
    async play(seat) {
      const folder = join(seat.folder, "volume");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "file"), "of the host\n");
      const bind = ["-v", `${folder}:/mnt`, "-v", `${folder}:/ro:ro`, "-v", `${folder}/file:/etc/one-file:ro`];
      const found = await seat.run(
        bind,
        sh("cat /mnt/file /etc/one-file; echo inside >/mnt/made; cat /ro/made; echo x >/ro/x"),
      );
      seat.outcome("-v", found, 1, "of the host\nof the host\ninside\n", /\/ro\/x: Read-only file system/);
      seat.same("made", readFileSync(join(folder, "made"), "utf8"), "inside\n");
      const mount = [
        `type=bind,source=${folder},target=/deep/in/it,readonly`,
        "type=tmpfs,destination=/tmpfs,tmpfs-size=1m",
      ];
      const other = await seat.runs(
        mount.flatMap((one) => ["--mount", one]),
        sh("cat /deep/in/it/file; df -k /tmpfs | tail -n 1"),
      );
      seat.match("--mount", other, /^of the host\ntmpfs +1024 /);
    },
  },
  {
    name: "-v: named, anonymous, copied from the image, --volumes-from",
    async play(seat) {
      const name = seat.id();
      await seat.runs(["-v", `${name}:/data`], sh("echo kept >/data/file"));
      seat.same("named", await seat.runs(["-v", `${name}:/again:ro`], ["cat", "/again/file"]), "kept\n");
      seat.match("copied", await seat.runs(["-v", "/etc"], ["cat", "/etc/passwd"]), /^root:x:0:0/);
      const id = await seat.detached(
        ["-v", "/anonymous", "-v", `${name}:/data`],
        sh("echo of the first >/anonymous/file; sleep 1000"),
      );
      const read = async () => {
        const found = await seat.run(["--volumes-from", id], sh("cat /anonymous/file /data/file"));
        return found.status === 0 ? found.stdout : undefined;
      };
      seat.same("--volumes-from", await until(read, "a file of the first container"), "of the first\nkept\n");
    },
  },
  {
    name: "-v: propagation",
    async play(seat) {
      const folder = join(seat.folder, "shared");
      mkdirSync(join(folder, "inner"), { recursive: true });
      const script = (what: string) => `grep ' ${what} ' /proc/self/mountinfo | cut -d' ' -f7 | cut -d: -f1`;
      for (const [kind, wanted] of [
        ["rprivate", /^-\n$/],
        ["rslave", /^(master|-)\n$/],
        ["rshared", /^(shared|-)\n$/],
      ] as const) {
        const found = await seat.run(["-v", `${folder}:/mnt:${kind}`], sh(script("/mnt")));
        if (found.status === 0) seat.match(kind, found.stdout, wanted);
        seat.see(kind, `${found.status} ${found.stdout}`);
      }
    },
  },
  {
    name: "-v: what cannot be mounted",
    async play(seat) {
      writeFileSync(join(seat.folder, "plain"), "");
      const onFolder = await seat.run(["-v", `${seat.folder}/plain:/etc`], ["true"]);
      seat.outcome("a file onto a folder", onFolder, onFolder.status, "", /not a directory/i);
      seat.see("a file onto a folder", `${onFolder.status} ${onFolder.stderr}`);
      const onFile = await seat.run(["-v", `${seat.folder}:/etc/passwd`], ["true"]);
      seat.see("a folder onto a file", `${onFile.status} ${onFile.stderr}`);
      const absent = await seat.run(["--mount", `type=bind,source=${seat.folder}/absent,target=/mnt`], ["true"]);
      seat.outcome("no source", absent, 125, "", /absent/);
    },
  },
];

const limits: readonly Scenario<EngineSeat>[] = [
  {
    name: "--memory, --cpus, --pids-limit and the like, in the cgroup",
    async play(seat) {
      const flags = ["--memory", "64m", "--memory-reservation", "32m", "--cpus", "0.5", "--cpu-shares", "512"];
      const id = await seat.detached([
        ...flags,
        "--pids-limit",
        "50",
        "--cpuset-cpus",
        "0",
        "--ulimit",
        "nofile=100:200",
      ]);
      const found = [
        await limit(seat, id, "memory", "memory.limit_in_bytes"),
        await limit(seat, id, "memory", "memory.soft_limit_in_bytes"),
        await limit(seat, id, "cpu", "cpu.cfs_quota_us"),
        await limit(seat, id, "cpu", "cpu.cfs_period_us"),
        await limit(seat, id, "cpu", "cpu.shares"),
        await limit(seat, id, "pids", "pids.max"),
        await limit(seat, id, "cpuset", "cpuset.cpus"),
      ];
      seat.same("limits", found.join(" "), `${64 * MIB} ${32 * MIB} 50000 100000 512 50 0`);
      const pid = await seat.inspect(id, ".State.Pid");
      seat.match("nofile", readFileSync(`/proc/${pid}/limits`, "utf8"), /Max open files +100 +200 /);
      seat.see("devices", (await limit(seat, id, "devices", "devices.list")).split("\n").sort().join("\n"));
    },
  },
  {
    name: "killed for its memory",
    async play(seat) {
      const id = await seat.detached(["--memory", "16m"], sh("sleep 0.3; tail /dev/zero; exit $?"));
      await seat.becomes(id, ".State.Status", "exited");
      seat.same("state", await seat.inspect(id, ".State.ExitCode"), "137");
      seat.same("OOMKilled", await seat.inspect(id, ".State.OOMKilled"), "true");
    },
  },
  {
    name: "update: limits of a running container",
    async play(seat) {
      const id = await seat.detached(["--memory", "64m", "--cpus", "0.5"]);
      const flags = [
        "--memory",
        "48m",
        ...(seat.manager === "docker" ? ["--memory-swap", "96m"] : []),
        "--cpu-shares",
        "300",
      ];
      const found = await seat.cli(["update", ...flags, "--cpuset-cpus", "0", id]);
      seat.outcome("update", found, 0, /./, "");
      seat.same("memory", await limit(seat, id, "memory", "memory.limit_in_bytes"), String(48 * MIB));
      seat.same("shares", await limit(seat, id, "cpu", "cpu.shares"), "300");
      seat.same("cpuset", await limit(seat, id, "cpuset", "cpuset.cpus"), "0");
      seat.same("quota, as it was", await limit(seat, id, "cpu", "cpu.cfs_quota_us"), "50000");
    },
  },
];

const security: readonly Scenario<EngineSeat>[] = [
  {
    name: "--cap-drop, --cap-add, no-new-privileges",
    async play(seat) {
      const show = ["grep", "-E", "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):", "/proc/self/status"];
      const none = await seat.runs(["--cap-drop", "ALL"], show);
      seat.match("--cap-drop ALL", none, /CapEff:\t0{16}\nCapBnd:\t0{16}\n/);
      const one = await seat.runs(
        ["--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges"],
        show,
      );
      seat.match("--cap-add", one, /CapEff:\t0000000000001000\n[\s\S]*NoNewPrivs:\t1\n/);
      const user = await seat.runs(["--user", "1000"], show);
      seat.match("--user", user, /CapEff:\t0{16}\n/);
      seat.see("all", [none, one, user].join("\n"));
      seat.outcome(
        "chown without the right",
        await seat.run(["--cap-drop", "CHOWN"], ["chown", "1000", "/etc/passwd"]),
        1,
        "",
        /not permitted/,
      );
    },
  },
  {
    name: "run --privileged, exec --privileged",
    async play(seat) {
      if (!hasAllCapabilities())
        return seat.skip("this machine's own bounding set lacks capabilities, and runc insists on all");
      const show = ["grep", "-E", "^(Cap|NoNewPrivs|Seccomp)", "/proc/self/status"];
      const found = await seat.runs(["--privileged"], show);
      seat.match("run", found, /Seccomp:\t0\n/);
      const id = await seat.detached();
      const exec = seat.prints("exec", await seat.exec(id, show, ["--privileged"]));
      seat.see("both", found + exec);
    },
  },
  {
    name: "--security-opt seccomp",
    async play(seat) {
      const file = join(seat.folder, "seccomp.json");
      const rule = { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 };
      writeFileSync(
        file,
        JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [rule] }),
      );
      const own = await seat.run(
        ["--security-opt", `seccomp=${file}`],
        sh("mkdir /x; grep Seccomp: /proc/self/status"),
      );
      seat.outcome("a profile", own, 0, "Seccomp:\t2\n", /mkdir: .*: (Not supported|Operation not supported)/);
      const none = await seat.run(["--security-opt", "seccomp=unconfined"], sh("grep Seccomp: /proc/self/status"));
      seat.outcome("unconfined", none, 0, "Seccomp:\t0\n");
      const standard = await seat.run([], sh("unshare -U true; grep Seccomp: /proc/self/status"));
      seat.outcome("the manager's", standard, 0, "Seccomp:\t2\n", /unshare.*not permitted/);
    },
  },
  {
    name: "--device, --sysctl",
    async play(seat) {
      const device = ["--device", "/dev/null:/dev/nothing:rw"];
      const found = await seat.runs(device, sh("echo x >/dev/nothing && stat -c '%F %t:%T' /dev/nothing"));
      seat.same("--device", found, "character special file 1:3\n");
      const sysctl = ["--sysctl", "net.ipv4.ip_unprivileged_port_start=99"];
      seat.same("--sysctl", await seat.runs(sysctl, ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"]), "99\n");
      const blocked = await seat.run([], sh("mknod /dev/disk b 254 0 && head -c 1 /dev/disk"));
      seat.outcome("a device that is not allowed", blocked, 1, "", /not permitted|Permission denied/);
    },
  },
  {
    name: "--pid, --ipc, --network, --uts of others and of the host",
    async play(seat) {
      const id = await seat.detached(["--ipc", "shareable"]);
      const own = (pid: string, kind: string) =>
        command("/bin/readlink", [`/proc/${pid}/ns/${kind}`]).then((one) => one.stdout);
      const pid = await seat.inspect(id, ".State.Pid");
      const other = `container:${id}`;
      const show = sh("for kind in pid ipc net; do readlink /proc/self/ns/$kind; done; ps");
      const found = await seat.runs(["--pid", other, "--ipc", other, "--network", other], show);
      seat.same(
        "namespaces",
        found.startsWith((await own(pid, "pid")) + (await own(pid, "ipc")) + (await own(pid, "net"))),
        true,
      );
      seat.match("ps", found, /1 root .*sleep 1000/);
      const host = await seat.runs(["--pid", "host", "--ipc", "host", "--network", "host", "--uts", "host"], show);
      seat.same(
        "the host's",
        host.startsWith((await own("self", "pid")) + (await own("self", "ipc")) + (await own("self", "net"))),
        true,
      );
    },
  },
];

const life: readonly Scenario<EngineSeat>[] = [
  {
    name: "detached: logs, wait, start again, removed",
    async play(seat) {
      const id = await seat.detached([], sh("echo out; echo err >&2; sleep 0.3; echo late; exit 6"));
      seat.outcome("wait", await seat.cli(["wait", id]), 0, "6\n", "");
      seat.outcome("logs", await seat.cli(["logs", id]), 0, "out\nlate\n", "err\n");
      seat.outcome("start -a", await seat.cli(["start", "--attach", id]), 6, "out\nlate\n", "err\n");
      seat.match("ps", seat.prints("ps", await seat.cli(["ps", "-a", "--filter", `name=${id}`])), /Exited \(6\)/);
      seat.outcome("rm", await seat.cli(["rm", id]), 0);
      seat.outcome("removed", await seat.cli(["inspect", id]), seat.manager === "docker" ? 1 : 125);
    },
  },
  {
    name: "logs -f: lines as they come",
    async play(seat) {
      const id = await seat.detached([], sh("for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done"));
      seat.outcome(
        "logs -f",
        await seat.cli(["logs", "--follow", id]),
        0,
        "line 1\nline 2\nline 3\nline 4\nline 5\n",
        "",
      );
    },
  },
  {
    name: "stop: by its signal, by force after the time",
    async play(seat) {
      const polite = sh("trap 'echo asked; exit 9' TERM; while :; do sleep 0.05; done");
      const [asked, deaf, other] = await Promise.all([
        seat.detached([], polite),
        seat.detached([], sh("trap '' TERM; while :; do sleep 0.05; done")),
        seat.detached(["--stop-signal", "USR1"], sh("trap 'exit 8' USR1; while :; do sleep 0.05; done")),
      ]);
      await new Promise((done) => setTimeout(done, 200));
      const timed = async (id: string, seconds: number) => {
        const started = Date.now();
        seat.prints("stop", await seat.cli(["stop", "-t", String(seconds), id]));
        return Date.now() - started;
      };
      const [quick, forced, third] = await Promise.all([timed(asked, 10), timed(deaf, 1), timed(other, 10)]);
      seat.same("asked: exit code", await seat.inspect(asked, ".State.ExitCode"), "9");
      seat.outcome("asked: logs", await seat.cli(["logs", asked]), 0, "asked\n");
      seat.same("forced: exit code", await seat.inspect(deaf, ".State.ExitCode"), "137");
      seat.same("other signal: exit code", await seat.inspect(other, ".State.ExitCode"), "8");
      seat.same("times", [quick < 5000, forced >= 1000 && forced < 6000, third < 5000].join(), "true,true,true");
    },
  },
  {
    name: "kill: a signal, KILL, a stopped container",
    async play(seat) {
      const id = await seat.detached([], sh("trap 'echo hup' HUP; while :; do sleep 0.05; done"));
      await new Promise((done) => setTimeout(done, 200));
      seat.outcome("kill -s HUP", await seat.cli(["kill", "-s", "HUP", id]), 0);
      await until(
        async () => ((await seat.cli(["logs", id])).stdout === "hup\n" ? true : undefined),
        "the trap's word",
      );
      seat.outcome("kill", await seat.cli(["kill", id]), 0);
      await seat.becomes(id, ".State.Status", "exited");
      seat.same("exit code", await seat.inspect(id, ".State.ExitCode"), "137");
      const again = await seat.cli(["kill", id]);
      seat.outcome(
        "kill of a stopped one",
        again,
        seat.manager === "docker" ? 1 : 125,
        "",
        /is not running|can only kill running containers/,
      );
    },
  },
  {
    name: "restart, and the restart policy",
    async play(seat) {
      const policy = await seat.detached(["--restart", "on-failure:2"], sh("echo try; exit 4"));
      const id = await seat.detached();
      const pid = await seat.inspect(id, ".State.Pid");
      seat.outcome("restart", await seat.cli(["restart", "-t", "0", id]), 0);
      seat.same("status", await seat.inspect(id, ".State.Status"), "running");
      seat.same("a new process", (await seat.inspect(id, ".State.Pid")) !== pid, true);
      await seat.becomes(policy, ".RestartCount", "2", 20_000);
      await seat.becomes(policy, ".State.Status", "exited");
      seat.outcome("logs", await seat.cli(["logs", policy]), 0, "try\ntry\ntry\n");
      seat.same("exit code", await seat.inspect(policy, ".State.ExitCode"), "4");
    },
  },
  {
    name: "a container that cannot start",
    async play(seat) {
      const attempt = async (what: string, status: number, wanted: RegExp, flags: string[], words: string[]) => {
        const found = await seat.run(flags, words);
        seat.outcome(what, found, status, "", wanted);
        seat.see(what, found.stderr);
      };
      await attempt("no program", 127, /no such file or directory/i, [], ["/no/such/program"]);
      await attempt("no program in PATH", 127, /executable file.* not found in \$PATH/, [], ["nosuchprogram"]);
      await attempt("no right", 126, /permission denied/i, [], ["/etc/passwd"]);
      await attempt("a folder", 126, /permission denied|is a directory/i, [], ["/etc"]);
      await attempt("no cwd to make", seat.manager === "docker" ? 125 : 126, /./, ["-w", "/etc/passwd"], ["true"]);
      await attempt(
        "an unknown sysctl",
        seat.manager === "docker" ? 125 : 126,
        /./,
        ["--sysctl", "net.no.such=1"],
        ["true"],
      );
    },
  },
  {
    name: "20 at once",
    async play(seat) {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          seat.run([], sh(`echo number ${index}; exit ${index}`), { timeoutMs: 90_000 }),
        ),
      );
      all.forEach((found, index) => {
        seat.outcome(`number ${index}`, found, index, `number ${index}\n`, "");
      });
    },
  },
];

const inside: readonly Scenario<EngineSeat>[] = [
  {
    name: "exec: output, streams, status, user, working directory, environment",
    async play(seat) {
      const id = await seat.detached(["-e", "WORD=given"]);
      seat.outcome("exec", await seat.exec(id, sh("echo in; echo err >&2; exit 4")), 4, "in\n", "err\n");
      seat.outcome("exec -i", await seat.exec(id, ["cat"], ["-i"], { input: "from stdin\n" }), 0, "from stdin\n");
      const flags = ["-w", "/data", "-u", "1000:1000", "-e", "MORE=too"];
      const script =
        "pwd; id; echo $WORD $MORE; grep -E '^(Cap|Sec|NoNew|Groups)' /proc/self/status; cat /proc/self/limits";
      const found = seat.prints("exec", await seat.exec(id, sh(script), flags));
      seat.match("exec", found, /^\/data\nuid=1000.*\ngiven too\n/);
      seat.see("output", found);
      const same = sh(
        "for one in cgroup mountinfo; do diff /proc/1/$one /proc/self/$one >/dev/null && echo same $one; done",
      );
      seat.same("cgroup, mounts", seat.prints("exec", await seat.exec(id, same)), "same cgroup\nsame mountinfo\n");
    },
  },
  {
    name: "exec -it: a shell on a terminal",
    async play(seat) {
      const id = await seat.detached();
      const found = await seat.onTerminal(
        ["exec", "-it", id, "sh"],
        [
          [/# /, "tty; stty size\n"],
          [/33 111[\s\S]*# /, "echo typed-$((40+2))\n"],
          [/typed-42[\s\S]*# /, "sh -c 'echo go; sleep 100'\n"],
          [/\ngo\n/, "\x03"],
          [/# /, "echo after $?\n"],
          [/after 130[\s\S]*# /, "exit 5\n"],
        ],
      );
      seat.outcome("exec -it", found, 5, /\/dev\/pts\/[0-9]+\n/);
    },
  },
  {
    name: "exec: what fails",
    async play(seat) {
      const id = await seat.detached();
      const attempt = async (what: string, status: number, wanted: RegExp, flags: string[], words: string[]) => {
        const found = await seat.exec(id, words, flags);
        seat.outcome(what, found, status, /^/, /^/);
        seat.match(what, found.stdout + found.stderr, wanted);
        seat.see(what, found.stdout + found.stderr);
      };
      const docker = seat.manager === "docker";
      await attempt("no program", docker ? 126 : 127, /no such file or directory/i, [], ["/no/such/program"]);
      await attempt(
        "no program in PATH",
        docker ? 126 : 127,
        /executable file.* not found in \$PATH/,
        [],
        ["nosuchprogram"],
      );
      await attempt("no right", 126, /permission denied/i, [], ["/etc/passwd"]);
      seat.prints("kill", await seat.cli(["kill", id]));
      await seat.becomes(id, ".State.Status", "exited");
      const stopped = await seat.exec(id, ["true"]);
      seat.outcome(
        "stopped",
        stopped,
        docker ? 1 : 255,
        "",
        /is not running|can only create exec sessions on running containers/,
      );
    },
  },
  {
    name: "exec: 20 at once, detached",
    async play(seat) {
      const id = await seat.detached();
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          seat.exec(id, sh(`echo number ${index}; exit ${index}`), [], { timeoutMs: 90_000 }),
        ),
      );
      all.forEach((found, index) => {
        seat.outcome(`number ${index}`, found, index, `number ${index}\n`, "");
      });
      seat.outcome("exec -d", await seat.exec(id, sh("echo done >/made"), ["-d"]), 0);
      await until(
        async () => ((await seat.exec(id, ["cat", "/made"])).stdout === "done\n" ? true : undefined),
        "the detached exec's file",
      );
    },
  },
  {
    name: "top, stats",
    async play(seat) {
      const id = await seat.detached(["--memory", "64m"], sh("sleep 55 & sleep 66; true"));
      await until(
        async () => (await seat.cli(["top", id])).stdout.trim().split("\n").length >= 4 || undefined,
        "three processes",
      );
      const top = seat.prints("top", await seat.cli(["top", id]));
      seat.match("top", top, /PID[\s\S]*sh -c [\s\S]*sleep (55|66)/);
      seat.prints(
        "top -o",
        await seat.cli(seat.manager === "docker" ? ["top", id, "-o", "pid,comm"] : ["top", id, "pid", "comm"]),
      );
      const format = seat.manager === "docker" ? "{{.MemUsage}} {{.PIDs}}" : "{{.MemUsage}} {{.PIDS}}";
      const stats = seat.prints("stats", await seat.cli(["stats", "--no-stream", "--format", format, id]));
      seat.match("stats", stats, /^[0-9.]+[kMK]i?B \/ (64MiB|67.11MB) 3\n$/);
    },
  },
  {
    name: "pause, unpause",
    async play(seat) {
      mkdirSync(join(seat.folder, "pause"), { recursive: true });
      const file = join(seat.folder, "pause", "ticks");
      writeFileSync(file, "");
      const id = await seat.detached(
        ["-v", `${seat.folder}/pause:/mnt`],
        sh("while :; do echo >>/mnt/ticks; sleep 0.02; done"),
      );
      const ticks = () => statSync(file).size;
      await until(() => ticks() > 2 || undefined, "ticks");
      seat.outcome("pause", await seat.cli(["pause", id]), 0);
      seat.same("status", await seat.inspect(id, ".State.Status"), "paused");
      const then = ticks();
      await new Promise((done) => setTimeout(done, 300));
      seat.same("ticks while paused", ticks(), then);
      const exec = await seat.exec(id, ["true"]);
      seat.outcome(
        "exec while paused",
        exec,
        seat.manager === "docker" ? 1 : 255,
        "",
        /is paused|can only create exec sessions on running/,
      );
      seat.outcome("unpause", await seat.cli(["unpause", id]), 0);
      await until(() => ticks() > then || undefined, "ticks after unpause");
      seat.outcome("pause", await seat.cli(["pause", id]), 0);
      // Removing must not wait for a thaw that nobody orders.
      seat.outcome("rm -f of a paused one", await seat.cli(["rm", "-f", id]), 0);
    },
  },
];

/** In the order of a first acquaintance. */
export const ENGINE_SCENARIOS: readonly Scenario<EngineSeat>[] = [
  ...run,
  ...volumes,
  ...limits,
  ...security,
  ...life,
  ...inside,
];
