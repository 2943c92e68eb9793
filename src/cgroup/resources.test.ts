/** Limits as writes: which file, which value, in which order (kernel admin-guide/cgroup-v1, cgroup-v2). */
import t from "tap";
import type { Resources } from "../config/types.ts";
import { blockIoToIoWeight } from "./block-io.ts";
import { v1Writes } from "./resources-v1.ts";
import { sharesToWeight, v2Writes } from "./resources-v2.ts";
import type { CgroupWrite } from "./write-list.ts";

/** `file=value`, with `?` where the file may be absent. */
const lines = (writes: readonly CgroupWrite[]) =>
  writes.map(({ file, value, optional }) => `${file}=${value}${optional ? "?" : ""}`);

const FULL: Resources = {
  memory: { limit: 2 ** 25, swap: 2 ** 26, reservation: 2 ** 24 },
  cpu: { shares: 1024, quota: 20000, period: 100000, burst: 1000, cpus: "0-1", mems: "0" },
  pids: { limit: 10 },
};

t.test("v1: every limit in its file", (t) => {
  t.strictSame(lines(v1Writes(FULL)), [
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
    "memory.limit_in_bytes=33554432",
    "memory.memsw.limit_in_bytes=67108864",
    "memory.soft_limit_in_bytes=16777216",
    "cpu.shares=1024",
    "cpu.cfs_period_us=100000",
    "cpu.cfs_burst_us=1000",
    "cpu.cfs_quota_us=20000",
    "pids.max=10",
  ]);
  const rest: Resources = {
    memory: { kernel: 1, kernelTCP: 2, swappiness: 0, disableOOMKiller: true, useHierarchy: true },
    cpu: { realtimePeriod: 1000000, realtimeRuntime: 950000, idle: 1 },
  };
  t.strictSame(lines(v1Writes(rest)), [
    "memory.kmem.limit_in_bytes=1",
    "memory.kmem.tcp.limit_in_bytes=2",
    "memory.swappiness=0",
    "memory.oom_control=1",
    "memory.use_hierarchy=1?",
    "cpu.idle=1",
    "cpu.rt_period_us=1000000",
    "cpu.rt_runtime_us=950000",
  ]);
  t.end();
});

t.test("v2: every limit in its file; swap is counted alone", (t) => {
  t.strictSame(lines(v2Writes(FULL)), [
    "memory.swap.max=33554432",
    "memory.max=33554432",
    "memory.low=16777216",
    "cpu.weight=100",
    "cpu.max.burst=1000",
    "cpu.max=20000 100000",
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
    "pids.max=10",
  ]);
  t.strictSame(lines(v2Writes({ memory: { limit: 5, swap: 5 } })), ["memory.swap.max=0?", "memory.max=5"]);
  t.strictSame(lines(v2Writes({ cpu: { period: 50000 } })), ["cpu.max=max 50000?"]);
  t.strictSame(lines(v2Writes({ cpu: { quota: 50000 } })), ["cpu.max=50000"], "the kernel keeps the period");
  t.strictSame(
    lines(v2Writes({ cpu: { idle: 0, shares: 1024 } })),
    ["cpu.idle=0?", "cpu.weight=100"],
    "an idle group takes no weight: it is woken first",
  );
  t.strictSame(lines(v1Writes({ cpu: { idle: 0, shares: 1024 } })), ["cpu.idle=0?", "cpu.shares=1024"]);
  t.end();
});

t.test("what asks for nothing is not written, or may fail; unlimited is written", (t) => {
  const nothing: Resources = {
    memory: { limit: 0, swap: 0, reservation: 0 },
    cpu: { shares: 0, quota: 0, period: 0, cpus: "", mems: "" },
    blockIO: { weight: 0, leafWeight: 0, weightDevice: [{ major: 8, minor: 0, weight: 0, leafWeight: 0 }] },
    hugepageLimits: [],
    network: { classID: 0, priorities: [] },
    rdma: { mlx5_1: {} },
    unified: {},
  };
  t.strictSame(v1Writes(nothing), []);
  t.strictSame(v2Writes(nothing), []);
  t.strictSame(v1Writes({}), []);
  t.strictSame(v2Writes({}), []);
  const unlimited: Resources = {
    memory: { limit: -1, swap: -1, reservation: -1 },
    cpu: { quota: -1 },
    pids: { limit: -1 },
  };
  t.strictSame(lines(v2Writes(unlimited)), [
    "memory.swap.max=max?",
    "memory.max=max?",
    "memory.low=max?",
    "cpu.max=max?",
    "pids.max=max?",
  ]);
  t.ok(v1Writes(unlimited).every((write) => write.optional));
  t.equal(lines(v1Writes(unlimited)).at(-1), "pids.max=max?");
  for (const writes of [v1Writes, v2Writes])
    t.strictSame(lines(writes({ pids: { limit: 0 } })), ["pids.max=1"], "0 is the least, as runc writes it");
  for (const writes of [v1Writes, v2Writes])
    t.ok(writes({ cpu: { burst: 0, idle: 0 } }).every((write) => write.value === "0" && write.optional));
  t.end();
});

t.test("no memory limit and no word about swap: swap is unlimited too", (t) => {
  t.strictSame(lines(v1Writes({ memory: { limit: -1 } })), [
    "memory.limit_in_bytes=-1?",
    "memory.memsw.limit_in_bytes=-1?",
  ]);
  t.strictSame(lines(v2Writes({ memory: { limit: -1, swap: 0 } })), ["memory.swap.max=max?", "memory.max=max?"]);
  t.match(v2Writes({ memory: { limit: -1 } })[0]?.where, /memory\/limit$/);
  t.end();
});

t.test("update: what a partial document leaves open is taken from the group, and pointers are its own", (t) => {
  const at = "--resources#";
  const present = { quota: "20000", memory: 4096 };
  t.strictSame(lines(v2Writes({ cpu: { period: 50000 } }, at, present)), ["cpu.max=20000 50000"]);
  t.strictSame(lines(v2Writes({ memory: { swap: 8192 } }, at, present)), ["memory.swap.max=4096"]);
  t.strictSame(lines(v2Writes({ memory: { swap: 8192 } }, at, { quota: "max", memory: -1 })), ["memory.swap.max=8192"]);
  t.equal(v2Writes({ pids: { limit: 1 } }, at)[0]?.where, "--resources#/pids/limit");
  t.equal(v1Writes({ pids: { limit: 1 } }, at)[0]?.where, "--resources#/pids/limit");
  t.throws(() => v1Writes({ unified: { "memory.high": "1" } }, at), /--resources#\/unified/);
  t.throws(() => v2Writes({ memory: { swappiness: 1 } }, at), /--resources#\/memory\/swappiness/);
  const checked = v2Writes({ memory: { limit: 4096, swap: 8192, checkBeforeUpdate: true } });
  t.strictSame(
    checked.map(({ above }) => above),
    [
      { file: "memory.current", limit: 8192n },
      { file: "memory.current", limit: 4096n },
    ],
  );
  t.ok(v1Writes({ memory: { limit: 4096, checkBeforeUpdate: true } }).every(({ above }) => above === undefined));
  t.end();
});

t.test("limits that the kernel compares are tried again after one another", (t) => {
  const after = (writes: readonly CgroupWrite[]) =>
    writes.flatMap(({ file, retryAfter }) => (retryAfter === undefined ? [] : [`${file} after ${retryAfter}`]));
  const both = { memory: { limit: 1, swap: 2 }, cpu: { ...FULL.cpu, realtimePeriod: 1, realtimeRuntime: 1 } };
  t.strictSame(after(v1Writes(both)), [
    "memory.limit_in_bytes after memory.memsw.limit_in_bytes",
    "cpu.rt_period_us after cpu.rt_runtime_us",
    "cpu.cfs_period_us after cpu.cfs_quota_us",
    "cpu.cfs_burst_us after cpu.cfs_quota_us",
  ]);
  t.strictSame(after(v2Writes(FULL)), ["cpu.max.burst after cpu.max"]);
  t.end();
});

const BLOCK_IO: Resources = {
  blockIO: {
    weight: 500,
    weightDevice: [
      { major: 8, minor: 0, weight: 10 },
      { major: 8, minor: 16, weight: 1000 },
    ],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 18446744073709551615n }],
    throttleWriteBpsDevice: [
      { major: 8, minor: 0, rate: 2 },
      { major: 8, minor: 1 },
    ],
    throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 0 }],
  },
};

/** With the name of other kernels behind a bar. */
const both = (writes: readonly CgroupWrite[]) =>
  writes.map(({ file, value, instead, optional }) =>
    [
      `${file}=${value}${optional ? "?" : ""}`,
      ...(instead === undefined ? [] : [`${instead.file}=${instead.value}`]),
    ].join(" | "),
  );

t.test("blockIO: v1 by blkio's files or BFQ's, v2 by BFQ's or io.weight", (t) => {
  t.strictSame(both(v1Writes(BLOCK_IO)), [
    "blkio.weight=500 | blkio.bfq.weight=500",
    "blkio.weight_device=8:0 10 | blkio.bfq.weight_device=8:0 10",
    "blkio.weight_device=8:16 1000 | blkio.bfq.weight_device=8:16 1000",
    "blkio.throttle.read_bps_device=8:0 18446744073709551615",
    "blkio.throttle.write_bps_device=8:0 2",
    "blkio.throttle.write_bps_device=8:1 0?",
    "blkio.throttle.read_iops_device=8:0 3",
    "blkio.throttle.write_iops_device=8:0 0?",
  ]);
  t.strictSame(both(v2Writes(BLOCK_IO)), [
    "io.bfq.weight=500 | io.weight=4950",
    "io.bfq.weight=8:0 10 | io.weight=8:0 1",
    "io.bfq.weight=8:16 1000 | io.weight=8:16 10000",
    "io.max=8:0 rbps=18446744073709551615",
    "io.max=8:0 wbps=2",
    "io.max=8:1 wbps=max?",
    "io.max=8:0 riops=3",
    "io.max=8:0 wiops=max?",
  ]);
  const leaves = { blockIO: { leafWeight: 20, weightDevice: [{ major: 8, minor: 0, leafWeight: 30 }] } };
  t.strictSame(both(v1Writes(leaves)), ["blkio.leaf_weight=20", "blkio.leaf_weight_device=8:0 30"]);
  t.throws(() => v2Writes(leaves), /found a leaf weight, which cgroup v2 does not have.*blockIO\/leafWeight/);
  t.throws(
    () => v2Writes({ blockIO: { weightDevice: [{ major: 8, minor: 0, leafWeight: 30 }] } }),
    /blockIO\/weightDevice\/0\/leafWeight/,
  );
  t.strictSame(
    v2Writes(BLOCK_IO).map(({ where }) => where.replace("config.json#/linux/resources/blockIO/", "")),
    [
      "weight",
      "weightDevice/0/weight",
      "weightDevice/1/weight",
      "throttleReadBpsDevice/0",
      "throttleWriteBpsDevice/0",
      "throttleWriteBpsDevice/1",
      "throttleReadIOPSDevice/0",
      "throttleWriteIOPSDevice/0",
    ],
  );
  t.end();
});

t.test("blockIoToIoWeight(): runc's values", (t) => {
  t.strictSame([10, 11, 100, 500, 999, 1000].map(blockIoToIoWeight), [1, 11, 910, 4950, 9989, 10000]);
  t.end();
});

t.test("huge pages, RDMA, network", (t) => {
  const resources: Resources = {
    hugepageLimits: [
      { pageSize: "2MB", limit: 0 },
      { pageSize: "1GB", limit: 18446744073709551615n },
    ],
    rdma: { mlx5_1: { hcaHandles: 0, hcaObjects: 2 }, mlx4_0: { hcaObjects: 4294967295 } },
  };
  const rdma = ["rdma.max=mlx5_1 hca_handle=0 hca_object=2", "rdma.max=mlx4_0 hca_object=4294967295"];
  const network = { classID: 0x100001, priorities: [{ name: "eth0", priority: 0 }] };
  t.strictSame(lines(v1Writes({ ...resources, network })), [
    "hugetlb.2MB.limit_in_bytes=0",
    "hugetlb.2MB.rsvd.limit_in_bytes=0?",
    "hugetlb.1GB.limit_in_bytes=18446744073709551615",
    "hugetlb.1GB.rsvd.limit_in_bytes=18446744073709551615?",
    "net_cls.classid=1048577",
    "net_prio.ifpriomap=eth0 0",
    ...rdma,
  ]);
  t.strictSame(lines(v2Writes(resources)), [
    "hugetlb.2MB.max=0",
    "hugetlb.2MB.rsvd.max=0?",
    "hugetlb.1GB.max=18446744073709551615",
    "hugetlb.1GB.rsvd.max=18446744073709551615?",
    ...rdma,
  ]);
  t.throws(() => v2Writes({ network }), /that cgroup v2 does not have.*resources\/network\/classID/);
  t.throws(() => v2Writes({ network: { priorities: network.priorities } }), /resources\/network\/priorities/);
  t.end();
});

t.test("numbers beyond 2^53 arrive exactly", (t) => {
  const limit = 9007199254740993n;
  t.equal(lines(v1Writes({ memory: { limit } }))[0], "memory.limit_in_bytes=9007199254740993");
  t.strictSame(lines(v2Writes({ memory: { limit, swap: 9223372036854775807n } })), [
    "memory.swap.max=9214364837600034814",
    "memory.max=9007199254740993",
  ]);
  t.end();
});

t.test("what a version does not have is an error that names the field", (t) => {
  for (const memory of [{ kernel: 1 }, { kernelTCP: 1 }, { swappiness: 60 }, { disableOOMKiller: true }])
    t.throws(() => v2Writes({ memory }), new RegExp(`resources/memory/${Object.keys(memory)[0]}`));
  for (const cpu of [{ realtimePeriod: 1 }, { realtimeRuntime: 1 }])
    t.throws(() => v2Writes({ cpu }), new RegExp(`resources/cpu/${Object.keys(cpu)[0]}`));
  t.throws(() => v1Writes({ unified: { "memory.high": "1" } }), /found unified on cgroup v1/);
  t.strictSame(v2Writes({ memory: { kernel: -1, disableOOMKiller: false, useHierarchy: true } }), []);
  t.end();
});

t.test("unified: any file of the directory, and no other", (t) => {
  const writes = v2Writes({ unified: { "memory.high": "1", "cgroup.max.depth": "2", "hugetlb.2MB.max": "0" } });
  t.strictSame(lines(writes), ["memory.high=1", "cgroup.max.depth=2", "hugetlb.2MB.max=0"]);
  t.strictSame(
    writes.map((write) => write.controller),
    ["memory", "cgroup", "hugetlb"],
  );
  t.strictSame(
    lines(v2Writes({ unified: { "io.max": "8:0 rbps=1\n8:16 rbps=2\n" } })),
    ["io.max=8:0 rbps=1", "io.max=8:16 rbps=2"],
    "one write a line",
  );
  for (const file of ["../x", "a/b", "", ".", "..", "/etc/passwd"])
    t.throws(() => v2Writes({ unified: { [file]: "1" } }), /want the name of one cgroup file/);
  t.end();
});

t.test("sharesToWeight(): fixed points, within range, never falling", (t) => {
  t.strictSame([2, 1024, 262144].map(sharesToWeight), [1, 100, 10000]);
  t.strictSame([0, 1, 1e9].map(sharesToWeight), [1, 1, 10000]);
  let before = 0;
  for (let shares = 2; shares <= 262144; shares = Math.ceil(shares * 1.1)) {
    const weight = sharesToWeight(shares);
    if (!(Number.isInteger(weight) && weight >= before && weight >= 1 && weight <= 10000))
      t.fail(`${shares}: ${weight}`);
    before = weight;
  }
  t.ok(before > 9000, "up to the end of the range");
  t.end();
});
