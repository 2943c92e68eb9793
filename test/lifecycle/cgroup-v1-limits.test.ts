/** Every limit of linux.resources on cgroup v1, read back from the kernel's files, and what is said of those it refuses. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  hierarchy,
  isLeft,
  limited,
  onV1,
  place,
  type Resources,
  value,
  withHierarchies,
} from "../support/cgroup-v1.ts";
import { created, fails, removed, type Test } from "../support/life.ts";
import type { Sandbox } from "../support/sandbox.ts";

/** A disk of this machine, `254:0`: its major and minor number. */
function disk(): { major: number; minor: number; name: string } {
  for (const name of readdirSync("/sys/block")) {
    const [major = 0, minor = 0] = readFileSync(`/sys/block/${name}/dev`, "utf8").trim().split(":").map(Number);
    if (Number(readFileSync(`/sys/block/${name}/size`, "utf8")) > 0) return { major, minor, name: `${major}:${minor}` };
  }
  throw new Error("this machine has no disk");
}

/** A create that must fail with a line, and leave nothing. */
function refused(t: Test, box: Sandbox, resources: Resources, line: RegExp | string): void {
  const id = box.id();
  fails(t, box.run(["create", "--bundle", box.bundle(["true"], limited(resources)), id]), line);
  t.notOk(isLeft(id, "memory", "cpu", "blkio", "pids"), "no directory is left");
}

onV1("cgroup: block I/O limits are in the files", (t, box) => {
  const { major, minor, name } = disk();
  const weights = existsSync(join(hierarchy("blkio") ?? "", "blkio.bfq.io_serviced"));
  const id = created(
    t,
    box,
    ["true"],
    limited({
      blockIO: {
        ...(weights ? { weight: 300 } : {}),
        throttleReadBpsDevice: [{ major, minor, rate: 1 << 20 }],
        throttleWriteBpsDevice: [{ major, minor, rate: 9_007_199_254_740_993n }],
        throttleReadIOPSDevice: [{ major, minor, rate: 11 }],
        throttleWriteIOPSDevice: [
          { major, minor, rate: 12 },
          { major, minor, rate: 13 },
        ],
      },
    }),
  );
  if (weights) t.equal(value("blkio", id, "blkio.bfq.weight"), "300");
  t.equal(value("blkio", id, "blkio.throttle.read_bps_device"), `${name} ${1 << 20}`);
  t.equal(value("blkio", id, "blkio.throttle.write_bps_device"), `${name} 9007199254740993`);
  t.equal(value("blkio", id, "blkio.throttle.read_iops_device"), `${name} 11`);
  t.equal(value("blkio", id, "blkio.throttle.write_iops_device"), `${name} 13`, "the last one");
  removed(t, box, id);
});

onV1("cgroup: block I/O limits that cannot be: each with its field", (t, box) => {
  refused(
    t,
    box,
    { blockIO: { throttleWriteIOPSDevice: [{ major: 4095, minor: 1, rate: 5 }] } },
    /^set cgroup blkio\.throttle\.write_iops_device: found 4095:1 5: no such block device, want MAJOR:MINOR of one that is there; config\.json#\/linux\/resources\/blockIO\/throttleWriteIOPSDevice\/0 \[cgroup write\(.*\) ENODEV\]$/m,
  );
  refused(
    t,
    box,
    { blockIO: { weightDevice: [{ major: 4095, minor: 1, weight: 100 }] } },
    /^set cgroup blkio\.(bfq\.)?weight_device: .*; config\.json#\/linux\/resources\/blockIO\/weightDevice\/0\/weight \[/,
  );
  refused(
    t,
    box,
    { blockIO: { leafWeight: 100 } },
    /^set cgroup blkio\.leaf_weight: the kernel has no such file here: found 100, want one that .* takes; config\.json#\/linux\/resources\/blockIO\/leafWeight \[.* ENOENT\]$/m,
  );
});

onV1("cgroup: all of memory", (t, box) => {
  const id = created(
    t,
    box,
    ["true"],
    limited({
      memory: { limit: 64 << 20, swap: 96 << 20, reservation: 32 << 20, disableOOMKiller: true, useHierarchy: true },
    }),
  );
  t.equal(value("memory", id, "memory.limit_in_bytes"), String(64 << 20));
  t.equal(value("memory", id, "memory.memsw.limit_in_bytes"), String(96 << 20));
  t.equal(value("memory", id, "memory.soft_limit_in_bytes"), String(32 << 20));
  t.match(value("memory", id, "memory.oom_control"), /^oom_kill_disable 1$/m);
  t.equal(value("memory", id, "memory.use_hierarchy"), "1");
  removed(t, box, id);
});

onV1("cgroup: kernel memory limits are in force, or refused, but never taken and ignored", (t, box) => {
  for (const [field, file] of [
    ["kernel", "memory.kmem.limit_in_bytes"],
    ["kernelTCP", "memory.kmem.tcp.limit_in_bytes"],
  ] as const) {
    const id = box.id();
    const bundle = box.bundle(["true"], limited({ memory: { [field]: (8 << 20) + 1 } }));
    const outcome = box.run(["create", "--bundle", bundle, id]);
    if (outcome.status === 0) {
      t.equal(value("memory", id, file), String(8 << 20), `${file}, in whole pages`);
      removed(t, box, id);
    } else {
      const found = "found 8388609, which this kernel takes and does not apply, want it absent";
      const hint = "hint: memory.limit counts kernel memory too";
      fails(t, outcome, `set cgroup ${file}: ${found}; config.json#/linux/resources/memory/${field}; ${hint}`);
    }
    const lifted = created(t, box, ["true"], limited({ memory: { [field]: -1 } }));
    removed(t, box, lifted);
  }
});

/** Debian's kernels share out no realtime (CONFIG_RT_GROUP_SCHED). */
const hasRealtime = () => existsSync(join(hierarchy("cpu") ?? "", "cpu.rt_runtime_us"));

onV1("cgroup: all of cpu", (t, box) => {
  const path = `/${box.id()}`;
  const id = created(t, box, ["true"], (config) => {
    // Realtime is shared out from the root: below another group there may be none left.
    config.linux.cgroupsPath = path;
    const realtime = hasRealtime() ? { realtimePeriod: 900_000, realtimeRuntime: 1000 } : {};
    limited({ cpu: { quota: 30_000, period: 60_000, burst: 20_000, shares: 2, ...realtime } })(config);
  });
  const read = (file: string) => readFileSync(join(hierarchy("cpu") ?? "", path, file), "utf8").trim();
  t.equal(read("cpu.cfs_quota_us"), "30000");
  t.equal(read("cpu.cfs_period_us"), "60000");
  t.equal(read("cpu.cfs_burst_us"), "20000");
  t.equal(read("cpu.shares"), "2");
  if (hasRealtime()) {
    t.equal(read("cpu.rt_runtime_us"), "1000");
    t.equal(read("cpu.rt_period_us"), "900000");
  }
  removed(t, box, id);
  const idle = created(t, box, ["true"], limited({ cpu: { idle: 1 } }));
  t.equal(value("cpu", idle, "cpu.idle"), "1");
  removed(t, box, idle);
  const awake = created(t, box, ["true"], limited({ cpu: { idle: 0, shares: 512 } }));
  t.equal(value("cpu", awake, "cpu.shares"), "512");
  removed(t, box, awake);
});

onV1("cgroup: cpu limits that the kernel refuses", (t, box) => {
  refused(
    t,
    box,
    { cpu: { realtimePeriod: 1_000_000, realtimeRuntime: 1_000_000 } },
    hasRealtime()
      ? /^set cgroup cpu\.rt_runtime_us: the kernel refused the value: found 1000000, want one that .*cpu\.rt_runtime_us takes; config\.json#\/linux\/resources\/cpu\/realtimeRuntime \[.* EINVAL\]$/m
      : /^set cgroup cpu\.rt_period_us: the kernel has no such file here: found 1000000, want one that .*cpu\/realtimePeriod \[.* ENOENT\]$/m,
  );
  refused(
    t,
    box,
    { cpu: { shares: 100, idle: 1 } },
    "load config.json: 100 with cpu.idle = 1, want only one of the two; config.json#/linux/resources/cpu/shares",
  );
  refused(
    t,
    box,
    { cpu: { mems: "7777" } },
    /cpuset\.mems: .*found 7777.*config\.json#\/linux\/resources\/cpu\/mems \[/,
  );
});

onV1("cgroup: a pids limit of 0 is 1", (t, box) => {
  const id = created(t, box, ["true"], limited({ pids: { limit: 0 } }));
  t.equal(value("pids", id, "pids.max"), "1");
  removed(t, box, id);
});

onV1("cgroup: a controller that is not mounted is named, where something is asked of it", (t, box) => {
  if (hierarchy("rdma") !== undefined) {
    t.pass("rdma", { skip: "this machine has the controller" });
    return;
  }
  refused(
    t,
    box,
    { rdma: { mlx5_0: { hcaHandles: 3, hcaObjects: 4 } } },
    'set cgroup rdma.max: no hierarchy of the controller "rdma" is mounted, want it for the value mlx5_0 hca_handle=3 hca_object=4; config.json#/linux/resources/rdma/mlx5_0; hint: mount -t cgroup -o rdma cgroup /sys/fs/cgroup/rdma, where the kernel has it',
  );
  removed(t, box, created(t, box, ["true"], limited({ rdma: { mlx5_0: {} }, network: { classID: 0 } })));
});

onV1("cgroup: network marks and huge pages, in hierarchies of their own", (t, box) => {
  const mounted = ["net_cls", "hugetlb"].filter((controller) => hierarchy(controller) !== undefined);
  const known = readFileSync("/proc/cgroups", "utf8");
  const absent = ["net_cls", "net_prio", "hugetlb"].filter((controller) => !known.includes(`${controller}\t`));
  if (mounted.length + absent.length > 0) {
    t.pass("hierarchies", { skip: `in use elsewhere: ${mounted.join(" ")}; not in this kernel: ${absent.join(" ")}` });
    return;
  }
  const id = box.id();
  const [program = "", ...words] = box.host.command;
  const runtime = [program, ...words, "--root", box.state].join(" ");
  const bundle = (resources: Resources) =>
    box.bundle(["true"], (config) => {
      config.linux.cgroupsPath = `/${id}`;
      limited(resources)(config);
    });
  const good = bundle({
    network: { classID: 0x100001, priorities: [{ name: "lo", priority: 5 }] },
    hugepageLimits: [{ pageSize: "2MB", limit: 4 << 20 }],
  });
  const bad: Resources[] = [
    { network: { priorities: [{ name: "nosuch0", priority: 5 }] } },
    {
      hugepageLimits: [
        { pageSize: "2MB", limit: 0 },
        { pageSize: "8MB", limit: 0 },
      ],
    },
  ];
  const net = join(box.folder, "net_cls,net_prio", id);
  const huge = join(box.folder, "hugetlb", id);
  const printed = withHierarchies(
    { "net_cls,net_prio": join(box.folder, "net_cls,net_prio"), hugetlb: join(box.folder, "hugetlb") },
    `${runtime} create --bundle ${good} ${id} > ${box.folder}/out 2>&1 < /dev/null; cat ${box.folder}/out
    cat ${net}/net_cls.classid; grep -w lo ${net}/net_prio.ifpriomap
    cat ${huge}/hugetlb.2MB.limit_in_bytes ${huge}/hugetlb.2MB.rsvd.limit_in_bytes
    ${runtime} delete --force ${id}
    ${bad.map((resources) => `${runtime} create --bundle ${bundle(resources)} ${id} > ${box.folder}/out 2>&1 < /dev/null; cat ${box.folder}/out; `).join("\n")}
    ls -d ${net} ${huge} 2>/dev/null`,
  );
  const lines = printed.trimEnd().split("\n");
  t.strictSame(lines.slice(0, 4), ["1048577", "lo 5", String(4 << 20), String(4 << 20)]);
  t.match(
    lines[4],
    /^set cgroup net_prio\.ifpriomap: found nosuch0 5: no such interface in the host's network namespace, want one that is there; config\.json#\/linux\/resources\/network\/priorities\/0 \[cgroup write.* ENODEV\]$/,
  );
  t.match(
    lines[5],
    /^set cgroup hugetlb\.8MB\.limit_in_bytes: found 8MB, want a page size of this machine: .*2MB.*; config\.json#\/linux\/resources\/hugepageLimits\/1 \[cgroup .* ENOENT\]$/,
  );
  t.equal(lines.length, 6, "nothing is left");
});

onV1("cgroup: a memory limit that init cannot live with is told as such", (t, box) => {
  const id = box.id();
  const outcome = box.run(["create", "--bundle", box.bundle(["true"], limited({ memory: { limit: 16_384 } })), id]);
  fails(
    t,
    outcome,
    `create "${id}": container init was OOM-killed (memory limit too low?): found 16384, want more; config.json#/linux/resources/memory/limit`,
  );
  t.notOk(existsSync(place("memory", id)));
});
