/** What each bundle's README claims, on both hosts: its run.sh is run, and its output read. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import t, { type Test } from "tap";
import { HOSTS, Sandbox } from "../test/support/sandbox.ts";

const BUNDLES = readdirSync("bundles", { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
  .map((entry) => entry.name);

/** Checks of one bundle's output; what is not said in a regular expression is computed. */
const CLAIMS: Record<string, (t: Test, output: string) => void> = {
  hello: (t, output) => t.equal(output, "hello from pid 1 on hello\n"),
  service: (t, output) => {
    t.match(output, /^container: service is up as pid 1 on service\nhost: {6}sends SIGTERM to [0-9]+\n/);
    t.match(output, /\ncontainer: SIGTERM: shutting down\n$/);
  },
  volume: (t, output) => {
    t.match(output, /^container: written by the host\n/, "the container reads the host's file");
    t.match(output, /container sees in \/data: from-container from-host\n/);
    t.match(output, /host: {6}shared\/from-container says: written by the container\n/);
    t.match(output, /holds 0 files here\n/, "the mount is not in the host's view of the root");
  },
  limits: (t, output) => {
    const used = Number(/the busy loop got ([0-9]+) hundredths/.exec(output)?.[1]);
    // 40 plus one period's quota and the clock's 1/100 s; a lower bound only to show that it ran: the machine may be
    // busy.
    t.ok(used >= 1 && used <= 50, `20 % of 2 s: ${used} hundredths of a second`);
    t.match(output, /the process that took 64 MiB ended with status 137\n/, "the OOM killer took it");
  },
  namespaces: (t, output) => {
    t.match(output, /^container: pid 1\ncontainer: processes: [1-9]\ncontainer: hostname namespaces\n/);
    t.match(output, /container: network: lo\n/);
    t.match(output, /container: tmpfs on \/data holds: secret\n/);
    t.match(output, /is mounted inside, holds 0 files here\n/, "the host does not see the tmpfs");
    for (const kind of ["pid", "net", "ipc", "uts", "mnt", "cgroup"]) {
      const [, inside, here] = new RegExp(`${kind}: (\\S+) inside, (\\S+) here`).exec(output) ?? [];
      t.ok(inside !== undefined && inside !== here, `${kind} namespace: ${inside} is not ${here}`);
    }
  },
  "join-net": (t, output) => {
    const [server, client] = ["server", "client"].map((who) => new RegExp(`${who} in (net:\\S+)`).exec(output)?.[1]);
    t.ok(server !== undefined && server === client, `one network namespace: ${server} is ${client}`);
    t.match(output, /127\.0\.0\.1:8080 says: root:x:0:\n/, "the client reaches the server");
    t.match(output, /host: {6}does not reach the server/);
  },
  overlay: (t, output) => {
    t.match(output, /\/data begins as: changed kept\n/, "the whiteout hides the first layer's file");
    t.match(output, /container: as in the second layer\n/, "the upper of the lower layers wins");
    t.match(output, /and ends as: added changed\n/);
    t.match(output, /the first layer still holds: changed deleted kept \n/);
    t.match(output, /the writable layer holds: added \(regular file\) kept \(character special file\) \n/);
  },
  terminal: (t, output) => {
    t.match(output, /terminal: \/dev\/pts\/0, rows and columns: 33 101\r\n/, "its own terminal, the window's size");
    t.match(output, /\r\nanswer 42 of uid 0\r\n/, "what is typed reaches the shell");
  },
  userns: (t, output) => {
    t.match(output, /inside: uid 0, may set the hostname\ncontainer: renamed\n/);
    t.match(output, /owner of a file of the host's root: 65534\n/);
    t.match(output, /container: +0 +100000 +65536\n/);
    t.match(output, /host: {6}the same process runs as uid 100000\n/);
  },
};

t.strictSame(Object.keys(CLAIMS).sort(), BUNDLES.sort(), "every bundle has its checks");
for (const bundle of BUNDLES) {
  const text = readFileSync(`bundles/${bundle}/README.md`, "utf8");
  t.ok(text.includes(`bundles/${bundle}/run.sh`), `${bundle}/README.md names the command`);
}

for (const host of HOSTS) {
  for (const bundle of BUNDLES) {
    t.test(`${host.name}: ${bundle}`, (t) => {
      const box = new Sandbox(host);
      const env = { ...process.env, TSRUNC: [...host.command, "--root", box.state].join(" ") };
      const script = `bundles/${bundle}/run.sh`;
      // script(1) is the terminal that a person would have. What is typed is echoed before the answer, so the answer
      // must differ from it.
      const [program, args, input, status] =
        bundle === "terminal"
          ? [
              "script",
              ["-qec", `stty rows 33 cols 101; ${script}`, "/dev/null"],
              "echo answer $((6*7)) of uid $(id -u)\nexit 5\n",
              5,
            ]
          : ([script, [], "", 0] as [string, string[], string, number]);
      const result = spawnSync(program as string, args as string[], {
        env,
        input: input as string,
        encoding: "utf8",
        timeout: 60_000,
      });
      t.equal(result.status, status, `exit status; stderr: ${result.stderr}`);
      CLAIMS[bundle]?.(t, result.stdout);
      t.strictSame(box.close(), [], "nothing is left");
      t.end();
    });
  }
}

t.test("npm start's demo: its commands, their times, and no container left", (t) => {
  const result = spawnSync("bash", ["bundles/demo.sh"], { encoding: "utf8", timeout: 60_000 });
  t.equal(result.status, 0, result.stderr);
  for (const verb of ["create --bundle", "state", "start", "list", "kill", "delete", "run --bundle"]) {
    t.match(result.stdout, new RegExp(`^\\$ ts-runc ${verb}[^$]*?^  [0-9]+\\.[0-9] ms$`, "m"), verb);
  }
  t.match(result.stdout, /"status": "created"/);
  t.match(result.stdout, /service is up as pid 1 on service\n/);
  t.match(result.stdout, /SIGTERM: shutting down\n/);
  t.match(result.stdout, /hello from pid 1 on hello\n/);
  t.end();
});
