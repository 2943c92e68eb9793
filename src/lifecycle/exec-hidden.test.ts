import { readFileSync } from "node:fs";
import t from "tap";
import { planProcess } from "../config/plan-process.ts";
import type { ProcessPlan } from "../config/plan-types.ts";
import { ARCH, SCHED_BATCH, SCHED_DEADLINE, SCHED_FIFO, SCHED_FLAG_RESET_ON_FORK } from "../kernel/constants.ts";
import { compileSeccomp } from "../seccomp/compile.ts";
import type { SeccompProfile, SeccompSyscall } from "../seccomp/profile.ts";
import { preparesHidden } from "./exec-hidden.ts";

const DOCKER = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8")) as SeccompProfile;

function planned(change: Partial<ProcessPlan> = {}): ProcessPlan {
  const process = { cwd: "/", args: ["true"], user: { uid: 0, gid: 0 }, noNewPrivileges: false };
  return { ...planProcess(process, {}, { preserved: 0, listenFds: 0 }), ...change };
}

function under(profile: SeccompProfile, change: Partial<ProcessPlan> = {}): boolean {
  return preparesHidden(planned({ hasSeccomp: true, ...change }), compileSeccomp(profile, ARCH).program);
}

/** All is allowed but these. */
function refusing(names: string[], more: Partial<SeccompSyscall> = {}): SeccompProfile {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names, action: "SCMP_ACT_ERRNO", ...more }] };
}

t.test("without a filter, or with one that comes last", (t) => {
  t.ok(preparesHidden(planned(), undefined));
  t.ok(under(refusing(["clone", "clone3", "setsid"]), { noNewPrivileges: true }), "loaded when all is done");
  t.end();
});

t.test("a filter that is loaded early", (t) => {
  t.ok(under(DOCKER), "Docker's");
  t.ok(under(DOCKER, { terminal: true }), "Docker's, with a terminal");
  t.ok(under(refusing(["clone3"], { errnoRet: 38 })), "clone3 is refused, clone is not");
  t.ok(under(refusing(["clone"])), "clone is refused, clone3 is not");
  t.notOk(under(refusing(["clone", "clone3"])), "both are");
  t.notOk(under(refusing(["clone3"], { action: "SCMP_ACT_KILL_PROCESS" })), "clone3 ends who tries it");
  const parent = { index: 0, value: 0x8000, valueTwo: 0x8000, op: "SCMP_CMP_MASKED_EQ" } as const;
  t.notOk(
    under({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
        { names: ["clone"], action: "SCMP_ACT_ERRNO", args: [parent] },
      ],
    }),
    "clone with CLONE_PARENT is refused",
  );
  for (const name of ["setsid", "read", "write", "rt_sigprocmask", "exit_group"]) {
    t.notOk(under(refusing([name])), `${name} is refused`);
    t.notOk(under(refusing([name], { action: "SCMP_ACT_TRACE" })), `${name} is traced`);
    t.ok(under(refusing([name], { action: "SCMP_ACT_LOG" })), `${name} is logged`);
  }
  t.ok(under(refusing(["ioctl"])), "ioctl, without a terminal");
  t.notOk(under(refusing(["ioctl"]), { terminal: true }), "ioctl, with a terminal");
  t.notOk(under(refusing(["ptrace"], { action: "SCMP_ACT_NOTIFY" }), { seccompNotifies: true }), "it notifies");
  t.end();
});

t.test("a scheduler that children do not get", (t) => {
  const scheduler = { name: "", nice: 0, priority: 0, runtime: "0", deadline: "0", period: "0" };
  const runs = (policy: number, flags: number) =>
    preparesHidden(planned({ scheduler: { ...scheduler, policy, flags } }), undefined);
  t.ok(runs(SCHED_BATCH, 0));
  t.notOk(runs(SCHED_DEADLINE, 0));
  t.notOk(runs(SCHED_FIFO, SCHED_FLAG_RESET_ON_FORK));
  t.end();
});
