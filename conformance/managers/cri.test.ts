/** A Kubernetes RuntimeClass: what the kubelet asks of containerd's CRI, with each runtime as a handler. */
import { readFileSync } from "node:fs";
import t from "tap";
import { until } from "./command.ts";
import { Containerd, whyNoContainerd } from "./containerd.ts";
import { CriSeat } from "./cri.ts";
import { OVER_ITS_MEMORY, sh } from "./engine.ts";
import { IMAGE, PAUSE_IMAGE, packImage } from "./image.ts";
import { missing, perform, type Scenario } from "./scenario.ts";

const MIB = 1 << 20;
const RUNNING = 1;
const EXITED = 2;

const scenarios: readonly Scenario<CriSeat>[] = [
  {
    name: "pod: a container runs, is stopped and removed",
    async play(seat) {
      const pod = await seat.sandbox();
      const { id, log } = await seat.container(
        pod,
        sh("trap 'exit 9' TERM; echo of the pod; while :; do sleep 0.05; done"),
      );
      await until(() => (/ stdout F of the pod\n/.test(readFileSync(log, "utf8")) ? true : undefined), "a log line");
      seat.same("state", (await seat.status(id)).state, RUNNING);
      await seat.call("StopContainer", [
        [1, id],
        [2, 10],
      ]);
      const { state, exitCode } = await seat.status(id);
      seat.same("stopped", `${state} ${exitCode}`, `${EXITED} 9`);
      await seat.call("RemoveContainer", [[1, id]]);
    },
  },
  {
    name: "pod: containers share its namespaces",
    async play(seat) {
      const pod = await seat.sandbox();
      await seat.container(pod, ["sleep", "77"]);
      const { log } = await seat.container(pod, ["ps", "-o", "pid,args"]);
      const shown = await until(
        () => (/ps -o/.test(readFileSync(log, "utf8")) ? readFileSync(log, "utf8") : undefined),
        "ps",
      );
      seat.match("ps", shown, /F +1 sleep 100000\n[\s\S]*sleep 77\n/);
    },
  },
  {
    name: "a container killed for its memory, one that ends by itself",
    async play(seat) {
      const pod = await seat.sandbox();
      // LinuxContainerConfig.resources: memory_limit_in_bytes is field 4.
      const greedy = await seat.container(pod, OVER_ITS_MEMORY, [[1, [[4, 16 * MIB]]]]);
      const quick = await seat.container(pod, sh("exit 3"));
      const ends = async (id: string) => {
        const found = await until(async () => {
          const status = await seat.status(id);
          return status.state === EXITED ? status : undefined;
        }, "its end");
        return `${found.exitCode} ${found.reason}`;
      };
      seat.same("killed for its memory", await ends(greedy.id), "137 OOMKilled");
      seat.same("ended", await ends(quick.id), "3 Error");
    },
  },
  {
    name: "a container that cannot start",
    async play(seat) {
      const pod = await seat.sandbox();
      const said = await seat.container(pod, ["/no/such/program"]).then(
        () => "it started",
        (error) => String(error),
      );
      seat.match("error", said, /no such file or directory/);
    },
  },
  {
    name: "exec: a probe",
    needs: ["exec"],
    async play(seat) {
      const pod = await seat.sandbox();
      const { id } = await seat.container(pod, ["sleep", "1000"]);
      const found = await seat.exec(id, sh("echo in the pod; echo err >&2; exit 4"));
      seat.same("exec", found, { stdout: "in the pod\n", stderr: "err\n", exitCode: 4 });
    },
  },
];

if (!missing(whyNoContainerd())) {
  const containerd = new Containerd(true);
  let left: string[] = ["it did not come to an end"];
  try {
    await containerd.start();
    for (const name of [undefined, PAUSE_IMAGE]) {
      const archive = await packImage(containerd.folder, name);
      const found = await containerd.ctr("k8s.io", ["images", "import", archive]);
      if (found.status !== 0) throw new Error(`import: ${found.stderr}`);
    }
    const seats = containerd.seats.map(({ runtime }) => new CriSeat(runtime, containerd));
    for (const name of [IMAGE, PAUSE_IMAGE])
      await until(async () => (await seats[0]?.hasImage(name)) || undefined, name);
    await perform("cri", scenarios, seats);
  } finally {
    left = await containerd.close();
  }
  const parent = /^cgroup \/sys\/fs\/cgroup\/[^/]+\/tsm[0-9]+-[a-z-]+$/;
  t.strictSame(
    left.filter((line) => !parent.test(line)),
    [],
    "nothing is left behind",
  );
}
