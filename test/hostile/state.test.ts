/** Damaged state, hostile ids, planted directories: a verb gives an error or does right, and touches nothing else (SECURITY state). */
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { exits } from "../support/life.ts";
import { Marker } from "../support/marker.ts";
import { HOSTS, Sandbox, until } from "../support/sandbox.ts";

/** What stands in for a field of each type. */
const WRONG: readonly unknown[] = [undefined, null, 7, -1, "word", true, [], {}, [null]];

/** One damaged record: its text, made from a whole one. */
interface Damage {
  name: string;
  text: (whole: string) => string;
}

function change(edit: (record: Record<string, unknown>) => void): (whole: string) => string {
  return (whole) => {
    const record = JSON.parse(whole) as Record<string, unknown>;
    edit(record);
    return JSON.stringify(record);
  };
}

const CUTS: readonly Damage[] = [0, 1, 2, 0.1, 0.5, 0.9, 0.99].map((cut) => ({
  name: `cut at ${cut}`,
  text: (whole) => whole.slice(0, cut < 1 ? Math.floor(whole.length * cut) : cut),
}));

const OTHERS: readonly Damage[] = [
  { name: "a byte too much", text: (whole) => `${whole}}` },
  { name: "bytes that are no text", text: () => "\u0000\u0001\u0002" },
  { name: "200000 brackets", text: () => "[".repeat(200_000) },
  { name: "a newer version", text: change((record) => (record["version"] = 99)) },
  { name: "another container's id", text: change((record) => (record["id"] = "another")) },
  // The pid of this very test, with a start time that is not its own: it must not be signalled.
  { name: "a foreign pid", text: change((record) => Object.assign(record, { pid: process.pid, startTime: 1 })) },
  { name: "pid 1", text: change((record) => (record["pid"] = 1)) },
  { name: "pid 2^31", text: change((record) => (record["pid"] = 2 ** 31)) },
  { name: "an earlier boot", text: change((record) => Object.assign(record, { pid: process.pid, bootId: "x" })) },
  {
    name: "a cgroup mount point that is none",
    text: change((record) => {
      const cgroup = record["cgroup"] as { places: { mountPoint: string }[] };
      for (const place of cgroup.places) place.mountPoint = "/tmp";
    }),
  },
  {
    name: "keys of the prototype",
    text: (whole) => whole.replace("{", '{"__proto__":{"pid":1},"constructor":{},"toString":1,'),
  },
];

for (const host of HOSTS) {
  t.test(`${host.name}: damaged state.json`, (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["true"]);
    const good = box.id();
    exits(t, box.run(["create", "--bundle", bundle, good]), 0);
    const pid = box.pid(good);
    process.kill(pid, "SIGKILL");
    until(() => box.status(good) === "stopped", "end of the container");
    const whole = readFileSync(join(box.state, good, "state.json"), "utf8");
    const marker = new Marker(box.folder);

    const retyped: Damage[] = Object.keys(JSON.parse(whole) as object).flatMap((field) =>
      WRONG.map((value) => ({
        name: `${field} = ${JSON.stringify(value) ?? "missing"}`,
        text: change((record) => {
          if (value === undefined) delete record[field];
          else record[field] = value;
        }),
      })),
    );
    // A boot of V8 for each verb: the Node host gets every seventh of the generated ones, over the same code.
    const generated = host.name === "engine" ? retyped : retyped.filter((_, index) => index % 7 === 0);
    for (const damage of [...CUTS, ...OTHERS, ...generated]) {
      const id = "damaged";
      const folder = join(box.state, id);
      cpSync(join(box.state, good), folder, { recursive: true, filter: (path) => !path.endsWith("exec.fifo") });
      const renamed = whole.replaceAll(good, id);
      writeFileSync(join(folder, "state.json"), damage.text(renamed));
      const outcomes = [
        ["state", id],
        ["kill", id, "KILL"],
        ["list", "--quiet"],
        ["delete", "--force", id],
      ].map((args) => ({ args, ...box.run(args) }));
      for (const { args, status, stderr } of outcomes) {
        const what = `${damage.name}: ${args[0]}`;
        t.ok(status === 0 || status === 1, `${what} ends by itself`, { status, stderr });
        t.notMatch(
          stderr,
          /TypeError|RangeError|is not a function|undefined|\bat .*\.ts/,
          `${what} says what is wrong`,
        );
        if (status === 1) t.equal(stderr.trimEnd().split("\n").length, 1, `${what}: one line`);
      }
      const [, , listed, deleted] = outcomes;
      t.match(listed, { status: 0, stdout: new RegExp(`^${good}$`, "m") }, `${damage.name}: list goes on`);
      if (deleted?.status === 0) t.throws(() => readFileSync(join(folder, "state.json")), `${damage.name}: removed`);
      rmSync(folder, { recursive: true, force: true });
    }
    t.strictSame(marker.changes(), []);
    exits(t, box.run(["delete", good]), 0);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: ids that climb, links and strangers in the state directory`, (t) => {
    const box = new Sandbox(host);
    const marker = new Marker(box.folder);
    const bundle = box.bundle(["true"]);
    const ids = [
      "../marker",
      "../../etc",
      "a/b",
      ".",
      "..",
      "",
      "a b",
      "a\n",
      "\ta",
      "é",
      "a\u001b[31m",
      "a%",
      "a".repeat(256),
    ];
    for (const id of ids) {
      for (const args of [
        ["create", "--bundle", bundle, id],
        ["state", id],
        ["delete", "--force", id],
        ["kill", id],
      ]) {
        const { status, stderr } = box.run(args);
        t.equal(status, 1, `${args[0]} ${JSON.stringify(id).slice(0, 20)}`);
        t.match(
          stderr,
          /invalid container ID format|found ""|missing/,
          `${args[0]} ${JSON.stringify(id).slice(0, 20)}`,
        );
        t.equal(stderr.trimEnd().split("\n").length, 1, "one line");
      }
    }
    mkdirSync(box.state, { recursive: true, mode: 0o700 });
    symlinkSync(marker.path, join(box.state, "planted"));
    for (const args of [
      ["create", "--bundle", bundle, "planted"],
      ["state", "planted"],
      ["kill", "planted"],
      ["delete", "planted"],
    ])
      exits(t, box.run(args), 1, `${args[0]} of a link`);
    box.run(["delete", "--force", "planted"]);
    t.strictSame(marker.changes(), []);
    rmSync(join(box.state, "planted"), { force: true });
    // A link inside a container's own directory: it is removed, not followed.
    const id = box.id();
    exits(t, box.run(["create", "--bundle", bundle, id]), 0);
    symlinkSync(marker.path, join(box.state, id, "link"));
    exits(t, box.run(["delete", "--force", id]), 0);
    t.strictSame(marker.changes(), []);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: a state directory that others may write, or own, is refused`, (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["true"]);
    const verbs = [
      ["create", "--bundle", bundle, "x"],
      ["state", "x"],
      ["list"],
      ["kill", "x"],
      ["delete", "--force", "x"],
    ];
    for (const [mode, owner] of [
      [0o777, 0],
      [0o1777, 0],
      [0o770, 0],
      [0o702, 0],
      [0o700, 1000],
    ] as const) {
      rmSync(box.state, { recursive: true, force: true });
      mkdirSync(box.state);
      chmodSync(box.state, mode);
      chownSync(box.state, owner, 0);
      for (const args of verbs) {
        const { status, stderr } = box.run(args);
        t.match(
          { status, stderr },
          { status: 1, stderr: /open state directory: found owner/ },
          `${args[0]} ${mode.toString(8)} ${owner}`,
        );
      }
    }
    rmSync(box.state, { recursive: true, force: true });
    t.strictSame(box.close(), []);
    t.end();
  });
}
