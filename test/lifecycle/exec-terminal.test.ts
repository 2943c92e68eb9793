/**
 * A session at a terminal, through a real pty: create with a console socket, run and exec -t. Echo, resize, Ctrl-C, Ctrl-D, Ctrl-Z and
 * the exit status, as under Debian's runc, whose transcript of the same session is the measure.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { compiled } from "../support/compile.ts";
import { onHosts, prints, removed, started } from "../support/life.ts";
import { RUNC, Sandbox, type TestConfig, until } from "../support/sandbox.ts";

/** What a person does in a shell; each line waits for what it must bring, so that the transcript does not hang on time. */
const SESSION = [
  "see:READY> ",
  "type:tty; stty size\n",
  "see:/dev/pts/",
  "see:24 80",
  "see:READY> ",
  "type:sh -c 'trap \"stty size; exit 3\" WINCH; echo a-wait; while :; do sleep 0.05; done'\n",
  "see:\na-wait",
  "size:33x77",
  "see:33 77",
  "see:READY> ",
  "type:stty size\n",
  "see:33 77",
  "see:READY> ",
  "type:sh -c 'echo b-wait; sleep 100'\n",
  "see:\nb-wait",
  "type:\u0003",
  "see:READY> ",
  "type:echo got-$?\n",
  "see:got-130",
  "see:READY> ",
  "type:sh -c 'echo c-wait; sleep 100'\n",
  "see:\nc-wait",
  "type:\u001a",
  "see:Stopped",
  "see:READY> ",
  "type:jobs\n",
  "see:Stopped",
  "see:READY> ",
  "type:kill -9 %1; wait; echo gone\n",
  "see:\ngone",
  "see:READY> ",
  // Typed before cat has taken the terminal over from the shell it would be lost.
  "type:sh -c 'echo d-wait; exec cat'\n",
  "see:\nd-wait",
  "type:h\u00e4llo\n",
  "see:\nhällo",
  "see:\nhällo",
  "type:\u0004",
  "see:READY> ",
  "type:(: < /dev/tty) && echo controlling\n",
  "see:\ncontrolling",
  "see:READY> ",
  "type:exit 7\n",
  "end:",
];

function atTerminal(config: TestConfig): void {
  config.process.terminal = true;
  config.process.env = ["PATH=/bin", "PS1=READY> ", "TERM=dumb", "HOME=/"];
}

/** The transcript of `pty`. When the shell prints its prompt anew, and when it says that a job was killed, is its own matter. */
const normal = (text: string): string =>
  text
    .replace(/\r/g, "")
    .replaceAll("\u001b[6n", "")
    .replaceAll("\u001b[J", "")
    .replace(/(READY> )+/g, "READY> ")
    .replace(/\n[^\n]*Killed[^\n]*/g, "");

/** Now and then a shell that takes the terminal back loses a character that was typed: then all is done again, three times at most. */
async function untilDone<T>(attempt: () => Promise<T> | T, isDone: (result: T) => boolean): Promise<T> {
  for (let tries = 1; ; tries++) {
    const result = await attempt();
    if (tries === 3 || isDone(result)) return result;
  }
}

const session = (box: Sandbox, verb: "run" | "exec"): Promise<string> =>
  untilDone(
    () => sessionOnce(box, verb),
    (text) => text.endsWith("pty 0\n"),
  );

function sessionOnce(box: Sandbox, verb: "run" | "exec"): string {
  const { command } = box.host;
  const id = box.id();
  const sleeping = box.bundle(["sleep", "1000"], (config) => {
    atTerminal(config);
    config.process.terminal = false;
  });
  if (verb === "exec") {
    const ran = box.run(["run", "--detach", "--bundle", sleeping, id]);
    if (ran.status !== 0) throw new Error(ran.stderr);
  }
  const words = verb === "exec" ? ["exec", "-t", id, "sh"] : ["run", "--bundle", box.bundle(["sh"], atTerminal), id];
  const args = ["-", ...SESSION, "--", ...command, "--root", box.state, ...words];
  const { stdout, status } = spawnSync(compiled("pty"), args, { encoding: "utf8", timeout: 60_000, cwd: box.folder });
  box.run(["delete", "--force", id]);
  return `${normal(stdout)}pty ${status}\n`;
}

/** runc's transcripts; undefined where it is not installed. */
const measure = new Map<string, string>();
if (existsSync(RUNC.command[0] ?? "")) {
  const box = new Sandbox(RUNC);
  for (const verb of ["run", "exec"] as const) {
    const text = await session(box, verb);
    if (text.endsWith("pty 0\n")) measure.set(verb, text);
  }
  box.close();
}

for (const verb of ["run", "exec"] as const)
  onHosts(`terminal: a session under ${verb}`, async (t, box) => {
    const text = await session(box, verb);
    t.match(text, /\nstatus 7\npty 0\n$/, "every step, and the shell's exit status");
    const want = measure.get(verb);
    if (want !== undefined) t.equal(text, want, "the same transcript as under runc");
  });

onHosts("terminal: a session through create's and exec's console socket", async (t, box) => {
  let counter = 0;
  const begin = (name: string) => {
    const place = join(box.folder, `${name}-${++counter}`);
    const [socket, output] = [`${place}.sock`, `${place}.out`];
    const child = spawn(compiled("pty"), [socket, ...SESSION], { stdio: ["ignore", openSync(output, "w"), "inherit"] });
    const ended = new Promise((resolve) => child.on("close", resolve));
    until(() => existsSync(socket), "the manager listens");
    return { socket, ended, text: () => normal(readFileSync(output, "utf8")) };
  };
  const bundle = box.bundle(["sh"], atTerminal);
  const first = await untilDone(
    async () => {
      const id = box.id();
      const { socket, ended, text } = begin("create");
      prints(t, box.run(["create", "--bundle", bundle, "--console-socket", socket, id]), "create");
      prints(t, box.run(["start", id]), "start");
      const status = await ended;
      if (status === 0) until(() => box.status(id) === "stopped", "its end");
      prints(t, box.run(["delete", "--force", id]), "delete");
      return { status, text };
    },
    ({ status }) => status === 0,
  );
  t.equal(first.status, 0, `create's session: ${first.text().slice(-200)}`);
  // Into another one: with its init the first container ends, and all that runs in it.
  const other = started(t, box, (config) => {
    atTerminal(config);
    config.process.terminal = false;
  });
  const second = await untilDone(
    async () => {
      const { socket, ended, text } = begin("exec");
      const flags = ["--tty", "--detach", "--pid-file", join(box.folder, "pid"), "--console-socket", socket];
      prints(t, box.run(["exec", ...flags, other, "sh"]), "exec");
      return { status: await ended, text };
    },
    ({ status }) => status === 0,
  );
  t.equal(second.status, 0, `exec's session: ${second.text().slice(-200)}`);
  removed(t, box, other);
});

onHosts("terminal: what exec -t refuses; the terminal is given back when it fails", (t, box) => {
  const bundle = box.bundle(["sleep", "1000"]);
  const id = box.id();
  prints(t, box.run(["run", "--detach", "--bundle", bundle, id]), "run");
  t.match(box.run(["exec", "-t", "-d", id, "true"]), {
    status: 255,
    stderr: /^exec failed: .*console socket.*--console-socket\n$/,
  });
  const socket = join(box.folder, "none.sock");
  t.match(box.run(["exec", "--console-socket", socket, id, "true"]), {
    status: 255,
    stderr: /^exec failed: .*--console-socket\n$/,
  });
  t.match(box.run(["exec", "-t", "--console-socket", socket, id, "true"]), {
    status: 255,
    stderr: /^exec failed: .*ENOENT/,
  });
  const line = [...box.host.command, "--root", box.state, "exec", "-t", id, "/no/such"]
    .map((word) => `'${word}'`)
    .join(" ");
  const args = ["-", "end:", "--", "sh", "-c", `stty -a > before; ${line}; echo status $?; stty -a > after`];
  const { stdout } = spawnSync(compiled("pty"), args, { encoding: "utf8", cwd: box.folder, timeout: 30_000 });
  t.match(stdout, /exec failed: exec "\/no\/such": no such file[^\n]*\r\nstatus 255/);
  t.equal(readFileSync(join(box.folder, "after"), "utf8"), readFileSync(join(box.folder, "before"), "utf8"));
  removed(t, box, id);
});

if (measure.size === 0) t.test("terminal: runc's transcript", { skip: "runc is not installed" }, () => undefined);
