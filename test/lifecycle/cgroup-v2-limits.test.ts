/** Every limit of linux.resources on cgroup v2, read back from the kernel's files, and what is said of those it refuses. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { limited, type Resources } from "../support/cgroup-v1.ts";
import { created, fails, mountLines, onHosts, removed, type Test } from "../support/life.ts";
import type { Sandbox } from "../support/sandbox.ts";

const ROOT = "/sys/fs/cgroup";
const mounts = mountLines(readFileSync("/proc/self/mountinfo", "utf8"));
const unified =
  mounts.some((line) => line.type === "cgroup2" && line.target === ROOT) &&
  !mounts.some((line) => line.type === "cgroup");
const controllers = unified ? readFileSync(join(ROOT, "cgroup.controllers"), "utf8").trim().split(" ") : [];

/** Runs a test where the unified hierarchy is the only one and has a controller; elsewhere it is shown as skipped. */
function onV2(name: string, controller: string, check: Parameters<typeof onHosts>[1]): void {
  if (controllers.includes(controller)) onHosts(name, check);
  else t.test(name, { skip: `needs a cgroup v2 host with the controller ${controller}` }, () => undefined);
}

/** Creates a container at the top of the hierarchy; returns its id and a reader of its files. */
function limitedBy(t: Test, box: Sandbox, resources: Resources): { id: string; read: (file: string) => string } {
  const path = box.id();
  const id = created(t, box, ["true"], (config) => {
    config.linux.cgroupsPath = `/${path}`;
    limited(resources)(config);
  });
  return { id, read: (file) => readFileSync(join(ROOT, path, file), "utf8").trim() };
}

/** A create that must fail with a line, and leave nothing. */
function refused(t: Test, box: Sandbox, resources: Resources, line: RegExp | string): void {
  const path = box.id();
  const bundle = box.bundle(["true"], (config) => {
    config.linux.cgroupsPath = `/${path}`;
    limited(resources)(config);
  });
  fails(t, box.run(["create", "--bundle", bundle, box.id()]), line);
  t.notOk(existsSync(join(ROOT, path)), "no directory is left");
}

onV2("cgroup v2: memory", "memory", (t, box) => {
  const { id, read } = limitedBy(t, box, {
    memory: { limit: 64 << 20, swap: 96 << 20, reservation: 32 << 20, useHierarchy: true, checkBeforeUpdate: true },
    unified: { "memory.high": String(48 << 20), "memory.oom.group": "1\n" },
  });
  t.equal(read("memory.max"), String(64 << 20));
  t.equal(read("memory.swap.max"), String(32 << 20));
  t.equal(read("memory.low"), String(32 << 20));
  t.equal(read("memory.high"), String(48 << 20));
  t.equal(read("memory.oom.group"), "1");
  removed(t, box, id);
  const lifted = limitedBy(t, box, { memory: { limit: -1 } });
  t.equal(lifted.read("memory.max"), "max");
  removed(t, box, lifted.id);
  for (const field of ["kernel", "kernelTCP", "swappiness"] as const)
    refused(
      t,
      box,
      { memory: { [field]: 50 } },
      `set cgroup limits: found a limit that cgroup v2 does not have, want it absent; config.json#/linux/resources/memory/${field}`,
    );
  refused(t, box, { memory: { disableOOMKiller: true } }, /cgroup v2 does not have.*memory\/disableOOMKiller$/m);
});

onV2("cgroup v2: cpu and cpuset", "cpu", (t, box) => {
  const { id, read } = limitedBy(t, box, {
    cpu: { quota: 30_000, period: 60_000, burst: 20_000, shares: 2048, cpus: "0", mems: "0" },
  });
  t.equal(read("cpu.max"), "30000 60000");
  t.equal(read("cpu.max.burst"), "20000");
  t.equal(read("cpu.weight"), "174", "by the curve");
  t.equal(read("cpuset.cpus"), "0");
  t.equal(read("cpuset.mems"), "0");
  removed(t, box, id);
  const idle = limitedBy(t, box, { cpu: { idle: 1, quota: 50_000 } });
  t.equal(idle.read("cpu.idle"), "1");
  t.equal(idle.read("cpu.max"), "50000 100000");
  removed(t, box, idle.id);
  for (const field of ["realtimeRuntime", "realtimePeriod"] as const)
    refused(t, box, { cpu: { [field]: 1000 } }, new RegExp(`cgroup v2 does not have.*cpu/${field}$`, "m"));
});

onV2("cgroup: a pids limit of 0 is 1", "pids", (t, box) => {
  const { id, read } = limitedBy(t, box, { pids: { limit: 0 } });
  t.equal(read("pids.max"), "1");
  removed(t, box, id);
});

onV2("cgroup v2: block I/O", "io", (t, box) => {
  const disk = readdirSync("/sys/block").find((name) => Number(readFileSync(`/sys/block/${name}/size`, "utf8")) > 0);
  if (disk === undefined) {
    t.pass("io.max", { skip: "this machine has no disk" });
    return;
  }
  const [major = 0, minor = 0] = readFileSync(`/sys/block/${disk}/dev`, "utf8").trim().split(":").map(Number);
  const { id, read } = limitedBy(t, box, {
    blockIO: {
      throttleReadBpsDevice: [{ major, minor, rate: 1 << 20 }],
      throttleWriteBpsDevice: [{ major, minor, rate: 0 }],
      throttleReadIOPSDevice: [{ major, minor, rate: 11 }],
      throttleWriteIOPSDevice: [{ major, minor, rate: 12 }],
    },
  });
  t.equal(read("io.max"), `${major}:${minor} rbps=${1 << 20} wbps=max riops=11 wiops=12`);
  removed(t, box, id);
  const weight = box.id();
  const bundle = box.bundle(["true"], (config) => {
    config.linux.cgroupsPath = `/${weight}`;
    limited({ blockIO: { weight: 500 } })(config);
  });
  const outcome = box.run(["create", "--bundle", bundle, weight]);
  if (outcome.status === 0) {
    const bfq = existsSync(join(ROOT, weight, "io.bfq.weight"));
    const file = join(ROOT, weight, bfq ? "io.bfq.weight" : "io.weight");
    t.equal(readFileSync(file, "utf8").split("\n")[0], bfq ? "default 500" : "default 4950");
    removed(t, box, weight);
  } else
    fails(t, outcome, /^set cgroup io\.bfq\.weight: the kernel has no such file here: found 500, .*blockIO\/weight \[/);
  refused(
    t,
    box,
    { blockIO: { throttleReadBpsDevice: [{ major: 4095, minor: 1, rate: 5 }] } },
    /^set cgroup io\.max: found 4095:1 rbps=5: no such block device, want MAJOR:MINOR of one that is there; config\.json#\/linux\/resources\/blockIO\/throttleReadBpsDevice\/0 \[cgroup write.* ENODEV\]$/m,
  );
  refused(
    t,
    box,
    { blockIO: { leafWeight: 20 } },
    /found a leaf weight, which cgroup v2 does not have.*\/leafWeight$/m,
  );
});

onV2("cgroup v2: huge pages", "hugetlb", (t, box) => {
  const { id, read } = limitedBy(t, box, { hugepageLimits: [{ pageSize: "2MB", limit: 4 << 20 }] });
  t.equal(read("hugetlb.2MB.max"), String(4 << 20));
  t.equal(read("hugetlb.2MB.rsvd.max"), String(4 << 20));
  removed(t, box, id);
  refused(
    t,
    box,
    { hugepageLimits: [{ pageSize: "8MB", limit: 0 }] },
    /^set cgroup hugetlb\.8MB\.max: found 8MB, want a page size of this machine: .*2MB.*; config\.json#\/linux\/resources\/hugepageLimits\/0 \[/,
  );
});

onV2("cgroup v2: what is not there is told", "memory", (t, box) => {
  refused(
    t,
    box,
    { rdma: { nosuch0: { hcaHandles: 3 } } },
    controllers.includes("rdma")
      ? /^set cgroup rdma\.max: found nosuch0 hca_handle=3: no such RDMA device, want one that is there; config\.json#\/linux\/resources\/rdma\/nosuch0 \[/
      : /^set cgroup rdma\.max: found nosuch0 hca_handle=3, and the controller "rdma" is not in .*cgroup\.controllers, want it there; config\.json#\/linux\/resources\/rdma\/nosuch0 \[/,
  );
  refused(
    t,
    box,
    { network: { classID: 3 } },
    /cgroup v2 does not have, want it absent; .*resources\/network\/classID$/m,
  );
  refused(
    t,
    box,
    { network: { priorities: [{ name: "lo", priority: 1 }] } },
    /cgroup v2 does not have, want it absent; .*resources\/network\/priorities$/m,
  );
  refused(
    t,
    box,
    { unified: { "memory.nosuch": "1" } },
    /^set cgroup memory\.nosuch: the kernel has no such file here/,
  );
  refused(
    t,
    box,
    { unified: { "nosuch.max": "1" } },
    /^set cgroup nosuch\.max: found 1, and the controller "nosuch" is/,
  );
  refused(
    t,
    box,
    { unified: { "memory.high": "x" } },
    /: the kernel refused the value: found x, .*memory\.high \[.* EINVAL/,
  );
  refused(t, box, { cpu: { cpus: "9999" } }, /^set cgroup cpuset\.cpus: .*found 9999.*resources\/cpu\/cpus \[/);
});

onV2("cgroup v2: a memory limit that init cannot live with is told as such", "memory", (t, box) => {
  refused(
    t,
    box,
    { memory: { limit: 65_536 } },
    /^create "[^"]*": container init was OOM-killed \(memory limit too low\?\): found 65536, want more; config\.json#\/linux\/resources\/memory\/limit$/m,
  );
});
