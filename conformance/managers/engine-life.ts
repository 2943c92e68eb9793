/** What users of Docker and of Podman do alike: a container's life, and what is done inside a running one. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause, SIZE, until } from "./command.ts";
import { type EngineSeat, sh } from "./engine.ts";
import type { Scenario } from "./scenario.ts";

/** Until a container has said that its trap is set: before, pid 1 of a namespace ignores the signal. */
const ready = (seat: EngineSeat, id: string): Promise<true> =>
  until(async () => /^ready$/m.test((await seat.cli(["logs", id])).stdout) || undefined, "its trap");

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
      const id = await seat.detached([], sh("for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done; sleep 1"));
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
      const polite = sh("trap 'echo asked; exit 9' TERM; echo ready; while :; do sleep 0.05; done");
      const [asked, deaf, other] = await Promise.all([
        seat.detached([], polite),
        seat.detached([], sh("trap '' TERM; echo ready; while :; do sleep 0.05; done")),
        seat.detached(["--stop-signal", "USR1"], sh("trap 'exit 8' USR1; echo ready; while :; do sleep 0.05; done")),
      ]);
      await Promise.all([asked, deaf, other].map((id) => ready(seat, id)));
      const timed = async (id: string, seconds: number) => {
        const started = Date.now();
        seat.prints("stop", await seat.cli(["stop", "-t", String(seconds), id]));
        return Date.now() - started;
      };
      const [quick, forced, third] = await Promise.all([timed(asked, 10), timed(deaf, 1), timed(other, 10)]);
      seat.same("asked: exit code", await seat.inspect(asked, ".State.ExitCode"), "9");
      seat.outcome("asked: logs", await seat.cli(["logs", asked]), 0, "ready\nasked\n");
      seat.same("forced: exit code", await seat.inspect(deaf, ".State.ExitCode"), "137");
      seat.same("other signal: exit code", await seat.inspect(other, ".State.ExitCode"), "8");
      seat.same("times", [quick < 9500, forced >= 1000 && forced < 9500, third < 9500].join(), "true,true,true");
    },
  },
  {
    name: "kill: a signal, KILL, a stopped container",
    async play(seat) {
      const id = await seat.detached([], sh("trap 'echo hup' HUP; echo ready; while :; do sleep 0.05; done"));
      await ready(seat, id);
      seat.outcome("kill -s HUP", await seat.cli(["kill", "-s", "HUP", id]), 0);
      await until(
        async () => ((await seat.cli(["logs", id])).stdout === "ready\nhup\n" ? true : undefined),
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
      const sysctl = await seat.run(["--sysctl", "net.no.such=1"], ["true"]);
      seat.same("an unknown sysctl", [125, 126, 127].includes(sysctl.status), true);
      seat.see("an unknown sysctl", `${sysctl.status} ${sysctl.stderr}`);
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
    needs: ["exec"],
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
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached();
      const found = await seat.onTerminal(
        ["exec", "-it", id, "sh"],
        [
          [/# /, SIZE],
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
    needs: ["exec"],
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
    needs: ["exec"],
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
    needs: ["ps"],
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
    needs: ["pause", "resume"],
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
      await pause(300);
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

export const LIFE_SCENARIOS: readonly Scenario<EngineSeat>[] = [...life, ...inside];
