/** run: streams, status, signals, --detach, --keep (FEATURES of runc's command line). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exits, fails, onHosts, prints, removed } from "../support/life.ts";
import { type Sandbox, until } from "../support/sandbox.ts";

/** run in the foreground, as a child that the test may signal. */
function running(box: Sandbox, bundle: string, id: string): { child: ChildProcess; output: () => string } {
  const path = join(box.folder, `${id}.out`);
  const fd = openSync(path, "w");
  const [program = "", ...rest] = box.host.command;
  const args = [...rest, "--root", box.state, "run", "--bundle", bundle, id];
  const child = spawn(program, args, { stdio: ["ignore", fd, fd] });
  closeSync(fd);
  return { child, output: () => readFileSync(path, "utf8") };
}

onHosts("run: signals are forwarded", async (t, box) => {
  const names = ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "CONT", "WINCH"];
  const script = `for s in ${names.join(" ")}; do trap "echo got $s" $s; done; trap 'exit 42' ALRM; echo ready; while :; do sleep 0.02; done`;
  const id = box.id();
  const { child, output } = running(box, box.bundle(["sh", "-c", script]), id);
  const ended = once(child, "exit");
  until(() => output() === "ready\n", "ready");
  for (const name of names) {
    child.kill(`SIG${name}` as NodeJS.Signals);
    // Ours alone: the size of a terminal that is not there.
    if (name !== "WINCH") until(() => output().endsWith(`got ${name}\n`), name);
  }
  t.notMatch(output(), /WINCH/);
  child.kill("SIGALRM");
  t.strictSame(await ended, [42, null]);
  t.equal(box.status(id), "missing", "it is deleted");
});

onHosts("run: a process that a signal ends", async (t, box) => {
  const id = box.id();
  const { child } = running(box, box.bundle(["sleep", "1000"]), id);
  const ended = once(child, "exit");
  until(() => box.status(id) === "running", "running");
  prints(t, box.run(["kill", id, "KILL"]));
  t.strictSame(await ended, [137, null]);
});

onHosts("run: stdin, stdout and stderr are the process's", (t, box) => {
  const bundle = box.bundle(["sh", "-c", "cat; echo to stderr >&2; head -c 300000 /dev/zero | tr '\\0' x"]);
  const outcome = box.run(["run", "--bundle", bundle, box.id()], { input: "from stdin\n" });
  exits(t, outcome, 0);
  t.equal(outcome.stderr, "to stderr\n");
  t.equal(outcome.stdout, `from stdin\n${"x".repeat(300_000)}`);
});

onHosts("run: every status", (t, box) => {
  for (const status of [0, 1, 125, 126, 127, 255]) exits(t, box.once(["sh", "-c", `exit ${status}`]), status);
});

onHosts("run: --detach and --keep", (t, box) => {
  const detached = box.id();
  const bundle = box.bundle(["sleep", "1000"]);
  const pidFile = join(box.folder, "pid");
  prints(t, box.run(["run", "--detach", "--pid-file", pidFile, "--bundle", bundle, detached]));
  t.equal(box.status(detached), "running");
  t.equal(readFileSync(pidFile, "utf8"), String(box.pid(detached)));
  removed(t, box, detached);
  const kept = box.id();
  exits(t, box.run(["run", "--keep", "--bundle", box.bundle(["sh", "-c", "exit 3"]), kept]), 3);
  t.equal(box.status(kept), "stopped");
  prints(t, box.run(["delete", kept]));
});

onHosts("run: orphans of a container without a pid namespace end with it", (t, box) => {
  const outcome = box.once(["sh", "-c", "(sleep 1000 <&- >&- 2>&- &) ; echo end"], (config) => {
    config.linux.namespaces = (config.linux.namespaces ?? []).filter((entry) => entry.type !== "pid");
  });
  t.match(outcome, { status: 0, stdout: "end\n" });
});

onHosts("run: a failure leaves nothing, whatever failed", (t, box) => {
  const outcome = box.once(["true"], (config) => {
    config.mounts.push({ destination: "/data", source: "/no/such", options: ["bind"] });
  });
  fails(t, outcome, /first missing element "no"/);
  t.strictSame(box.leftovers(), []);
});
