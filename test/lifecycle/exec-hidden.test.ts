/** exec where the stage prepares everything, and where it cannot (lifecycle/exec-hidden.ts): the process is the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fails, fields, onHosts, prints, put, removed, started } from "../support/life.ts";
import type { Sandbox, TestConfig } from "../support/sandbox.ts";

type Profile = NonNullable<TestConfig["linux"]["seccomp"]>;
const DOCKER = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8")) as Profile;

/** All is allowed but these. */
function refusing(names: string[], more: Partial<NonNullable<Profile["syscalls"]>[number]> = {}): Profile {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names, action: "SCMP_ACT_ERRNO", ...more }] };
}

const PROFILES: Readonly<Record<string, Profile>> = {
  "Docker's profile": DOCKER,
  "a profile without clone3": refusing(["clone3"]),
  "a profile without clone": refusing(["clone", "clone3", "fork", "vfork"]),
  "a profile that ends who clones": refusing(["clone", "clone3", "fork", "vfork"], { action: "SCMP_ACT_KILL_PROCESS" }),
  "a profile without setsid": refusing(["setsid"]),
  // TIOCSCTTY
  "a profile without terminals": refusing(["ioctl"], { args: [{ index: 1, value: 0x540e, op: "SCMP_CMP_EQ" }] }),
};

/** What a process that joins is, once without and once with a terminal. */
function look(t: Parameters<typeof prints>[0], box: Sandbox, id: string): Record<string, string> {
  const status = fields(prints(t, box.run(["exec", id, "cat", "/proc/self/status"]), "exec"));
  t.equal(status["NSsid"], status["NSpid"], "a session of its own");
  t.match(prints(t, box.run(["exec", "-t", id, "tty"]), "exec -t"), /^\/dev\/pts\/[0-9]+\r?\n$/);
  return status;
}

for (const [name, profile] of Object.entries(PROFILES)) {
  onHosts(`exec-hidden: ${name}`, (t, box) => {
    const id = started(t, box, (config) => {
      config.linux.seccomp = profile;
      config.process.noNewPrivileges = false;
      config.process.user = { uid: 1000, gid: 1000, additionalGids: [7] };
    });
    const init = fields(readFileSync(`/proc/${box.pid(id)}/status`, "utf8"));
    const found = look(t, box, id);
    for (const key of ["Uid", "Gid", "Groups", "NoNewPrivs", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      t.equal(found[key]?.trim(), init[key]?.trim(), key);
    t.match(found, { Seccomp: "2", Seccomp_filters: "1" });
    removed(t, box, id);
  });
}

onHosts(
  "exec-hidden: more processes of the user than the caller may have, within the container's own limit",
  (t, box) => {
    const id = started(t, box, (config) => {
      config.process.user = { uid: 54_321, gid: 54_321 };
      config.process.rlimits = [{ type: "RLIMIT_NPROC", soft: 100, hard: 100 }];
    });
    const script = "for i in 1 2 3; do sleep 1000 & done; wait";
    prints(t, box.run(["exec", "--detach", id, "sh", "-c", script]), "exec of some");
    const within = ["prlimit", "--nproc=2:2000"];
    t.equal(prints(t, box.run(["exec", id, "sh", "-c", "ulimit -u"], { within }), "exec"), "100\n");
    removed(t, box, id);
  },
);

onHosts("exec-hidden: no more processes than the cgroup may have", (t, box) => {
  const id = started(t, box, (config) => {
    config.linux.resources = { ...config.linux.resources, pids: { limit: 1 } };
  });
  // On v2 the stage is born in the cgroup, and is itself one too many.
  const line =
    /^exec failed: (make process|create namespaces): EAGAIN: the kernel made no.*; hint: a limit on processes is reached \(RLIMIT_NPROC, pids\.max\) \[clone clone3\(.*\) EAGAIN\]\n$/;
  fails(t, box.run(["exec", id, "true"]), line, 255);
  removed(t, box, id);
});

onHosts("exec-hidden: a scheduler, handed on to children or not", (t, box) => {
  const id = started(t, box);
  for (const flags of [[], ["SCHED_FLAG_RESET_ON_FORK"]]) {
    const file = put(
      join(box.folder, "process.json"),
      JSON.stringify({
        cwd: "/",
        args: ["cat", "/proc/self/stat"],
        user: { uid: 0, gid: 0 },
        env: ["PATH=/bin"],
        scheduler: { policy: "SCHED_BATCH", nice: 3, flags },
      }),
    );
    const stat = prints(t, box.run(["exec", "--process", file, id]), "exec")
      .replace(/.*\) /, "")
      .split(" ");
    t.strictSame([stat[16], stat[38]], ["3", "3"], `nice 3, SCHED_BATCH ${flags}`);
  }
  removed(t, box, id);
});
