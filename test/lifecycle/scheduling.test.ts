/** How the process runs: scheduler, I/O priority, memory policy, execution domain, labels; as the process itself, or the kernel about it, says. */
import { existsSync, readFileSync } from "node:fs";
import t from "tap";
import { exits } from "../support/life.ts";
import { HOSTS, Sandbox } from "../support/sandbox.ts";

/** Whether the kernel was built with NUMA: without, set_mempolicy is ENOSYS. */
const HAS_NUMA = existsSync("/sys/devices/system/node/node0");
const HAS_APPARMOR = existsSync("/sys/module/apparmor/parameters/enabled");

for (const host of HOSTS) {
  t.test(`${host.name}: scheduler, I/O priority, personality`, (test) => {
    const box = new Sandbox(host);
    const fifo = box.bundle(["sleep", "60"], (config) => {
      config.process.scheduler = { policy: "SCHED_FIFO", priority: 7, flags: ["SCHED_FLAG_RESET_ON_FORK"] };
      config.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 };
    });
    const id = box.id();
    const made = box.run(["create", "--bundle", fifo, id]);
    if (made.status === 0) {
      box.run(["start", id]);
      const pid = box.pid(id);
      // Fields 40 and 41 of /proc/PID/stat: real-time priority and policy; SCHED_RESET_ON_FORK shows in neither.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
      test.strictSame([fields[37], fields[38]], ["7", "1"], "SCHED_FIFO at priority 7");
      box.run(["delete", "--force", id]);
    } else {
      test.match(
        made.stderr,
        /^set scheduler: EPERM: the kernel refused SCHED_FIFO priority 7; config\.json#\/process\/scheduler; hint: it needs CAP_SYS_NICE/,
      );
      test.pass("this machine gives out no realtime");
    }
    const ran = box.once(["sh", "-c", "uname -m; ionice; cut -d' ' -f19 /proc/self/stat"], (config) => {
      config.process.scheduler = { policy: "SCHED_BATCH", nice: 5 };
      config.process.ioPriority = { class: "IOPRIO_CLASS_IDLE" };
      config.linux.personality = { domain: "LINUX32" };
    });
    test.match(ran.stdout, /^i686\nidle\n5\n$/, "nice 5, idle I/O, 32-bit uname");
    test.strictSame(box.close(), []);
    test.end();
  });

  t.test(`${host.name}: a refused value is one line, and leaves nothing`, (test) => {
    const box = new Sandbox(host);
    const refused = (change: Parameters<Sandbox["bundle"]>[1], line: RegExp): void => {
      const ran = box.once(["true"], change);
      exits(test, ran, 1);
      test.match(ran.stderr, line);
    };
    refused((config) => {
      config.process.scheduler = { policy: "SCHED_DEADLINE", runtime: 30, deadline: 20, period: 10 };
    }, /^set scheduler: EINVAL: the kernel refused SCHED_DEADLINE; config\.json#\/process\/scheduler; hint: SCHED_DEADLINE wants runtime <= deadline <= period/);
    refused((config) => {
      config.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "1000" };
    }, /^set memory policy: (EINVAL|ENOSYS): the kernel refused mode 2 nodes 1000; config\.json#\/linux\/memoryPolicy; hint: /);
    refused((config) => {
      config.process.selinuxLabel = "system_u:system_r:container_t:s0";
    }, /^SELinux label "system_u:system_r:container_t:s0": SELinux is off on this machine, want it on or no label; config\.json#\/process\/selinuxLabel\n$/);
    refused((config) => {
      config.linux.mountLabel = "system_u:object_r:container_file_t:s0";
    }, /^SELinux label .*: SELinux is off on this machine, want it on or no label; config\.json#\/linux\/mountLabel\n$/);
    if (!HAS_APPARMOR)
      refused((config) => {
        config.process.apparmorProfile = "docker-default";
      }, /^AppArmor profile "docker-default": AppArmor is off on this machine, want it on or no label; config\.json#\/process\/apparmorProfile\n$/);
    test.strictSame(box.close(), []);
    test.end();
  });

  t.test(`${host.name}: memory policy`, { skip: !HAS_NUMA && "this kernel has no NUMA" }, (test) => {
    const box = new Sandbox(host);
    const ran = box.once(["sh", "-c", "grep -m1 stack /proc/self/numa_maps"], (config) => {
      config.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] };
    });
    test.match(ran.stdout, / bind=static:0 /);
    test.strictSame(box.close(), []);
    test.end();
  });
}
