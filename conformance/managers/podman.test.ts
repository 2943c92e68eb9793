/** Podman drives the runtime through conmon: what a user of podman sees. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { command, until } from "./command.ts";
import { sh } from "./engine.ts";
import { LIFE_SCENARIOS } from "./engine-life.ts";
import { LIMIT_SCENARIOS } from "./engine-limits.ts";
import { RUN_SCENARIOS } from "./engine-run.ts";
import { IMAGE } from "./image.ts";
import { Podman, type PodmanSeat, whyNoPodman } from "./podman.ts";
import { missing, perform, type Scenario } from "./scenario.ts";

/** A pod whose infra container is the image's sleep: no registry is asked for a pause image. */
async function pod(seat: PodmanSeat, flags: readonly string[] = []): Promise<string> {
  const name = seat.id();
  const infra = ["--infra-image", IMAGE, "--infra-command", "sleep 1000", "--cgroup-parent", `/${seat.mark}`];
  seat.prints("pod create", await seat.cli(["pod", "create", "--name", name, "--network", "none", ...infra, ...flags]));
  return name;
}

const inPod = async (seat: PodmanSeat, name: string, words: readonly string[], flags: readonly string[] = []) => {
  const id = seat.id();
  seat.prints("run --pod", await seat.cli(["run", "--detach", "--name", id, "--pod", name, ...flags, IMAGE, ...words]));
  return id;
};

const scenarios: readonly Scenario<PodmanSeat>[] = [
  ...RUN_SCENARIOS,
  ...LIMIT_SCENARIOS,
  ...LIFE_SCENARIOS,
  {
    name: "pod: namespaces shared, stopped, started, removed together",
    async play(seat) {
      const name = await pod(seat, ["--hostname", "podded"]);
      const first = await inPod(seat, name, sh("trap 'exit 0' TERM; while :; do sleep 0.05; done"));
      const second = await inPod(seat, name, sh("trap 'exit 0' TERM; while :; do sleep 0.05; done"));
      const spaces = async (id: string) => {
        const pid = await seat.inspect(id, ".State.Pid");
        const all = ["net", "ipc", "uts", "mnt", "pid"].map((kind) =>
          command("/bin/readlink", [`/proc/${pid}/ns/${kind}`]),
        );
        return (await Promise.all(all)).map((one) => one.stdout);
      };
      const [one, two] = [await spaces(first), await spaces(second)];
      seat.same("shared", one.map((value, index) => value === two[index]).join(), "true,true,true,false,false");
      seat.prints("pod stop", await seat.cli(["pod", "stop", "--time", "3", name]));
      seat.same("status", await seat.inspect(first, ".State.Status"), "exited");
      seat.prints("pod start", await seat.cli(["pod", "start", name]));
      seat.same("status", await seat.inspect(second, ".State.Status"), "running");
      seat.match("pod ps", seat.prints("pod ps", await seat.cli(["pod", "ps"])), /Running/);
      seat.prints("pod kill", await seat.cli(["pod", "kill", name]));
      seat.prints("pod rm", await seat.cli(["pod", "rm", "--force", "--time", "0", name]));
    },
  },
  {
    name: "pod: top, pause, unpause",
    needs: ["pause", "resume"],
    async play(seat) {
      const name = await pod(seat);
      const id = await inPod(seat, name, ["sleep", "77"]);
      seat.match("pod top", seat.prints("pod top", await seat.cli(["pod", "top", name])), /sleep 77/);
      seat.prints("pod pause", await seat.cli(["pod", "pause", name]));
      seat.same("status", await seat.inspect(id, ".State.Status"), "paused");
      seat.prints("pod unpause", await seat.cli(["pod", "unpause", name]));
      seat.same("status", await seat.inspect(id, ".State.Status"), "running");
    },
  },
  {
    name: "pod with a process namespace of its own",
    async play(seat) {
      const name = await pod(seat, ["--share", "pid,net,ipc"]);
      await inPod(seat, name, ["sleep", "77"]);
      const found = await seat.cli(["run", "--rm", "--pod", name, IMAGE, "ps", "-o", "pid,args"]);
      seat.match("ps", seat.prints("run --pod", found), /1 sleep 1000[\s\S]*sleep 77/);
    },
  },
  {
    name: "play kube",
    async play(seat) {
      const name = seat.id();
      const file = join(seat.folder, "pod.yaml");
      const container = (word: string, script: string) =>
        `  - name: ${word}\n    image: ${IMAGE}\n    command: ["sh", "-c", "${script}"]\n    resources: {limits: {memory: 64Mi}}\n`;
      const head = `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  hostNetwork: true\n  restartPolicy: Never\n  containers:\n`;
      writeFileSync(file, head + container("one", "echo of one; sleep 1000") + container("two", "exit 3"));
      // Its infra image is Podman's own, built without a registry from catatonit, which is only recommended.
      const catatonit = await command("/bin/sh", ["-c", "ls /usr/libexec/podman/catatonit /usr/bin/catatonit"]);
      if (catatonit.stdout === "")
        return seat.skip("catatonit, of which Podman makes a pod's infra image, is not installed");
      seat.prints("play kube", await seat.cli(["play", "kube", file]));
      await until(
        async () => ((await seat.cli(["logs", `${name}-one`])).stdout === "of one\n" ? true : undefined),
        "a log line",
      );
      await seat.becomes(`${name}-two`, ".State.ExitCode", "3");
      seat.prints("play kube --down", await seat.cli(["play", "kube", "--down", file]));
    },
  },
  {
    name: "create, init, start",
    async play(seat) {
      const id = seat.id();
      const made = await seat.cli([
        "create",
        "--name",
        id,
        "--network",
        "none",
        ...seat.own,
        IMAGE,
        ...sh("echo ran; exit 3"),
      ]);
      seat.outcome("create", made, 0, /^[0-9a-f]{64}\n$/);
      seat.outcome("init", await seat.cli(["init", id]), 0);
      seat.same("status", await seat.inspect(id, ".State.Status"), "initialized");
      seat.outcome("start -a", await seat.cli(["start", "--attach", id]), 3, "ran\n");
    },
  },
  {
    name: "--uidmap: a user namespace",
    needs: ["exec"],
    async play(seat) {
      const map = ["--uidmap", "0:100000:5000", "--gidmap", "0:100000:5000"];
      const id = await seat.detached(
        map,
        sh("id -u; cat /proc/self/uid_map; ls -ln /etc/passwd; touch /made && sleep 1000"),
      );
      await until(
        async () => (/root|passwd/.test((await seat.cli(["logs", id])).stdout) ? true : undefined),
        "the container's words",
      );
      const logs = seat.prints("logs", await seat.cli(["logs", id]));
      seat.match("inside", logs, /^0\n +0 +100000 +5000\n-rw-r--r-- +1 0 +0 /);
      const pid = await seat.inspect(id, ".State.Pid");
      seat.match(
        "outside",
        seat.prints("stat", await command("/usr/bin/stat", ["-c", "%u", `/proc/${pid}`])),
        /^100000$/m,
      );
      seat.outcome("exec", await seat.exec(id, ["id", "-u"]), 0, "0\n");
    },
  },
  {
    name: "healthcheck run",
    needs: ["exec"],
    async play(seat) {
      const id = await seat.detached([
        "--health-cmd",
        "test -f /ok",
        "--health-interval",
        "disable",
        "--health-retries",
        "1",
      ]);
      seat.outcome("not yet", await seat.cli(["healthcheck", "run", id]), 1);
      seat.prints("touch", await seat.exec(id, ["touch", "/ok"]));
      seat.outcome("healthy", await seat.cli(["healthcheck", "run", id]), 0);
      seat.same("status", await seat.inspect(id, ".State.Health.Status"), "healthy");
    },
  },
  {
    name: "--pid of the host, --cgroups=disabled, --cgroupns=private",
    async play(seat) {
      const host = await seat.runs(["--pid", "host"], sh("readlink /proc/self/ns/pid"));
      seat.outcome("--pid host", await command("/bin/readlink", ["/proc/self/ns/pid"]), 0, host);
      const own = await seat.runs(["--cgroupns", "private"], sh("grep pids: /proc/self/cgroup"));
      seat.match("--cgroupns private", own, /:pids:\/\n/);
      const none = await seat.run(["--cgroups=disabled"], ["true"]);
      seat.see("--cgroups=disabled", `${none.status} ${none.stderr}`);
    },
  },
  {
    name: "checkpoint",
    needs: ["checkpoint"],
    async play(seat) {
      const criu = await command("criu", ["check"]).catch(() => undefined);
      if (criu === undefined) return seat.skip("criu is not installed");
      if (criu.status !== 0) return seat.skip(`criu check: ${(criu.stdout + criu.stderr).trim().split("\n").at(-1)}`);
      const id = await seat.detached();
      seat.prints("checkpoint", await seat.cli(["container", "checkpoint", id]));
      seat.prints("restore", await seat.cli(["container", "restore", id]));
      seat.same("status", await seat.inspect(id, ".State.Status"), "running");
    },
  },
];

if (!missing(whyNoPodman())) {
  const podman = new Podman();
  let left: string[] = ["it did not come to an end"];
  try {
    await podman.loadImage();
    await perform("podman", scenarios, podman.seats);
  } finally {
    left = await podman.close();
  }
  const expected = new RegExp(
    `^cgroup /sys/fs/cgroup/[^/]+/${podman.mark}-[a-z-]+(/conmon|/[0-9a-f]{64})?$|^mount .*/root/overlay$`,
  );
  t.strictSame(
    left.filter((line) => !expected.test(line)),
    [],
    "nothing is left behind",
  );
}
