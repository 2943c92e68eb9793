/** What is open in the process: its streams, what --preserve-fds and LISTEN_FDS hand on, nothing else (sd_listen_fds(3)). */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fails, onHosts, prints, put } from "../support/life.ts";
import type { Outcome, Sandbox } from "../support/sandbox.ts";

/** Runs a container from a shell that has opened descriptors 3 and 4, and 9. */
function withOpen(box: Sandbox, prepare: string, flags: string[], script: string): Outcome {
  const [three, four] = ["three", "four"].map((name) => put(join(box.folder, name), name)) as [string, string];
  const bundle = box.bundle(["sh", "-c", script]);
  const command = [...box.host.command, "--root", box.state, "run", "--bundle", bundle, ...flags, box.id()];
  const shell = `exec 3<${three} 4<${four} 9</dev/null; ${prepare}exec "$@"`;
  const result = spawnSync("sh", ["-c", shell, "sh", ...command], { encoding: "utf8", timeout: 20_000 });
  return { status: result.status ?? 137, stdout: result.stdout, stderr: result.stderr };
}

// Through a pipe: ls opens one descriptor itself.
const LIST = "echo $(ls /proc/self/fd)";

onHosts("descriptors: of the caller's none but its streams is open", (t, box) => {
  t.equal(prints(t, withOpen(box, "", [], LIST)), "0 1 2 3\n", "3 is what ls opened");
});

onHosts("descriptors: --preserve-fds", (t, box) => {
  const text = prints(
    t,
    withOpen(box, "", ["--preserve-fds", "2"], `${LIST}; cat <&3; cat <&4; env | grep -c LISTEN`.concat("; true")),
  );
  t.equal(text, "0 1 2 3 4 5\nthreefour0\n");
  const many = withOpen(box, "", ["--preserve-fds", "60000"], "true");
  fails(t, many, /^preserve descriptors: /);
  fails(t, withOpen(box, "", ["--preserve-fds", "-1"], "true"), /^read command line: found "-1", want a whole number/);
});

onHosts("descriptors: --preserve-fds of one that is not open takes none of the runtime's own", (t, box) => {
  const closed = withOpen(box, "", ["--preserve-fds", "3"], "true");
  fails(t, closed, "preserve descriptors: descriptor 5 is not open, want 3 to 5 open; --preserve-fds");
});

onHosts("descriptors: LISTEN_FDS, with the pid that the process has", (t, box) => {
  const script = `${LIST}; cat <&3; cat <&4; env | grep LISTEN | sort`;
  const handed = withOpen(box, "export LISTEN_FDS=2 LISTEN_PID=$$; ", [], script);
  t.equal(prints(t, handed), "0 1 2 3 4 5\nthreefourLISTEN_FDS=2\nLISTEN_PID=1\n");
  const others = withOpen(box, "export LISTEN_FDS=2 LISTEN_PID=1; ", [], `${LIST}; env | grep -c LISTEN; true`);
  t.equal(prints(t, others), "0 1 2 3\n0\n", "meant for another process");
  const both = withOpen(
    box,
    "export LISTEN_FDS=1 LISTEN_PID=$$; ",
    ["--preserve-fds", "1"],
    `${LIST}; cat <&3; cat <&4`,
  );
  t.equal(prints(t, both), "0 1 2 3 4 5\nthreefour", "and what is preserved");
});
