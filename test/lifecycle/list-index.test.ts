/** The index of `list`: with and without it the same is shown, whatever has happened to the containers since it was written. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onHosts, prints, type Test } from "../support/life.ts";
import type { Sandbox } from "../support/sandbox.ts";

const MANY = 70;
const FOLDER = ".list~";

/** A container that has stopped, and copies of its state directory under other ids; all ids. */
function stopped(t: Test, box: Sandbox, count: number): string[] {
  const first = `${box.id()}-000`;
  prints(t, box.run(["run", "--bundle", box.bundle(["true"]), "--keep", first]));
  const ids = Array.from({ length: count }, (_, index) => first.replace(/000$/, String(index).padStart(3, "0")));
  for (const id of ids.slice(1)) copyOf(box, first, id);
  return ids;
}

function copyOf(box: Sandbox, from: string, to: string): void {
  const folder = join(box.state, to);
  cpSync(join(box.state, from), folder, { recursive: true, filter: (path) => !statSync(path).isFIFO() });
  const record = join(folder, "state.json");
  writeFileSync(record, readFileSync(record, "utf8").replaceAll(from, to));
}

/** Ids of the table, and of the JSON, which never comes from the index: the same. */
function listed(t: Test, box: Sandbox): string[] {
  const table = prints(t, box.run(["list"]));
  const rows = JSON.parse(prints(t, box.run(["list", "--format", "json"]))) as Record<string, string | number>[] | null;
  const wanted = (rows ?? []).map(({ id, pid, status, bundle, created, owner }) =>
    [id, pid, status, bundle, created, owner].join(" "),
  );
  const shown = table.split("\n").slice(1, -1);
  t.strictSame(
    shown.map((line) => line.split(/ +/).join(" ")),
    wanted,
    "the table says what the records say",
  );
  return shown.map((line) => line.split(" ")[0] ?? "");
}

/** The index may only be written when the root has been left alone for two seconds. */
async function listedAtRest(t: Test, box: Sandbox): Promise<string[]> {
  await sleep(2100);
  return listed(t, box);
}

const index = (box: Sandbox): string => join(box.state, FOLDER, "index.json");

onHosts("list: what has stopped comes from an index, what has changed since does not", async (t, box) => {
  const ids = stopped(t, box, MANY);
  t.strictSame(listed(t, box), ids, "at once");
  const changed = Date.now() - statSync(box.state).ctimeMs;
  // Whole seconds are compared: it has rested when more than one has passed.
  if (changed < 1000) t.notOk(existsSync(index(box)), "no index of a folder that has just changed");
  t.strictSame(await listedAtRest(t, box), ids);
  // To make the folder was a change as well.
  t.strictSame(await listedAtRest(t, box), ids);
  t.ok(existsSync(index(box)), "an index of one at rest");
  t.strictSame(listed(t, box), ids, "from the index");

  const before = readFileSync(index(box), "utf8");
  const [first = "", second = "", third = ""] = ids;
  prints(t, box.run(["delete", second]));
  t.strictSame(
    listed(t, box),
    ids.filter((id) => id !== second),
    "one fewer, at once",
  );
  copyOf(box, first, second);
  t.strictSame(listed(t, box), ids, "one more, at once");
  const sleeper = `${first}-z`;
  prints(t, box.run(["create", "--bundle", box.bundle(["sleep", "1000"]), sleeper]));
  t.strictSame(await listedAtRest(t, box), [first, sleeper, ...ids.slice(1)]);
  t.not(readFileSync(index(box), "utf8"), before, "a new index");
  const line = (): string => prints(t, box.run(["list"])).split("\n")[2] ?? "";
  t.match(line(), / created /, "what has not stopped is asked each time");
  prints(t, box.run(["start", sleeper]));
  t.match(line(), / running /);
  // There the process is not to be seen. What is found there must not be taken for what is true here.
  rmSync(index(box));
  const elsewhere = ["unshare", "--pid", "--fork", "--mount-proc"];
  t.match(prints(t, box.run(["list"], { within: elsewhere })).split("\n")[2], / stopped /, "another pid namespace");
  t.ok(existsSync(index(box)), "it wrote an index of its own");
  t.match(line(), / running /, "which does not hold here");
  prints(t, box.run(["delete", "--force", sleeper]));

  for (const wrong of ["", "{", "null", '{"version":1}', readFileSync(index(box), "utf8").slice(0, -20)]) {
    writeFileSync(index(box), wrong);
    t.strictSame(listed(t, box), ids, `an index that is damaged: ${JSON.stringify(wrong.slice(0, 20))}`);
  }
  await listedAtRest(t, box);
  const good = JSON.parse(readFileSync(index(box), "utf8")) as { state: string };
  t.ok(good.state, "mended");
  utimesSync(box.state, 1, 1);
  t.strictSame(listed(t, box), ids, "a time that was set does not matter: that it was set shows");

  rmSync(join(box.state, third), { recursive: true });
  for (const id of ids.filter((id) => id !== third && id !== first)) rmSync(join(box.state, id), { recursive: true });
  t.strictSame(listed(t, box), [first]);
  t.strictSame(readdirSync(box.state), [first], "few need no index, and it does not stay behind");
  prints(t, box.run(["delete", first]));
});

onHosts("list: an id that begins with a dot is shown", (t, box) => {
  const id = `.${box.id()}`;
  prints(t, box.run(["run", "--bundle", box.bundle(["true"]), "--keep", id]));
  t.strictSame(listed(t, box), [id]);
  prints(t, box.run(["delete", id]));
});
