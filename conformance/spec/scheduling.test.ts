/** runtime-spec 1.3: how the process is scheduled (config.md#linux-process), its memory policy, execution domain and labels. */
import { existsSync, readFileSync } from "node:fs";
import { fields } from "../../test/support/life.ts";
import type { TestConfig } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

type Scheduler = NonNullable<TestConfig["process"]["scheduler"]>;
const scheduler = (...names: string[]) => names.map((name) => `/process/scheduler/${name}`);

spec("an ordinary policy with nice, I/O priority, personality", (proves, box) => {
  const script = "cut -d' ' -f19,41 /proc/self/stat; ionice; uname -m; grep Cpus_allowed_list /proc/self/status";
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.process.scheduler = { policy: "SCHED_BATCH", nice: 5 };
    config.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 };
    config.process.execCPUAffinity = { initial: "0", final: "0" };
    config.linux.personality = { domain: "LINUX32", flags: [] };
  });
  const [stat, io, machine, cpus] = outcome.stdout.split("\n");
  proves(...scheduler("policy", "nice")).equal(stat, "5 3", "nice 5, SCHED_BATCH");
  const priority = proves("/process/ioPriority/class", "/process/ioPriority/priority");
  priority.equal(io, "best-effort: prio 6");
  proves("/linux/personality/domain").match(machine, /^(i686|armv[78]l)$/);
  const ours = fields(readFileSync("/proc/self/status", "utf8"))["Cpus_allowed_list"];
  const affinity = proves("/process/execCPUAffinity/initial", "/process/execCPUAffinity/final");
  affinity.equal(cpus, `Cpus_allowed_list:\t${ours}`, "it is about exec: the container's first process has all CPUs");
  const idle = box.once(["ionice"], (config) => {
    config.process.ioPriority = { class: "IOPRIO_CLASS_IDLE" };
  });
  proves("/process/ioPriority/class", "config.md#linux-process/6").equal(idle.stdout, "idle\n", "idle, level 0");
  const flag = box.once(["true"], (config) => {
    config.linux.personality = { domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"] as never };
  });
  proves("/linux/personality/flags").fails(flag, /config\.json#\/linux\/personality\/flags\/0/);
});

spec("real-time policies: in force, or the kernel's refusal with the field", (proves, box) => {
  const with_ = (value: Scheduler) =>
    box.once(["sh", "-c", "read line < /proc/self/stat; echo $line; cat /proc/self/stat"], (config) => {
      config.process.scheduler = value;
    });
  const refusal = /^set scheduler: E[A-Z]+: the kernel refused SCHED_[A-Z]+.*config\.json#\/process\/scheduler/;
  /** Priority and policy of the process and of a child, fields 40 and 41 of proc_pid_stat(5). */
  const seen = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => line.split(" ").slice(39, 41).join(" "));
  const fifo = with_({ policy: "SCHED_FIFO", priority: 7, flags: ["SCHED_FLAG_RESET_ON_FORK"] });
  const realtime = proves(...scheduler("policy", "priority", "flags"));
  if (fifo.status === 0) realtime.same(seen(fifo.stdout), ["7 1", "0 0"], "FIFO at 7, and a child that is not");
  else realtime.fails(fifo, refusal);
  const deadline = with_({ policy: "SCHED_DEADLINE", runtime: 10e6, deadline: 20e6, period: 20e6 });
  const times = proves(...scheduler("policy", "runtime", "deadline", "period"));
  if (deadline.status === 0) times.equal(seen(deadline.stdout)[0], "0 6", "SCHED_DEADLINE");
  else times.fails(deadline, refusal);
  const wrong = with_({ policy: "SCHED_DEADLINE", runtime: 30, deadline: 20, period: 10 });
  times.fails(wrong, refusal);
});

spec("memory policy: in force, or the kernel's refusal with the field", (proves, box) => {
  const claim = proves(...["mode", "nodes", "flags"].map((name) => `/linux/memoryPolicy/${name}`));
  const outcome = box.once(["grep", "-m1", "stack", "/proc/self/numa_maps"], (config) => {
    config.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] };
  });
  if (existsSync("/sys/devices/system/node/node0")) claim.match(outcome.stdout, / bind=static:0 /);
  else claim.fails(outcome, /^set memory policy: ENOSYS: .*config\.json#\/linux\/memoryPolicy/);
});

spec("labels where there is no such security module are an error", (proves, box) => {
  const selinux = existsSync("/sys/fs/selinux/enforce");
  const apparmor = existsSync("/sys/module/apparmor/parameters/enabled");
  const label = "system_u:system_r:container_t:s0";
  const process = box.once(["true"], (config) => (config.process.selinuxLabel = label));
  const mounts = box.once(["true"], (config) => (config.linux.mountLabel = label));
  const profile = box.once(["true"], (config) => (config.process.apparmorProfile = "no-such-profile"));
  const off = (pointer: string) => new RegExp(`${pointer}`);
  if (selinux)
    proves("/process/selinuxLabel", "/linux/mountLabel").ok(process.status === 0 || /label/i.test(process.stderr));
  else {
    proves("/process/selinuxLabel").fails(process, off("SELinux is off .*config\\.json#/process/selinuxLabel"));
    proves("/linux/mountLabel").fails(mounts, off("SELinux is off .*config\\.json#/linux/mountLabel"));
  }
  const pointer = off(`${apparmor ? "" : "AppArmor is off .*"}config\\.json#/process/apparmorProfile`);
  proves("/process/apparmorProfile").fails(profile, pointer);
});

done("scheduling");
