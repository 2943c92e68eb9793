/** Docker drives the runtime through containerd's shim: what a user of docker sees. */
import { join } from "node:path";
import t from "tap";
import { until } from "./command.ts";
import { Docker, type DockerSeat, whyNoDocker } from "./docker.ts";
import { sh } from "./engine.ts";
import { LIFE_SCENARIOS } from "./engine-life.ts";
import { LIMIT_SCENARIOS } from "./engine-limits.ts";
import { RUN_SCENARIOS } from "./engine-run.ts";
import { missing, perform, type Scenario } from "./scenario.ts";

const scenarios: readonly Scenario<DockerSeat>[] = [
  ...RUN_SCENARIOS,
  ...LIMIT_SCENARIOS,
  ...LIFE_SCENARIOS,
  {
    name: "healthcheck: healthy, then not",
    needs: ["exec"],
    async play(seat) {
      const flags = ["--health-cmd", "test -f /ok", "--health-interval", "300ms", "--health-retries", "2"];
      const id = await seat.detached(flags, sh("touch /ok; sleep 1000"));
      await seat.becomes(id, ".State.Health.Status", "healthy", 20_000);
      seat.prints("rm /ok", await seat.exec(id, ["rm", "/ok"]));
      await seat.becomes(id, ".State.Health.Status", "unhealthy", 20_000);
    },
  },
  {
    name: "-v: a source that is missing becomes a folder",
    async play(seat) {
      const found = await seat.runs(
        ["-v", `${join(seat.folder, "made-by-docker")}:/mnt`],
        ["stat", "-c", "%F %a", "/mnt"],
      );
      seat.same("stat", found, "directory 755\n");
    },
  },
  {
    name: "commit, cp, diff of a running container",
    needs: ["pause", "resume"],
    async play(seat) {
      const id = await seat.detached([], sh("echo new >/made; sleep 1000"));
      await until(
        async () => (/A \/made/.test((await seat.cli(["diff", id])).stdout) ? true : undefined),
        "the file in diff",
      );
      seat.outcome("cp", await seat.cli(["cp", `${id}:/made`, join(seat.folder, "copied")]), 0);
      seat.outcome("cp", await seat.cli(["cp", join(seat.folder, "copied"), `${id}:/copied`]), 0);
      // Pauses the container meanwhile.
      seat.outcome("commit", await seat.cli(["commit", id, `${id}:1`]), 0, /^sha256:/);
      seat.same("running", await seat.inspect(id, ".State.Status"), "running");
      const words = ["run", "--rm", "--network", "none", ...seat.own, `${id}:1`, "cat", "/made", "/copied"];
      seat.outcome("run of the new image", await seat.cli(words), 0, "new\nnew\n");
      await seat.cli(["rmi", "--force", `${id}:1`]);
    },
  },
];

/** The daemon ends and comes back; what it ran has gone on. */
const restart: Scenario<DockerSeat> = {
  name: "live-restore: a new daemon takes its containers over",
  async play(seat) {
    const id = await seat.detached([], sh("trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done"));
    const pid = await seat.inspect(id, ".State.Pid");
    await meet(seat);
    seat.same("status", await seat.inspect(id, ".State.Status"), "running");
    seat.same("the same process", await seat.inspect(id, ".State.Pid"), pid);
    seat.outcome("stop", await seat.cli(["stop", id]), 0);
    seat.same("exit code", await seat.inspect(id, ".State.ExitCode"), "9");
    seat.outcome("start", await seat.cli(["start", id]), 0);
  },
};

let arrived = 0;
let restarted = false;

/** Both seats wait here; when the last has come, the daemon is restarted once. */
async function meet(seat: DockerSeat): Promise<void> {
  if (++arrived === seat.docker.seats.length) {
    await seat.docker.stop();
    await seat.docker.start();
    restarted = true;
  }
  await until(() => restarted || undefined, "the other seat and the daemon", 90_000);
}

if (!missing(whyNoDocker())) {
  const docker = new Docker();
  let left: string[] = ["it did not come to an end"];
  try {
    await docker.start();
    await docker.loadImage();
    await perform("docker", [...scenarios, restart], docker.seats);
  } finally {
    left = await docker.close();
  }
  const expected = new RegExp(`^cgroup /sys/fs/cgroup/[^/]+/${docker.mark}-[a-z-]+$|^mount .*/(netns/default|data)$`);
  t.strictSame(
    left.filter((line) => !expected.test(line)),
    [],
    "nothing is left behind",
  );
}
