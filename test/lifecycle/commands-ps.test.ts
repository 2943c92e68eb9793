/** ps: pids as JSON, lines of the host's ps as a table, with ps options; compared with runc's. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { besideRunc, created, fails, onHosts, prints, removed, started } from "../support/life.ts";
import { RUNC, until } from "../support/sandbox.ts";

/** Busybox, in a guest of the VM matrix, has a ps that takes -ef and few other options. */
const PROCPS = spawnSync("ps", ["-ef", "--sort", "-pid"]).status === 0;
const OPTIONS = PROCPS ? [[], ["aux"], ["-o", "pid,comm", "-A"], ["-ef", "--sort", "-pid"]] : [[]];

onHosts("ps: the processes of a container, and no others", (t, box) => {
  const id = started(t, box, (config) => {
    config.process.args = ["sh", "-c", "sleep 1001 & sleep 1002 & wait"];
  });
  const init = box.pid(id);
  const pids = () => JSON.parse(prints(t, box.run(["ps", "--format", "json", id]))) as number[];
  const names = () =>
    pids()
      .map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim())
      .sort()
      .join();
  const wanted = ["sh -c sleep 1001 & sleep 1002 & wait", "sleep 1001", "sleep 1002"].join();
  until(() => names() === wanted, `three processes, ${wanted}`);
  t.ok(pids().includes(init));
  t.match(prints(t, box.run(["ps", "-f", "json", id])), /^\[[0-9]+,[0-9]+,[0-9]+\]\n$/, "go-runc reads a plain array");

  const column = (table: string, name: string) => {
    const [title = "", ...lines] = table.trimEnd().split("\n");
    const index = title.trim().split(/ +/).indexOf(name);
    return lines.map((line) => line.trim().split(/ +/)[index]);
  };
  for (const options of OPTIONS) {
    const table = prints(t, box.run(["ps", id, ...options]));
    t.strictSame(column(table, "PID").map(Number).sort(), pids().sort(), `ps ${options.join(" ")}`);
    const [host = ""] = spawnSync("ps", options.length === 0 ? ["-ef"] : options, {
      encoding: "utf8",
    }).stdout.split("\n");
    t.equal(table.split("\n")[0], host, "with the host's title");
  }
  const noColumn = box.run(["ps", id, "-o", "comm", ...(PROCPS ? ["-A"] : [])]);
  fails(t, noColumn, /^ps "[^"]+": couldn't find PID field in ps output: found "COMMAND"/);
  fails(t, box.run(["ps", id, "--no-such-option"]), /^ps "[^"]+": the host's ps ended with status 1: /);
  fails(
    t,
    box.run(["ps", "--format", "xml", id]),
    `ps "${id}": invalid format: found "xml", want table or json; --format`,
  );
  removed(t, box, id);
});

besideRunc("ps: the same bundle beside runc's", (t, box) => {
  const bundle = box.bundle(["sh", "-c", "sleep 1001 & sleep 1002 & wait"]);
  const root = join(box.folder, "runc");
  const seen = ["ts-runc", "runc"].map((name) => {
    const id = box.id();
    const [program = "", ...first] = name === "runc" ? [...RUNC.command, "--root", root] : box.host.command;
    const words = name === "runc" ? first : [...first, "--root", box.state];
    // A container that stays holds its streams open.
    const call = (...args: string[]) => spawnSync(program, [...words, ...args], { stdio: "ignore" });
    const read = (...args: string[]) => spawnSync(program, [...words, ...args], { encoding: "utf8" }).stdout;
    call("run", "-d", "--bundle", bundle, id);
    const json = () => read("ps", "--format", "json", id);
    until(() => (JSON.parse(json()) as number[]).length === 3, `three processes of ${name}`);
    const table = read("ps", id).trimEnd().split("\n");
    const alive = json();
    call("kill", id, "KILL");
    until(() => json().trim() === "null", `the end under ${name}`);
    const after = [json(), ...read("ps", id).trimEnd().split("\n")];
    call("delete", "--force", id);
    // Pids are the machine's: each is a number of the table's lines too.
    const pids = JSON.parse(alive) as unknown[];
    t.ok(pids.every((pid) => table.some((line) => line.trim().split(/ +/)[1] === String(pid))));
    return { json: alive.replace(/[0-9]+/g, "N"), title: table[0], lines: table.length, after };
  });
  t.strictSame(seen[0], seen[1]);
});

onHosts("ps: created, paused, stopped and missing containers", (t, box) => {
  const id = created(t, box, ["sleep", "1000"]);
  t.equal(prints(t, box.run(["ps", "--format=json", id])), `[${box.pid(id)}]\n`, "init is one");
  prints(t, box.run(["pause", id]));
  t.equal(prints(t, box.run(["ps", "--format=json", id])), `[${box.pid(id)}]\n`, "paused");
  prints(t, box.run(["kill", id, "KILL"]));
  until(() => box.status(id) === "stopped", "stopped");
  t.equal(prints(t, box.run(["ps", "--format=json", id])), "null\n", "as runc");
  t.equal(
    prints(t, box.run(["ps", id]))
      .trimEnd()
      .split("\n").length,
    1,
    "the title alone",
  );
  removed(t, box, id);
  fails(t, box.run(["ps", "--format", "json", "none"]), 'ps "none": container does not exist');
});
