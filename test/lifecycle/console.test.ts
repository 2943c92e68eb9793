/** process.terminal: through --console-socket, and relayed by run in the foreground (runtime-spec config.md#process). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../support/compile.ts";
import { fails, onHosts, prints, put, removed } from "../support/life.ts";
import { type Sandbox, until } from "../support/sandbox.ts";

const SCRIPT =
  "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo three; stat -c '%t' /dev/console; read line; echo got $line;" +
  " (: < /dev/tty) && echo controlling; echo $(ls /dev/pts)";

/** A bundle whose process has a terminal. */
function withTerminal(box: Sandbox, script: string): string {
  return box.bundle(["sh", "-c", script], (config) => {
    config.process.terminal = true;
    config.process.consoleSize = { height: 31, width: 101 };
  });
}

onHosts("console: the master goes through --console-socket", (t, box) => {
  const receiver = compiled("console-receiver");
  const socket = join(box.folder, "console.sock");
  const output = join(box.folder, "console.out");
  spawn(receiver, [socket, "typed\n"], { stdio: ["ignore", openSync(output, "w"), "inherit"] });
  until(() => existsSync(socket), "the receiver listens");
  const id = box.id();
  prints(t, box.run(["create", "--bundle", withTerminal(box, SCRIPT), "--console-socket", socket, id]), "create");
  const text = () => readFileSync(output, "utf8").replace(/\r/g, "");
  until(() => text().startsWith("name: "), "the descriptor comes before create returns");
  prints(t, box.run(["start", id]), "start");
  until(() => text().endsWith("end\n"), "the terminal's end");
  const lines = text().trim().split("\n");
  t.match(lines[0], /^name: .*ptmx$/);
  t.strictSame(
    lines.slice(1).filter((line) => line !== "typed"),
    ["/dev/pts/0", "31 101", "three", "88", "got typed", "controlling", "0 ptmx", "end"],
  );
  until(() => box.status(id) === "stopped", "the container is stopped");
  removed(t, box, id);
});

onHosts("console: a terminal without a socket, a socket without a terminal, no socket there", (t, box) => {
  const create = (bundle: string, ...flags: string[]) => box.run(["create", "--bundle", bundle, ...flags, "c"]);
  const terminal = withTerminal(box, "true");
  fails(
    t,
    create(terminal),
    'create "c": terminal wanted by config.json#/process/terminal, no --console-socket; --console-socket; hint: terminal=false or --console-socket PATH',
  );
  fails(
    t,
    create(box.bundle(["true"]), "--console-socket", "/no/such"),
    'create "c": found --console-socket although config.json#/process/terminal is false, want one of the two changed; --console-socket',
  );
  const missing = join(box.folder, "none.sock");
  fails(
    t,
    create(terminal, "--console-socket", missing),
    /: ENOENT: want the path of a listening Unix stream socket; /,
  );
  const file = put(join(box.folder, "file"), "");
  fails(
    t,
    create(terminal, "--console-socket", file),
    /: ECONNREFUSED: want the path of a listening Unix stream socket; /,
  );
});

/** Runs a shell command on a terminal of its own, which `script` makes; types `input` once "ready" is seen. */
async function onTerminal(box: Sandbox, command: string, input = ""): Promise<string> {
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: box.folder,
    env: { PATH: process.env["PATH"] ?? "", TERM: "dumb" },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  let text = "";
  let typed = false;
  child.stdout.on("data", (data) => {
    text += String(data);
    if (!typed && text.includes("ready")) {
      typed = true;
      child.stdin.write(input);
    }
  });
  await once(child, "close");
  clearTimeout(timer);
  return text.replace(/\r/g, "");
}

/** The runtime's command line, quoted for a shell. */
function quoted(box: Sandbox, ...args: string[]): string {
  return [...box.host.command, "--root", box.state, ...args].map((word) => `'${word}'`).join(" ");
}

onHosts("console: run in the foreground relays ours, with its size, and puts it back", async (t, box) => {
  const run = quoted(box, "run", "--bundle", withTerminal(box, "stty size; tty; exit 9"), box.id());
  const seen = await onTerminal(box, `stty rows 33 cols 77; stty -a > before; ${run}; echo status $?; stty -a > after`);
  t.match(seen, /33 77\n\/dev\/pts\/0\nstatus 9\n/);
  const settings = ["before", "after"].map((name) => readFileSync(join(box.folder, name), "utf8"));
  t.equal(settings[1], settings[0], "the terminal is as it was");
});

onHosts("console: what is typed arrives, raw", async (t, box) => {
  const script = "stty raw -echo; echo ready; head -c 3 | od -An -tx1";
  const run = quoted(box, "run", "--bundle", withTerminal(box, script), box.id());
  t.match(await onTerminal(box, run, "a\u0003b"), /61 03 62/, "an interrupt character is the container's business");
});

onHosts("console: without process.terminal our terminal is never the container's", async (t, box) => {
  const bundle = box.bundle(["sh", "-c", "for i in 0 1 2; do test -t $i && echo tty $i; done; tty; echo done"]);
  const seen = await onTerminal(box, quoted(box, "run", "--bundle", bundle, box.id()));
  t.match(seen, /not a tty\n?done\n/);
  t.notMatch(seen, /tty [012]/);
});
