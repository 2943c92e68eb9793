// The same under containerd: `ctr run` of /bin/true, and how much of it is spent inside the runtime's processes (bench/wrapper.c).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { importTypeScript } from "../native/compile.mjs";

/** Containers of one runtime in a row are few: each takes containerd a tenth of a second. */
const MOST_ROUNDS = 20;

/** A program of the runtime's name that notes how long the runtime took. */
function wrap(folder, name, program) {
  const own = join(folder, `wrapped-${name}`);
  mkdirSync(own, { recursive: true });
  const times = join(own, "times");
  const flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-static", `-DPROGRAM="${program}"`, `-DTIMES="${times}"`];
  const made = spawnSync("musl-gcc", [...flags, "bench/wrapper.c", "-o", join(own, name)], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`musl-gcc: ${made.stderr}`);
  return { program: join(own, name), times };
}

/** { figures } of the time inside the runtime and of the whole `ctr run`; { why } where there is no containerd. */
export async function measureCtr({ runtimes, folder, shuffled, rest }, rounds) {
  const { Containerd, CtrSeat, whyNoContainerd } = await importTypeScript("conformance/managers/containerd.ts");
  const why = whyNoContainerd();
  if (why !== undefined) return { why };
  const daemon = new Containerd();
  const inside = new Map(runtimes.map(([name]) => [name, []]));
  const whole = new Map(runtimes.map(([name]) => [name, []]));
  try {
    await daemon.start();
    await daemon.importImage();
    const seats = runtimes.map(([name, program]) => {
      const wrapped = wrap(folder, name, program);
      return { name, times: wrapped.times, seat: new CtrSeat({ name: "ts-runc", path: wrapped.program }, daemon) };
    });
    for (let round = -1; round < Math.min(rounds, MOST_ROUNDS); round++)
      for (const { name, times, seat } of shuffled(seats)) {
        rest();
        rmSync(times, { force: true });
        const started = process.hrtime.bigint();
        const ran = await seat.run(["--rm"], seat.id(), ["true"]);
        const took = Number(process.hrtime.bigint() - started) / 1e6;
        if (ran.status !== 0) throw new Error(`ctr run with ${name}: ${ran.stderr}`);
        if (round < 0) continue; // the first one warms up
        const spent = existsSync(times) ? readFileSync(times, "utf8").trim().split("\n").map(Number) : [];
        inside.get(name).push({ wall: spent.reduce((sum, one) => sum + one, 0) / 1e6 });
        whole.get(name).push({ wall: took });
      }
  } finally {
    await daemon.close();
  }
  const figures = [
    ["ctr run: inside the runtime", inside],
    ["ctr run: as a whole", whole],
  ];
  return { figures };
}
