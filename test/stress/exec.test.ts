/** exec many times in a row and many at once into one container: every status is right, nothing is left (issue "Managers", acceptance). */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { onHosts, removed, started } from "../support/life.ts";
import type { Sandbox } from "../support/sandbox.ts";

/** Execs in a row, and rounds of 20 at once. Node boots two times for each. */
const LOADS: Readonly<Record<string, { row: number; rounds: number }>> = {
  engine: { row: 500, rounds: 10 },
  node: { row: 20, rounds: 1 },
};
const AT_ONCE = 20;

/** Status of one exec, without waiting for it. */
function exec(box: Sandbox, args: string[]): Promise<number> {
  const [program = "", ...rest] = box.host.command;
  return new Promise((resolve) => {
    const child = spawn(program, [...rest, "--root", box.state, "exec", ...args], { stdio: "ignore" });
    child.on("close", (code) => resolve(code ?? -1));
  });
}

/** What an exec that is not wholly gone would raise. */
function census(box: Sandbox, id: string): Record<string, unknown> {
  const init = box.pid(id);
  const cgroups = readFileSync(`/proc/${init}/cgroup`, "utf8");
  const pids = cgroups
    .split("\n")
    .find((line) => line.includes(":pids:"))
    ?.split(":")[2];
  const procs = `/sys/fs/cgroup/pids${pids}/cgroup.procs`;
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(box.folder)),
    inside: readFileSync(`/proc/${init}/mountinfo`, "utf8").split("\n").length,
    processes: existsSync(procs) ? readFileSync(procs, "utf8") : "",
    state: readdirSync(join(box.state, id)).sort(),
    folder: readdirSync(box.folder).filter((name) => name.startsWith(".")),
    children: readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8"),
  };
}

onHosts("stress: exec in a row and at once", async (t, box) => {
  const { row, rounds } = LOADS[box.host.name] ?? { row: 0, rounds: 0 };
  const id = started(t, box);
  await exec(box, [id, "true"]);
  const before = census(box, id);
  const from = performance.now();
  const wrong: string[] = [];
  for (let turn = 0; turn < row; turn++) {
    const want = turn % 256;
    const found = await exec(box, [id, "sh", "-c", `exit ${want}`]);
    if (found !== want) wrong.push(`${turn}: ${found}`);
  }
  t.strictSame(wrong, [], `${row} in a row`);
  const inRow = performance.now() - from;
  for (let round = 0; round < rounds; round++) {
    const wants = Array.from({ length: AT_ONCE }, (_, index) => (round * AT_ONCE + index) % 256);
    const found = await Promise.all(wants.map((want) => exec(box, [id, "sh", "-c", `sleep 0.05; exit ${want}`])));
    t.strictSame(found, wants, `${AT_ONCE} at once, round ${round}`);
  }
  t.strictSame(census(box, id), before, "nothing is left");
  t.ok(inRow / row < (box.host.name === "engine" ? 100 : 3000), `${(inRow / row).toFixed(1)} ms each`);
  t.comment(`| ${box.host.name}: ${(inRow / row).toFixed(1)} ms each in a row`);
  removed(t, box, id);
});

onHosts("stress: exec while the container ends: a status or one line, never a wait", async (t, box) => {
  const rounds = box.host.name === "engine" ? 20 : 2;
  for (let round = 0; round < rounds; round++) {
    const id = started(t, box);
    const running = Array.from({ length: 6 }, () => exec(box, [id, "true"]));
    await new Promise((resolve) => setTimeout(resolve, round));
    removed(t, box, id);
    const found = await Promise.all(running);
    t.ok(
      found.every((status) => [0, 137, 255].includes(status)),
      `statuses ${found.join(" ")}`,
    );
  }
});
