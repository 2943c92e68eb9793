/** Limits as writes: which file, which value, in which order (kernel admin-guide/cgroup-v1, cgroup-v2). */
import t from "tap";
import type { Resources } from "../config/types.ts";
import { type CgroupWrite, sharesToWeight, v1Writes, v2Writes } from "./resources.ts";

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
    "cpu.cfs_quota_us=20000",
    "cpu.cfs_burst_us=1000",
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
    "cpu.rt_period_us=1000000",
    "cpu.rt_runtime_us=950000",
    "cpu.idle=1",
  ]);
  t.end();
});

t.test("v2: every limit in its file; swap is counted alone", (t) => {
  t.strictSame(lines(v2Writes(FULL)), [
    "memory.max=33554432",
    "memory.swap.max=33554432",
    "memory.low=16777216",
    "cpu.weight=100",
    "cpu.max=20000 100000",
    "cpu.max.burst=1000",
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
    "pids.max=10",
  ]);
  t.strictSame(lines(v2Writes({ memory: { limit: 5, swap: 5 } })), ["memory.max=5", "memory.swap.max=0?"]);
  t.strictSame(lines(v2Writes({ cpu: { period: 50000 } })), ["cpu.max=max 50000?"]);
  t.strictSame(lines(v2Writes({ cpu: { quota: 50000 } })), ["cpu.max=50000 100000"]);
  t.strictSame(lines(v2Writes({ cpu: { idle: 1, shares: 1024 } })), ["cpu.idle=1"], "an idle group has no weight");
  t.end();
});

t.test("what asks for nothing is not written, or may fail; unlimited is written", (t) => {
  const nothing: Resources = {
    memory: { limit: 0, swap: 0, reservation: 0 },
    cpu: { shares: 0, quota: 0, period: 0, burst: 0, cpus: "", mems: "" },
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
    "memory.max=max?",
    "memory.swap.max=max?",
    "memory.low=max?",
    "cpu.max=max 100000?",
    "pids.max=max?",
  ]);
  t.ok(v1Writes(unlimited).every((write) => write.optional));
  t.equal(lines(v1Writes(unlimited)).at(-1), "pids.max=max?");
  t.equal(lines(v2Writes({ pids: { limit: 0 } }))[0], "pids.max=0", "no process at all is a limit");
  t.end();
});

t.test("numbers beyond 2^53 arrive exactly", (t) => {
  const limit = 9007199254740993n;
  t.equal(lines(v1Writes({ memory: { limit } }))[0], "memory.limit_in_bytes=9007199254740993");
  t.strictSame(lines(v2Writes({ memory: { limit, swap: 9223372036854775807n } })), [
    "memory.max=9007199254740993",
    "memory.swap.max=9214364837600034814",
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
