/** state and list as JSON, beside runc's for the same bundle in each state of its life: the same keys in the same order, the same types. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { besideRunc } from "../support/life.ts";
import { RUNC, type Sandbox, until } from "../support/sandbox.ts";

/** What may differ in value: the machine's, or one container's. */
const OWN = new Set(["id", "pid", "created", "ociVersion"]);

/** Keys with types, in order; values too, where both must say the same. */
function shape(value: unknown): string[] {
  return Object.entries(value as Record<string, unknown>).map(([key, item]) =>
    OWN.has(key) ? `${key}: ${typeof item}` : `${key}: ${JSON.stringify(item)}`,
  );
}

/** One runtime with its own state directory. */
interface Side {
  name: string;
  id: string;
  call(...words: string[]): string;
}

function side(name: string, program: readonly string[], root: string, id: string): Side {
  return {
    name,
    id,
    call(...words) {
      const [file = "", ...first] = program;
      // Streams of its own: a container that stays holds them open.
      const waits = ["create", "start", "kill", "delete", "pause", "resume"].includes(words[0] ?? "");
      const ran = spawnSync(file, [...first, "--root", root, ...words], {
        encoding: "utf8",
        stdio: waits ? "ignore" : ["ignore", "pipe", "pipe"],
      });
      if (ran.status !== 0) throw new Error(`${name} ${words.join(" ")}: status ${ran.status} ${ran.stderr ?? ""}`);
      return ran.stdout ?? "";
    },
  };
}

function sides(box: Sandbox): Side[] {
  return [
    side("ts-runc", box.host.command, box.state, box.id()),
    side("runc", RUNC.command, join(box.folder, "runc"), box.id()),
  ];
}

for (const annotated of [false, true]) {
  besideRunc(`state and list: ${annotated ? "with" : "without"} annotations`, (t, box) => {
    const bundle = box.bundle(["sleep", "1000"], (config) => {
      config.ociVersion = "1.0.2";
      if (annotated) config.annotations = { "org.example.key": "value", other: "" };
    });
    const both = sides(box);
    const steps: [string, (one: Side) => void][] = [
      ["created", (one) => one.call("create", "--bundle", bundle, one.id)],
      ["running", (one) => one.call("start", one.id)],
      ["paused", (one) => one.call("pause", one.id)],
      ["running", (one) => one.call("resume", one.id)],
      [
        "stopped",
        (one) => {
          one.call("kill", one.id, "KILL");
          until(() => (JSON.parse(one.call("state", one.id)) as { status: string }).status === "stopped", "its end");
        },
      ],
    ];
    for (const [status, step] of steps) {
      const [ours, theirs] = both.map((one) => {
        step(one);
        const state: unknown = JSON.parse(one.call("state", one.id));
        const list = JSON.parse(one.call("list", "--format", "json")) as unknown[];
        t.equal((state as { status: string }).status, status, `${one.name}: ${status}`);
        t.equal(list.length, 1);
        return { state: shape(state), list: shape(list[0]) };
      });
      t.strictSame(ours?.state, theirs?.state, `state: ${status}`);
      t.strictSame(ours?.list, theirs?.list, `list: ${status}`);
    }
    for (const one of both) one.call("delete", one.id);
    t.equal(both[0]?.call("list", "--format", "json"), both[1]?.call("list", "--format", "json"), "none left");
  });
}
