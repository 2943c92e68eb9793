/** Many rounds, and many containers at once: nothing is left behind, and the time is bounded (issue "Foundation", acceptance). */
import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { exits } from "../support/life.ts";
import { ENGINE, HOSTS, type HostUnderTest, Sandbox, until } from "../support/sandbox.ts";

/** Rounds in a row, containers at once and the bound of each, for a machine as slow as a shared virtual one. */
interface Load {
  rounds: number;
  atOnce: number;
  /** Longest time of all rounds, and of all containers from create to delete, milliseconds. */
  roundsMs: number;
  atOnceMs: number;
}

const LOADS = new Map<string, Load>([
  ["engine", { rounds: 200, atOnce: 50, roundsMs: 30_000, atOnceMs: 15_000 }],
  // Each command of the Node host boots V8 (40 to 80 ms, 40 MB) two times.
  ["node", { rounds: 15, atOnce: 8, roundsMs: 60_000, atOnceMs: 30_000 }],
]);

/** What a container that is not wholly gone would raise. */
interface Census {
  mounts: number;
  /** Pids of processes that name the test's folder. */
  processes: string[];
  descriptors: number;
}

/** Pids of processes whose command line names `word`. */
function processesWith(word: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^[0-9]+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(word);
    } catch {
      return false;
    }
  });
}

/** Keys that uid 0 has (proc_key-users: uid: usage keys/instantiated …). The kernel collects dead ones a little later. */
function keysOfRoot(): number {
  const line = readFileSync("/proc/key-users", "utf8")
    .split("\n")
    .find((text) => /^\s*0:/.test(text));
  return Number(/:\s+[0-9]+\s+([0-9]+)\//.exec(line ?? "")?.[1] ?? Number.NaN);
}

function census(word: string): Census {
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n").length,
    processes: processesWith(word),
    descriptors: readdirSync("/proc/self/fd").length,
  };
}

/** One command, without waiting for it. Resolves to its status and standard error. */
function command(host: HostUnderTest, box: Sandbox, args: string[]): Promise<{ status: number; error: string }> {
  const [program = "", ...rest] = host.command;
  const quiet = openSync("/dev/null", "r+");
  const file = join(box.folder, `error-${args.join("-").replaceAll("/", "_").slice(-60)}`);
  const errors = openSync(file, "w");
  return new Promise((resolve) => {
    const child = spawn(program, [...rest, "--root", box.state, ...args], { stdio: [quiet, quiet, errors] });
    child.on("close", (code) => {
      closeSync(quiet);
      closeSync(errors);
      resolve({ status: code ?? 255, error: readFileSync(file, "utf8") });
    });
  });
}

/** Runs one command for every id, `width` at a time. Returns what failed. */
async function forAll(
  ids: readonly string[],
  width: number,
  one: (id: string) => Promise<{ status: number; error: string }>,
) {
  const queue = [...ids];
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        const { status, error } = await one(id);
        if (status !== 0) failures.push(`${id}: ${status} ${error}`);
      }
    }),
  );
  return failures;
}

for (const host of HOSTS) {
  const load = LOADS.get(host.name);
  if (load === undefined) throw new Error(`no load for ${host.name}`);

  t.test(`${host.name}: ${load.rounds} create, start, delete in a row`, (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["true"]);
    // The first container makes the state directory, and a host may keep a cache: neither is a leak of the rounds.
    exits(t, box.run(["run", "--bundle", bundle, box.id()]), 0);
    const before = census(box.folder);
    const keysBefore = keysOfRoot();
    const started = Date.now();
    const failures: string[] = [];
    const id = box.id();
    for (let round = 0; round < load.rounds; round++) {
      for (const args of [
        ["create", "--bundle", bundle, id],
        ["start", id],
        ["delete", "--force", id],
      ]) {
        const { status, stderr } = box.run(args);
        if (status !== 0) failures.push(`round ${round} ${args[0]}: ${status} ${stderr}`);
      }
    }
    const elapsedMs = Date.now() - started;
    t.strictSame(failures, []);
    t.strictSame(census(box.folder), before);
    // Each container joins a session keyring, which must end with it (user.8); half of the rounds is room for what else runs here.
    until(() => keysOfRoot() - keysBefore < load.rounds / 2, "end of the containers' keyrings", 15_000);
    t.ok(elapsedMs < load.roundsMs, `${load.rounds} rounds within ${load.roundsMs} ms`, { elapsedMs });
    t.strictSame(readdirSync(box.state), []);
    t.strictSame(box.close(), []);
    t.end();
  });

  t.test(`${host.name}: ${load.atOnce} containers at once`, async (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["sleep", "1000"]);
    exits(t, box.run(["run", "--bundle", box.bundle(["true"]), box.id()]), 0);
    const before = census(box.folder);
    const ids = Array.from({ length: load.atOnce }, () => box.id());
    const started = Date.now();
    const width = host === ENGINE ? 10 : 3;
    t.strictSame(await forAll(ids, width, (id) => command(host, box, ["create", "--bundle", bundle, id])), []);
    t.strictSame(await forAll(ids, width, (id) => command(host, box, ["start", id])), []);
    const listed = JSON.parse(box.run(["list", "--format", "json"]).stdout) as {
      id: string;
      status: string;
      pid: number;
    }[];
    t.strictSame(listed.map(({ id, status }) => `${id} ${status}`).sort(), ids.map((id) => `${id} running`).sort());
    t.equal(new Set(listed.map(({ pid }) => pid)).size, load.atOnce, "each has a process of its own");
    t.strictSame(await forAll(ids, width, (id) => command(host, box, ["delete", "--force", id])), []);
    const elapsedMs = Date.now() - started;
    t.strictSame(
      listed.filter(({ pid }) => isAlive(pid)).map(({ id }) => id),
      [],
      "every process has ended",
    );
    t.strictSame(census(box.folder), before);
    t.ok(elapsedMs < load.atOnceMs, `${load.atOnce} containers within ${load.atOnceMs} ms`, { elapsedMs });
    t.strictSame(box.close(), []);
  });

  t.test(`${host.name}: of many creates of one id exactly one succeeds`, async (t) => {
    const box = new Sandbox(host);
    const bundle = box.bundle(["sleep", "1000"]);
    const id = box.id();
    const tries = Array.from({ length: host === ENGINE ? 16 : 4 }, (_, index) => `${index}`);
    const outcomes: { status: number; error: string }[] = [];
    await forAll(tries, tries.length, async (number) => {
      const outcome = await command(host, box, [
        "create",
        "--bundle",
        bundle,
        "--pid-file",
        join(box.folder, `pid-${number}`),
        id,
      ]);
      outcomes.push(outcome);
      return { status: 0, error: "" };
    });
    const refused = outcomes.filter(({ status }) => status !== 0);
    t.equal(refused.length, tries.length - 1);
    for (const { error } of refused) t.match(error, /container with given ID already exists/);
    t.equal(box.status(id), "created");
    exits(t, box.run(["delete", "--force", id]), 0);
    t.strictSame(box.close(), []);
  });
}

/** Whether a process is there and no zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
