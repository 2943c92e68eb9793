/** events: samples and OOM kills as JSON lines, compared with runc's for a container of the same kind. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { limited, onV1, value } from "../support/cgroup-v1.ts";
import { besideRunc, created, fails, onHosts, prints, removed, started } from "../support/life.ts";
import { RUNC, type Sandbox, until } from "../support/sandbox.ts";

interface Event {
  type: string;
  id: string;
  data?: {
    cpu: { usage: { total: number; kernel: number; user: number } };
    memory: { usage: { limit: number; usage: number }; raw: Record<string, number> };
    pids: { current?: number; limit?: number };
  };
}

/** A stream of events; its lines come while it runs. */
function stream(box: Sandbox, args: string[]): { child: ChildProcess; lines: () => string[]; ended: Promise<unknown> } {
  const [program = "", ...rest] = box.host.command;
  const child = spawn(program, [...rest, "--root", box.state, "events", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout?.on("data", (data) => {
    text += String(data);
  });
  return { child, lines: () => text.split("\n").slice(0, -1), ended: once(child, "close") };
}

/** As until, while this program's own events are served. */
async function later(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 3000) throw new Error(`waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

onV1("events --stats: one sample that agrees with the kernel's files", (t, box) => {
  const id = started(t, box, limited({ memory: { limit: 64 << 20 }, pids: { limit: 30 }, cpu: { quota: 50_000 } }));
  const text = prints(t, box.run(["events", "--stats", id]));
  t.match(text, /^\{"type":"stats","id":"[^"]+","data":\{[^\n]*\}\n$/, "one line");
  const { data } = JSON.parse(text) as Required<Event>;
  t.equal(data.memory.usage.limit, 64 << 20);
  t.ok(data.memory.usage.usage > 0 && data.memory.usage.usage < 64 << 20);
  t.strictSame(data.pids, { current: 1, limit: 30 });
  t.ok(data.cpu.usage.total > 0);
  t.ok(data.cpu.usage.total <= Number(value("cpuacct", id, "cpuacct.usage")));
  t.ok("hierarchical_memory_limit" in data.memory.raw);
  t.match(text, /"memsw|"swap":\{"limit":9223372036854771712,/, "numbers above 2^53 are exact");
  removed(t, box, id);
});

/** Keys with types; of a list those of its elements, of raw counters and huge pages nothing more. */
function shape(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => shape(item, `${path}[]`)))];
  if (typeof value !== "object" || value === null) return [`${path}: ${value === null ? "null" : typeof value}`];
  return Object.entries(value).flatMap(([key, item]) => shape(item, `${path}/${key}`));
}

besideRunc("events --stats: the keys and types of runc's", (t, box) => {
  const id = started(t, box);
  const ours = shape(JSON.parse(prints(t, box.run(["events", "--stats", id]))), "");
  removed(t, box, id);
  const other = box.id();
  const runc = (...args: string[]) =>
    spawnSync(RUNC.command[0] ?? "", ["--root", join(box.folder, "runc"), ...args], {
      encoding: "utf8",
      timeout: 20_000,
    });
  const bundle = box.bundle(["sleep", "1000"]);
  spawnSync(RUNC.command[0] ?? "", ["--root", join(box.folder, "runc"), "run", "-d", "--bundle", bundle, other], {
    stdio: "ignore",
  });
  const theirs = shape(JSON.parse(runc("events", "--stats", other).stdout), "");
  runc("delete", "--force", other);
  // Counters that are zero are left out by both, and differ from run to run.
  const varies = /percpu|blkio|throttling\/|\/psi\/|memory\/(?:cache|usage\/usage|kernel(?:TCP)?\/(?:usage|max))/;
  const plain = (lines: string[]) => lines.filter((line) => !varies.test(line)).sort();
  t.strictSame(plain(ours), plain(theirs));
});

onHosts("events: a stream of samples that ends with the container", async (t, box) => {
  const id = started(t, box);
  const { child, lines, ended } = stream(box, ["--interval", "20ms", id]);
  await later(() => lines().length >= 3, "three samples");
  prints(t, box.run(["kill", id, "KILL"]));
  await ended;
  t.equal(child.exitCode, 0);
  const events = lines().map((line) => JSON.parse(line) as Event);
  t.ok(events.every((event) => event.id === id && (event.type === "stats" || event.type === "oom")));
  fails(t, box.run(["events", "--stats", id]), `events "${id}": container not running: found it stopped`);
  removed(t, box, id);
});

onHosts("events: an OOM kill is told at once", async (t, box) => {
  const id = created(
    t,
    box,
    ["sh", "-c", "while :; do sleep 0.05; [ -e /data/go ] && x=x && while :; do x=$x$x; done; done"],
    (config) => {
      config.linux.resources = { ...config.linux.resources, memory: { limit: 64 << 20, swap: 64 << 20 } };
    },
  );
  const { child, lines, ended } = stream(box, ["--interval=1h", id]);
  prints(t, box.run(["start", id]));
  // The watch stands once the stream's process waits in poll.
  await later(
    () => spawnSync("cat", [`/proc/${child.pid}/wchan`], { encoding: "utf8" }).stdout.includes("poll"),
    "it polls",
  );
  const { rootfs } = JSON.parse(box.run(["state", id]).stdout) as { rootfs: string };
  spawnSync("touch", [join(rootfs, "data/go")]);
  await later(() => lines().length > 0, "an event");
  await ended;
  t.strictSame(JSON.parse(lines()[0] ?? ""), { type: "oom", id });
  until(() => box.status(id) === "stopped", "stopped");
  removed(t, box, id);
});

onHosts("events: a reader that goes away, and bad calls", async (t, box) => {
  const id = started(t, box);
  const { child, lines, ended } = stream(box, ["--interval", "10ms", id]);
  await later(() => lines().length >= 1, "a sample");
  child.stdout?.destroy();
  await ended;
  t.equal(child.exitCode, 0, "no failure");
  for (const bad of ["0s", "5", "-1s", "1x", ""])
    fails(
      t,
      box.run(["events", "--interval", bad, id]),
      /^read command line: found ".*", want a duration greater than 0/,
    );
  removed(t, box, id);
  fails(t, box.run(["events", "--stats", "none"]), 'events "none": container does not exist');
});
