/**
 * Holds the line on what does not depend on how fast the machine is: system calls, instructions, page faults, memory, bytes. The bounds of
 * bounds.json may only fall; a machine with more cgroup hierarchies than nine and the unified one may need more calls.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import t, { type Test } from "tap";
import { ENGINE, Sandbox, until } from "../test/support/sandbox.ts";

const program = resolve("dist/ts-runc");
const bounds = JSON.parse(readFileSync("bench/bounds.json", "utf8")) as Record<string, Record<string, number>>;

/** Fails above a bound; says what was found beside it. */
function hold(t: Test, kind: string, what: string, found: number): void {
  const bound = bounds[kind]?.[what] ?? 0;
  t.comment(`| ${kind} of ${what}: ${found}, at most ${bound}`);
  t.ok(found > 0 && found <= bound, `${kind} of ${what}: found ${found}, want at most ${bound}`);
}

/** Calls of a command and of what it begins, as strace counts them. */
function calls(file: string, command: readonly string[], follow: boolean): number {
  spawnSync("strace", [...(follow ? ["-f"] : []), "-c", "-o", file, ...command], { stdio: "ignore" });
  const total = readFileSync(file, "utf8")
    .split("\n")
    .find((line) => line.endsWith(" total"));
  return Number(total?.trim().split(/\s+/)[3]);
}

const noStrace = existsSync("/usr/bin/strace") ? false : "strace is not installed";
t.test("system calls", { skip: noStrace }, (t) => {
  const box = new Sandbox(ENGINE);
  const file = join(box.folder, "strace");
  const bundle = box.bundle(["sleep", "1000"]);
  const once = box.bundle(["true"]);
  const id = box.id();
  const at = (...words: string[]) => [program, "--root", box.state, ...words];
  hold(t, "system calls", "--version", calls(file, [program, "--version"], true));
  hold(t, "system calls", "run", calls(file, at("run", "--bundle", once, box.id()), true));
  spawnSync(program, at("create", "--bundle", bundle, id).slice(1), { stdio: "ignore" });
  hold(t, "system calls", "start", calls(file, at("start", id), false));
  hold(t, "system calls", "state", calls(file, at("state", id), true));
  hold(t, "system calls", "exec", calls(file, at("exec", id, "true"), true));
  hold(t, "system calls", "kill", calls(file, at("kill", id, "KILL"), true));
  until(() => box.status(id) === "stopped", "its end");
  hold(t, "system calls", "delete", calls(file, at("delete", "--force", id), true));
  t.strictSame(box.close(), []);
  t.end();
});

const noValgrind = existsSync("/usr/bin/valgrind") ? false : "valgrind is not installed";
t.test("instructions", { skip: noValgrind }, (t) => {
  const box = new Sandbox(ENGINE);
  mkdirSync(box.state, { mode: 0o700 });
  const count = (...words: string[]): number => {
    const args = ["--tool=callgrind", "--callgrind-out-file=/dev/null", program, ...words];
    const { stderr } = spawnSync("valgrind", args, { encoding: "utf8", env: {} });
    return Number((/refs:\s*([0-9,]+)/.exec(stderr)?.[1] ?? "0").replaceAll(",", ""));
  };
  hold(t, "instructions", "--version", count("--version"));
  hold(t, "instructions", "list", count("--root", box.state, "list"));
  t.strictSame(box.close(), []);
  t.end();
});

const measure = resolve("build/bench/measure-counts");
mkdirSync("build/bench", { recursive: true });
const built = spawnSync("musl-gcc", ["-O2", "-static", "bench/measure.c", "-o", measure], { encoding: "utf8" });
t.test("page faults and peak memory", { skip: built.status === 0 ? false : "musl-gcc is not installed" }, (t) => {
  const box = new Sandbox(ENGINE);
  const id = box.id();
  spawnSync(program, ["--root", box.state, "create", "--bundle", box.bundle(["sleep", "9"]), id], { stdio: "ignore" });
  const commands: [string, string[]][] = [
    ["--version", ["--version"]],
    ["state", ["--root", box.state, "state", id]],
    ["run", ["--root", box.state, "run", "--bundle", box.bundle(["true"]), box.id()]],
  ];
  for (const [what, words] of commands) {
    const { stdout } = spawnSync(measure, [join(box.folder, "log"), program, ...words], { encoding: "utf8" });
    const [, , memory = 0, faults = 0, status] = stdout.split(" ").map(Number);
    t.equal(status, 0, what);
    hold(t, "peak memory, KiB", what, memory);
    hold(t, "page faults", what, faults);
  }
  spawnSync(program, ["--root", box.state, "delete", "--force", id]);
  t.strictSame(box.close(), []);
  t.end();
});

t.test("bytes", (t) => {
  hold(t, "bytes", "executable", statSync(program).size);
  hold(t, "bytes", "heap image", statSync("build/engine/ts-runc/image.bin").size);
  hold(t, "bytes", "code in the image, packed", statSync("build/engine/ts-runc/hot.bin").size);
  t.end();
});
