/** list, state, spec, kill, delete, the pid file and the log: what managers read and call (runtime-spec runtime.md#operations). */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { created, fails, onHosts, prints, put, removed, started } from "../support/life.ts";
import { folder, until } from "../support/sandbox.ts";

interface State {
  ociVersion: string;
  id: string;
  pid: number;
  status: string;
  bundle: string;
  rootfs: string;
  created: string;
  annotations?: { [key: string]: string };
  owner: string;
}

onHosts("commands: list needs no descriptor for each container", (t, box) => {
  const id = started(t, box);
  const record = readFileSync(join(box.state, id, "state.json"), "utf8");
  const copies = Array.from({ length: 60 }, (_, index) => `copy${index}`);
  for (const copy of copies) put(join(box.state, copy, "state.json"), record.replaceAll(id, copy));
  const [program = "", ...words] = box.host.command;
  const script = `ulimit -n 50; exec "$@"`;
  const args = ["-c", script, "sh", program, ...words, "--root", box.state, "list", "--quiet"];
  const { status, stdout, stderr } = spawnSync("sh", args, { encoding: "utf8" });
  t.equal(status, 0, stderr);
  t.equal(stderr, "");
  t.strictSame(stdout.trim().split("\n").sort(), [id, ...copies].sort());
  for (const copy of copies) rmSync(join(box.state, copy), { recursive: true });
  removed(t, box, id);
});

onHosts("commands: state and list as table, JSON and ids", (t, box) => {
  folder(box.state);
  t.equal(prints(t, box.run(["list", "--format", "json"])), "null\n", "none");
  t.match(prints(t, box.run(["list"])), /^ID +PID +STATUS +BUNDLE +CREATED +OWNER\n$/);
  const bundle = box.bundle(["sleep", "1000"], (config) => {
    config.annotations = { key: "välue" };
  });
  const [first, second] = [box.id(), box.id()];
  prints(t, box.run(["create", "--bundle", bundle, first]));
  prints(t, box.run(["run", "--detach", "--bundle", bundle, second]));
  const state = JSON.parse(prints(t, box.run(["state", first]))) as State;
  t.match(state, {
    ociVersion: "1.3.0",
    id: first,
    status: "created",
    bundle,
    rootfs: join(bundle, "rootfs"),
    annotations: { key: "välue" },
    created: /^20[0-9-]+T[0-9:]+\.[0-9]+Z$/,
  });
  t.ok(existsSync(`/proc/${state.pid}`));
  const states = JSON.parse(prints(t, box.run(["list", "-f", "json"]))) as State[];
  t.strictSame(
    states.map((entry) => [entry.id, entry.status]).sort(),
    [
      [first, "created"],
      [second, "running"],
    ].sort(),
  );
  t.strictSame(
    states.map((entry) => entry.owner),
    ["root", "root"],
  );
  t.strictSame(
    prints(t, box.run(["list", "--quiet"]))
      .trim()
      .split("\n")
      .sort(),
    [first, second].sort(),
  );
  const rows = prints(t, box.run(["list"]))
    .trimEnd()
    .split("\n");
  t.equal(rows.length, 3);
  const row = rows.find((text) => text.startsWith(`${first} `)) ?? "";
  t.strictSame(row.split(/ {3,}/), [first, String(state.pid), "created", bundle, state.created, "root"]);
  fails(
    t,
    box.run(["list", "--format", "xml"]),
    'list containers: invalid format: found "xml", want table or json; --format',
  );
  removed(t, box, first);
  removed(t, box, second);
});

onHosts("commands: list shows the others when one record is damaged", (t, box) => {
  const id = created(t, box, ["true"]);
  put(join(box.state, "damaged/state.json"), "{");
  const outcome = box.run(["list", "--quiet"]);
  t.match(outcome, { status: 0, stdout: `${id}\n`, stderr: /^warning: list "damaged": [^\n]*\n$/ });
  removed(t, box, "damaged");
  removed(t, box, id);
});

onHosts("commands: ids, twice the same, none that is there", (t, box) => {
  const id = created(t, box, ["true"]);
  const twice = box.run(["create", "--bundle", box.bundle(["true"]), id]);
  fails(t, twice, /container with given ID already exists/);
  t.equal(box.status(id), "created", "the first is untouched");
  removed(t, box, id);
  for (const command of ["state", "start", "kill", "delete"]) {
    fails(t, box.run([command, "no-such"]), `${command} "no-such": container does not exist`);
  }
  prints(t, box.run(["delete", "--force", "no-such"]), "delete --force of none");
  for (const bad of ["..", "a/b", ".", ""]) fails(t, box.run(["create", "--bundle", box.folder, bad]), /id/i);
});

onHosts("commands: start only what is created", (t, box) => {
  const id = started(t, box);
  fails(t, box.run(["start", id]), `start "${id}": cannot start an already running container`);
  prints(t, box.run(["kill", id, "9"]));
  until(() => box.status(id) === "stopped", "stopped");
  fails(t, box.run(["start", id]), `start "${id}": cannot start a container that has stopped`);
  prints(t, box.run(["delete", id]));
});

onHosts("commands: delete by state, with and without --force", (t, box) => {
  const waiting = created(t, box, ["true"]);
  prints(t, box.run(["delete", waiting]), "created");
  const running = started(t, box);
  fails(t, box.run(["delete", running]), new RegExp(`cannot delete container ${running} that is not stopped: running`));
  prints(t, box.run(["delete", "-f", running]), "running, by force");
  prints(t, box.run(["delete", "-f", running]), "again");
  const stopped = started(t, box);
  process.kill(box.pid(stopped), "SIGKILL");
  until(() => box.status(stopped) === "stopped", "stopped");
  t.equal((JSON.parse(box.run(["state", stopped]).stdout) as State).pid, 0);
  prints(t, box.run(["delete", stopped]), "stopped");
});

onHosts("commands: kill by name and number, to init and to all", (t, box) => {
  const script =
    'for s in HUP USR1 USR2 TERM WINCH; do trap "echo $s >> /data/log" $s; done; echo ready >> /data/log; while :; do sleep 0.02; done';
  const id = box.id();
  const bundle = box.bundle(["sh", "-c", script]);
  const log = join(bundle, "rootfs/data/log");
  const lines = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  prints(t, box.run(["run", "-d", "--bundle", bundle, id]));
  until(() => lines().length === 1, "ready");
  const sent: [string[], string][] = [
    [["HUP"], "HUP"],
    [["SIGUSR1"], "USR1"],
    [["usr2"], "USR2"],
    [["28"], "WINCH"],
    [["-10"], "USR1"],
    [[], "TERM"],
  ];
  for (const [args, name] of sent) {
    const before = lines().length;
    prints(t, box.run(["kill", id, ...args]), `kill ${args.join(" ")}`);
    until(() => lines().length > before, name);
    t.equal(lines()[before], name);
  }
  for (const bad of ["NOPE", "65", "-1x", "SIG"]) fails(t, box.run(["kill", id, bad]), /^read signal: unknown signal /);
  prints(t, box.run(["kill", "--all", id, "KILL"]));
  until(() => box.status(id) === "stopped", "stopped");
  fails(t, box.run(["kill", id, "KILL"]), `kill "${id}": container not running`);
  prints(t, box.run(["kill", "--all", id, "KILL"]), "all of a stopped one is nobody");
  prints(t, box.run(["delete", id]));
});

onHosts("commands: without a pid namespace KILL takes the others along", (t, box) => {
  const pidFile = join(folder(box.folder, "out"), "pids");
  const id = started(t, box, (config) => {
    config.process.args = ["sh", "-c", "sleep 1000 & echo $! > /data/pids; exec sleep 1000"];
    config.linux.namespaces = (config.linux.namespaces ?? []).filter((entry) => entry.type !== "pid");
    config.mounts.push({ destination: "/data", source: join(box.folder, "out"), options: ["bind"] });
  });
  until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "", "the child's pid");
  const child = Number(readFileSync(pidFile, "utf8"));
  t.ok(existsSync(`/proc/${child}`), "it runs");
  prints(t, box.run(["kill", id, "KILL"]));
  const gone = () => {
    try {
      return /^State:\s+Z/m.test(readFileSync(`/proc/${child}/status`, "utf8"));
    } catch {
      return true;
    }
  };
  until(gone, "the child is gone");
  until(() => box.status(id) === "stopped", "stopped");
  prints(t, box.run(["delete", id]));
});

onHosts("commands: the pid file holds digits alone, and no link is followed", (t, box) => {
  const path = join(box.folder, "pid");
  const victim = put(join(box.folder, "victim"), "untouched");
  symlinkSync(victim, path);
  const id = box.id();
  prints(t, box.run(["create", "--bundle", box.bundle(["true"]), "--pid-file", path, id]));
  t.equal(readFileSync(path, "utf8"), String(box.pid(id)));
  t.equal(readFileSync(victim, "utf8"), "untouched");
  removed(t, box, id);
  const relative = box.id();
  const bundle = box.bundle(["true"]);
  prints(t, box.run(["create", "--pid-file", "here.pid", relative], { cwd: bundle }), "relative: from our own folder");
  t.equal(readFileSync(join(bundle, "here.pid"), "utf8"), String(box.pid(relative)));
  removed(t, box, relative);
  const nowhere = box.run(["create", "--bundle", bundle, "--pid-file", "/no/such/pid", box.id()]);
  fails(
    t,
    nowhere,
    /^write pid file: ENOENT: want a path in a folder that is there .*--pid-file \/no\/such\/pid \[pid-file openat/,
  );
});

onHosts("commands: spec writes a config that runs, and never over another", (t, box) => {
  const bundle = box.bundle(["true"]);
  const path = join(bundle, "config.json");
  fails(t, box.run(["spec"], { cwd: bundle }), /^write config\.json: File config\.json exists\. Remove it first; /);
  const empty = folder(box.folder, "empty");
  prints(t, box.run(["spec", "--bundle", empty]));
  const config = JSON.parse(readFileSync(join(empty, "config.json"), "utf8")) as {
    process: { terminal: boolean; args: string[] };
  };
  t.strictSame(config.process.args, ["sh"]);
  config.process.terminal = false;
  writeFileSync(path, JSON.stringify(config));
  const outcome = box.run(["run", "--bundle", bundle, box.id()], { input: "echo from spec; exit 4\n" });
  t.match(outcome, { status: 4, stdout: "from spec\n", stderr: "" });
  const rootless = folder(box.folder, "rootless");
  prints(t, box.run(["spec", "--rootless"], { cwd: rootless }));
  t.match(readFileSync(join(rootless, "config.json"), "utf8"), /"uidMappings"/);
});

onHosts("commands: a failure goes to stderr once, and to the log once", (t, box) => {
  const text = join(box.folder, "text.log");
  const json = join(box.folder, "json.log");
  const line = 'state "x": container does not exist';
  const state = (...global: string[]) => box.run(["state", "x"], { global });
  fails(t, state("--log", text), line);
  fails(t, state("--log", text), line);
  const entry = /^time="20[0-9-]+T[0-9:.]+Z" level=error msg="state \\"x\\": container does not exist"\n/;
  t.match(readFileSync(text, "utf8"), entry);
  t.equal(readFileSync(text, "utf8").split("\n").length, 3, "appended");
  fails(t, state("--log", json, "--log-format", "json"), line);
  t.match(JSON.parse(readFileSync(json, "utf8")), {
    level: "error",
    msg: line,
    time: /^20[0-9-]+T/,
    error: { what: 'state "x"' },
  });
  const onStderr = state("--log-format", "json");
  t.match(JSON.parse(onStderr.stderr), { level: "error", msg: line }, "without --log the object is on stderr");
  fails(t, state("--log-format", "xml"), 'read command line: found "xml", want text or json; --log-format');
  symlinkSync(text, join(box.folder, "link.log"));
  fails(t, state("--log", join(box.folder, "link.log")), /^open log: ELOOP: /);
});

onHosts("commands: a success with a warning writes it once", (t, box) => {
  const log = join(box.folder, "json.log");
  const bundle = box.bundle(["true"], (config) => {
    config.process.capabilities = { bounding: ["CAP_NO_SUCH"] };
  });
  prints(t, box.run(["run", "--bundle", bundle, box.id()], { global: ["--log", log, "--log-format", "json"] }));
  t.match(JSON.parse(readFileSync(log, "utf8")), { level: "warning", msg: /CAP_NO_SUCH/ });
});

onHosts("commands: an unknown word like several commands names them all", (t, box) => {
  const said = box.run(["deate"]);
  t.match(said, {
    status: 1,
    stdout: "",
    stderr: /unknown command 'deate'\n\(Did you mean one of [a-z, ]*create[a-z, ]*\?\)/,
  });
});
