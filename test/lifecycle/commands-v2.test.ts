/** update, events, ps and pause on cgroup v2, where files and rules are others. The VM matrix (conformance/vm) runs this. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { limited, onV2, place, value } from "../support/cgroup-v2.ts";
import { created, fails, prints, removed, started } from "../support/life.ts";
import { until } from "../support/sandbox.ts";

const MIB = 1 << 20;
const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

onV2("cgroup v2: update keeps what shares a file or a sum", (t, box) => {
  const memory = { limit: 64 * MIB, swap: 96 * MIB };
  const id = started(t, box, limited({ memory, cpu: { quota: 20_000, period: 50_000 }, pids: { limit: 40 } }));
  const swap = () => value(id, "memory.swap.max");
  prints(t, box.run(["update", "--cpu-quota", "30000", id]));
  t.equal(value(id, "cpu.max"), "30000 50000", "the period stays");
  prints(t, box.run(["update", "--cpu-period", "60000", "--cpu-share", "2048", id]));
  t.equal(value(id, "cpu.max"), "30000 60000", "the quota stays");
  t.ok(Number(value(id, "cpu.weight")) > 100);
  prints(t, box.run(["update", "--memory", "80m", id]));
  t.equal(value(id, "memory.max"), String(80 * MIB));
  if (swap() !== "absent") t.equal(swap(), String(16 * MIB), "memory and swap together stay");
  if (swap() !== "absent") {
    const line = /^set cgroup memory\.swap\.max: found 134217728, want at most 100663296, .*; --memory$/m;
    fails(t, box.run(["update", "--memory", "128m", id]), line);
    fails(
      t,
      box.run(["update", "--memory-swap", "16m", id]),
      /want at least the memory limit 83886080 .*; --memory-swap$/m,
    );
  }
  prints(t, box.run(["update", "--memory", "-1", "--pids-limit", "-1", id]));
  t.equal(value(id, "memory.max"), "max");
  t.equal(value(id, "pids.max"), "max");
  removed(t, box, id);
});

onV2("cgroup v2: an update that is refused takes back what it had set", (t, box) => {
  const id = started(t, box, limited({ memory: { limit: 64 * MIB }, cpu: { quota: 20_000 } }));
  const resources = {
    memory: { limit: 32 * MIB },
    cpu: { quota: 30_000, period: 50_000 },
    unified: { "memory.nosuch": "1" },
  };
  const outcome = box.run(["update", "-r", "-", id], { input: JSON.stringify(resources) });
  fails(t, outcome, /^set cgroup memory\.nosuch: .*; --resources#\/unified\/memory\.nosuch \[/);
  t.equal(value(id, "memory.max"), String(64 * MIB));
  t.equal(value(id, "cpu.max"), "20000 100000");
  removed(t, box, id);
});

onV2("cgroup v2: other device rules replace the program", (t, box) => {
  const allowed = [{ allow: true, type: "c", major: 1, minor: 11, access: "r" }];
  const id = started(t, box, (config) => {
    config.process.args = [
      "sh",
      "-c",
      "mknod /data/k c 1 11; while :; do if (: < /data/k) 2> /dev/null; then echo yes; else echo no; fi > /data/new; mv /data/new /data/can; sleep 0.05; done",
    ];
    const capabilities = ["CAP_MKNOD", "CAP_SYSLOG"];
    config.process.capabilities = { bounding: capabilities, effective: capabilities, permitted: capabilities };
    config.linux.resources = { devices: allowed };
  });
  const { rootfs } = JSON.parse(box.run(["state", id]).stdout) as { rootfs: string };
  const can = (word: string) =>
    until(() => box.run(["state", id]).status === 0 && read(join(rootfs, "data/can")) === word, word, 20_000);
  can("yes\n");
  const send = (devices: unknown) =>
    prints(t, box.run(["update", "-r", "-", id], { input: JSON.stringify({ devices }) }));
  send([]);
  can("no\n");
  send(allowed);
  can("yes\n");
  removed(t, box, id);
});

onV2("cgroup v2: events --stats has the limits, pressure and exact numbers", (t, box) => {
  const id = started(t, box, limited({ memory: { limit: 64 * MIB }, pids: { limit: 30 } }));
  const text = prints(t, box.run(["events", "--stats", id]));
  const { data } = JSON.parse(text) as { data: Record<string, Record<string, unknown>> };
  t.match(data, {
    cpu: { usage: { total: Number, kernel: Number, user: Number }, throttling: {} },
    cpuset: { cpu_exclusive: 0 },
    memory: { usage: { limit: 64 * MIB, usage: Number, failcnt: 0 }, raw: { anon: Number, file: Number } },
    pids: { current: 1, limit: 30 },
    hugetlb: {},
    intel_rdt: {},
    network_interfaces: null,
  });
  t.match(text, /"limit":18446744073709551615|"swap":\{"limit":[0-9]+,/);
  removed(t, box, id);
});

onV2("cgroup v2: an OOM kill is an event", async (t, box) => {
  const id = created(
    t,
    box,
    ["sh", "-c", "until [ -e /data/go ]; do sleep 0.05; done; x=x; while :; do x=$x$x; done"],
    (config) => {
      config.linux.resources = { ...config.linux.resources, memory: { limit: 16 * MIB, swap: 16 * MIB } };
    },
  );
  const [program = "", ...rest] = box.host.command;
  const child = spawn(program, [...rest, "--root", box.state, "events", "--interval", "50ms", id], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data) => {
    text += String(data);
  });
  const ended = once(child, "close");
  prints(t, box.run(["start", id]));
  const { rootfs } = JSON.parse(box.run(["state", id]).stdout) as { rootfs: string };
  // The first sample says that the watch stands.
  while (!text.includes('"stats"')) await new Promise((resolve) => setTimeout(resolve, 10));
  writeFileSync(join(rootfs, "data/go"), "");
  await ended;
  t.equal(child.exitCode, 0);
  t.ok(text.split("\n").includes(JSON.stringify({ type: "oom", id })), "told");
  until(() => box.status(id) === "stopped", "stopped", 20_000);
  removed(t, box, id);
});

onV2("cgroup v2: ps lists processes of cgroups that the container made itself", (t, box) => {
  const id = started(t, box, (config) => {
    config.process.args = ["sh", "-c", "sleep 1001 & wait"];
  });
  const pids = () => JSON.parse(prints(t, box.run(["ps", "-f", "json", id]))) as number[];
  until(() => pids().length === 2, "two", 20_000);
  t.strictSame(
    pids(),
    value(id, "cgroup.procs")
      .split("\n")
      .map(Number)
      .sort((a, b) => a - b),
  );
  prints(t, box.run(["pause", id]));
  t.match(value(id, "cgroup.events"), /^frozen 1$/m);
  prints(t, box.run(["resume", id]));
  t.match(value(id, "cgroup.events"), /^frozen 0$/m);
  t.ok(place(id).endsWith(id));
  removed(t, box, id);
});
