/** ps: pids as JSON, lines of the host's ps as a table, with ps options; compared with runc's. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { created, fails, onHosts, prints, removed, started } from "../support/life.ts";
import { until } from "../support/sandbox.ts";

/** Busybox, in a guest of the VM matrix, has a ps that takes -ef and few other options. */
const PROCPS = spawnSync("ps", ["-ef", "--sort", "-pid"]).status === 0;
const OPTIONS = PROCPS ? [[], ["aux"], ["-o", "pid,comm", "-A"], ["-ef", "--sort", "-pid"]] : [[]];

onHosts("ps: the processes of a container, and no others", (t, box) => {
  const id = started(t, box, (config) => {
    config.process.args = ["sh", "-c", "sleep 1001 & sleep 1002 & wait"];
  });
  const init = box.pid(id);
  const pids = () => JSON.parse(prints(t, box.run(["ps", "--format", "json", id]))) as number[];
  until(() => pids().length === 3, "three processes");
  t.ok(pids().includes(init));
  const names = pids().map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim());
  t.strictSame(names.sort(), ["sh -c sleep 1001 & sleep 1002 & wait", "sleep 1001", "sleep 1002"]);
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
