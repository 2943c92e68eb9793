/** config-linux.md of runtime-spec 1.3: cgroups and limits. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { created, prints, removed, started } from "../../test/support/life.ts";
import type { Sandbox, TestConfig } from "../../test/support/sandbox.ts";
import { cgroupFile, cgroupOf, hierarchy, noV1 } from "./cgroups.ts";
import { done, spec } from "./prove.ts";

type Resources = NonNullable<TestConfig["linux"]["resources"]>;

/** Runs `true` with other limits. */
function withLimits(box: Sandbox, resources: object) {
  return box.once(["true"], (config) => {
    config.linux.resources = { ...config.linux.resources, ...resources };
  });
}

spec(
  "limits are in the files of cgroup v1",
  (proves, box, t) => {
    const resources: Resources = {
      memory: {
        limit: 64 << 20,
        reservation: 32 << 20,
        swappiness: 7,
        disableOOMKiller: true,
        useHierarchy: true,
        checkBeforeUpdate: true,
        kernelTCP: 16 << 20,
      },
      cpu: { shares: 512, quota: 20_000, period: 50_000, cpus: "0", mems: "0" },
      pids: { limit: 17 },
    };
    const id = created(t, box, ["true"], (config) => {
      config.linux.resources = { ...config.linux.resources, ...resources };
    });
    const pid = box.pid(id);
    const expected: [pointer: string, controller: string, file: string, want: string][] = [
      ["memory/limit", "memory", "memory.limit_in_bytes", String(64 << 20)],
      ["memory/reservation", "memory", "memory.soft_limit_in_bytes", String(32 << 20)],
      ["memory/swappiness", "memory", "memory.swappiness", "7"],
      ["memory/kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes", String(16 << 20)],
      ["memory/useHierarchy", "memory", "memory.use_hierarchy", "1"],
      ["cpu/shares", "cpu", "cpu.shares", "512"],
      ["cpu/quota", "cpu", "cpu.cfs_quota_us", "20000"],
      ["cpu/period", "cpu", "cpu.cfs_period_us", "50000"],
      ["cpu/cpus", "cpuset", "cpuset.cpus", "0"],
      ["cpu/mems", "cpuset", "cpuset.mems", "0"],
      ["pids/limit", "pids", "pids.max", "17"],
    ];
    for (const [pointer, controller, file, want] of expected) {
      proves(`/linux/resources/${pointer}`).equal(cgroupFile(pid, controller, file), want, file);
    }
    const check = proves("/linux/resources/memory/checkBeforeUpdate");
    check.equal(cgroupFile(pid, "memory", "memory.limit_in_bytes"), String(64 << 20), "the limit is set all the same");
    const oom = cgroupFile(pid, "memory", "memory.oom_control");
    proves("/linux/resources/memory/disableOOMKiller").match(oom, /oom_kill_disable 1/, "memory.oom_control");
    removed(t, box, id);
  },
  noV1,
);

spec(
  "limits that one more container needs",
  (proves, box, t) => {
    const resources: Resources = {
      memory: { limit: 64 << 20, swap: 96 << 20 },
      cpu: { quota: 50_000, period: 50_000, burst: 20_000, realtimePeriod: 900_000, realtimeRuntime: 1000, idle: 1 },
    };
    const change = (config: TestConfig) => {
      config.linux.resources = { ...config.linux.resources, ...resources };
    };
    const id = box.id();
    const outcome = box.run(["create", "--bundle", box.bundle(["true"], change), id]);
    prints(t, outcome, "create");
    const expected: [pointer: string, controller: string, file: string, want: string][] = [
      ["memory/swap", "memory", "memory.memsw.limit_in_bytes", String(96 << 20)],
      ["cpu/burst", "cpu", "cpu.cfs_burst_us", "20000"],
      ["cpu/realtimePeriod", "cpu", "cpu.rt_period_us", "900000"],
      ["cpu/realtimeRuntime", "cpu", "cpu.rt_runtime_us", "1000"],
      ["cpu/idle", "cpu", "cpu.idle", "1"],
    ];
    for (const [pointer, controller, file, want] of expected) {
      proves(`/linux/resources/${pointer}`).equal(cgroupFile(box.pid(id), controller, file), want, file);
    }
    removed(t, box, id);
  },
  noV1,
);

spec(
  "a limit of kernel memory",
  (proves, box, t) => {
    const id = box.id();
    const bundle = box.bundle(["true"], (config) => {
      config.linux.resources = { ...config.linux.resources, memory: { kernel: 16 << 20 } };
    });
    const outcome = box.run(["create", "--bundle", bundle, id]);
    const claim = proves("/linux/resources/memory/kernel");
    if (outcome.status === 0) {
      claim.equal(cgroupFile(box.pid(id), "memory", "memory.kmem.limit_in_bytes"), String(16 << 20));
      removed(t, box, id);
    } else claim.fails(outcome, /^set cgroup memory\.kmem\.limit_in_bytes: .*memory\/kernel/);
  },
  noV1,
);

spec(
  "device rules in their order",
  (proves, box) => {
    const script =
      "for d in null kmsg; do (: < /dev/$d) && echo read $d; done; (: > /dev/kmsg) && echo write kmsg; true";
    const seen = (...rules: NonNullable<Resources["devices"]>) => {
      const outcome = box.once(["sh", "-c", `{ ${script}; } 2>/dev/null`], (config) => {
        config.linux.resources = { devices: [{ allow: false, access: "rwm" }, ...rules] };
        config.mounts.push({ destination: "/dev/kmsg", source: "/dev/kmsg", options: ["bind"] });
        const sets = config.process.capabilities ?? {};
        for (const set of [sets.bounding, sets.effective, sets.permitted]) set?.push("CAP_SYSLOG");
      });
      return outcome.stdout.trim().split("\n").join(", ");
    };
    const kmsg = { type: "c" as const, major: 1, minor: 11 };
    const fields = ["allow", "type", "major", "minor", "access"].map((name) => `/linux/resources/devices/*/${name}`);
    const rules = proves("config-linux.md#allowed-device-list/1", ...fields);
    rules.equal(seen(), "read null", "all denied: the default devices only");
    rules.equal(seen({ allow: true, ...kmsg, access: "r" }), "read null, read kmsg", "read");
    rules.equal(seen({ allow: true, ...kmsg, access: "rw" }), "read null, read kmsg, write kmsg", "read and write");
    const write = { ...kmsg, access: "w" };
    const both = { allow: true, ...kmsg, access: "rw" };
    rules.equal(seen(both, { allow: false, ...write }), "read null, read kmsg", "allowed, then denied");
    rules.equal(seen({ allow: false, ...write }, both), "read null, read kmsg, write kmsg", "denied, then allowed");
    const any = seen({ allow: true, type: "c", major: 1, access: "rw" });
    rules.equal(any, "read null, read kmsg, write kmsg", "without minor: all of the major number");
    proves("config-linux.md#allowed-device-list/2").fails(
      withLimits(box, { devices: [{ access: "rwm" }] }),
      /missing "allow".*config\.json#\/linux\/resources\/devices\/0/,
    );
  },
  noV1,
);

spec(
  "cgroupsPath",
  (proves, box, t) => {
    const at = (cgroupsPath: string) => {
      const id = created(t, box, ["true"], (config) => {
        config.linux.cgroupsPath = cgroupsPath;
      });
      const found = cgroupOf(box.pid(id), "pids");
      removed(t, box, id);
      return found;
    };
    const name = box.id();
    const below = join(cgroupOf("self", "pids"), `${name}/inner`);
    proves("config-linux.md#cgroups-path/2", "/linux/cgroupsPath").equal(at(`/${name}/inner`), `/${name}/inner`);
    proves("config-linux.md#cgroups-path/1", "/linux/cgroupsPath").equal(
      at(`${name}/inner`),
      below,
      "relative to ours",
    );
    const again = [at(`${name}/inner`), at(`/${name}/inner`)];
    proves("config-linux.md#cgroups-path/3").same(again, [below, `/${name}/inner`]);
    for (const path of ["/", "/..", "/a\nb"]) {
      const outcome = box.once(["true"], (config) => (config.linux.cgroupsPath = path));
      proves("config-linux.md#cgroups-path/4").fails(outcome, /config\.json#\/linux\/cgroupsPath/);
    }
    const id = started(t, box);
    const taken = box.once(["true"], (config) => (config.linux.cgroupsPath = id));
    proves("config-linux.md#control-groups/1").fails(taken, /found 1 processes in it .*, want an empty one/);
    removed(t, box, id);
  },
  noV1,
);

/** A disk of this machine. */
function disk(): { major: number; minor: number } | undefined {
  const name = readdirSync("/sys/block").find((name) => Number(readFileSync(`/sys/block/${name}/size`, "utf8")) > 0);
  if (name === undefined) return undefined;
  const [major = 0, minor = 0] = readFileSync(`/sys/block/${name}/dev`, "utf8").trim().split(":").map(Number);
  return { major, minor };
}

spec(
  "block I/O",
  (proves, box, t) => {
    const device = disk() ?? { major: 0, minor: 0 };
    const bytes = ["Read", "Write"].map((way) => [`throttle${way}BpsDevice`, way.toLowerCase(), "bps"]);
    const operations = ["Read", "Write"].map((way) => [`throttle${way}IOPSDevice`, way.toLowerCase(), "iops"]);
    const lists = [...bytes, ...operations].map(([list = "", way, unit], index) => ({
      list,
      file: `blkio.throttle.${way}_${unit}_device`,
      rate: (1 << 20) + index,
    }));
    const id = created(t, box, ["true"], (config) => {
      const blockIO = Object.fromEntries(lists.map(({ list, rate }) => [list, [{ ...device, rate }]]));
      config.linux.resources = { ...config.linux.resources, blockIO };
    });
    for (const { list, file, rate } of lists) {
      const fields = ["major", "minor", "rate"].map((name) => `/linux/resources/blockIO/${list}/*/${name}`);
      const found = cgroupFile(box.pid(id), "blkio", file);
      proves(...fields).equal(found, `${device.major}:${device.minor} ${rate}`, file);
    }
    removed(t, box, id);
    for (const [name, blockIO, file] of [
      ["weight", { weight: 300 }, "blkio\\.(bfq\\.)?weight"],
      ["leafWeight", { leafWeight: 300 }, "blkio\\.leaf_weight"],
      ["weightDevice/*/weight", { weightDevice: [{ ...device, weight: 300 }] }, "blkio\\..*weight_device"],
      ["weightDevice/*/leafWeight", { weightDevice: [{ ...device, leafWeight: 300 }] }, "blkio\\.leaf_weight_device"],
    ] as const) {
      const outcome = withLimits(box, { blockIO });
      const ids = name.includes("/")
        ? [name, "weightDevice/*/major", "weightDevice/*/minor"].map((field) => `/linux/resources/blockIO/${field}`)
        : [`/linux/resources/blockIO/${name}`];
      // A disk that another scheduler serves has no weight either.
      if (outcome.status === 0) proves(...ids).prints(outcome);
      else proves(...ids).fails(outcome, new RegExp(`^set cgroup ${file}: .*config\\.json#/linux/resources/blockIO`));
    }
    const neither = withLimits(box, { blockIO: { weightDevice: [device] } });
    proves("config-linux.md#block-io/2").prints(neither, "an entry without a weight has no effect");
  },
  noV1 ?? (disk() === undefined ? "this machine has no disk" : undefined),
);

spec(
  "huge pages, network marks, RDMA: in force where they are mounted, or an error that names the field",
  (proves, box) => {
    const wanted: [controller: string, ids: string[], resources: object, pointer: string][] = [
      [
        "hugetlb",
        ["pageSize", "limit"].map((name) => `hugepageLimits/*/${name}`),
        { hugepageLimits: [{ pageSize: "2MB", limit: 0 }] },
        "hugepageLimits/0",
      ],
      ["net_cls", ["network/classID"], { network: { classID: 1 } }, "network/classID"],
      [
        "net_prio",
        ["name", "priority"].map((name) => `network/priorities/*/${name}`),
        { network: { priorities: [{ name: "lo", priority: 1 }] } },
        "network/priorities/0",
      ],
      [
        "rdma",
        ["hcaHandles", "hcaObjects"].map((name) => `rdma/*/${name}`),
        { rdma: { mlx5_1: { hcaHandles: 1, hcaObjects: 2 } } },
        "rdma/mlx5_1",
      ],
    ];
    for (const [controller, ids, resources, pointer] of wanted) {
      const claim = proves(...ids.map((id) => `/linux/resources/${id}`));
      const outcome = withLimits(box, resources);
      if (outcome.status === 0) claim.ok(hierarchy(controller) !== undefined, `${controller} is mounted, and took it`);
      else claim.fails(outcome, new RegExp(`^set cgroup .*config\\.json#/linux/resources/${pointer}`));
    }
    proves("config-linux.md#rdma/1").prints(withLimits(box, { rdma: { mlx5_1: {} } }), "an empty entry has no effect");
  },
  noV1,
);

spec("limits that are wrong", (proves, box) => {
  proves("config-linux.md#cpu/1", "config-linux.md#cpu/2").fails(
    withLimits(box, { cpu: { quota: 10_000, burst: 10_001 } }),
    /10001, want at most cpu\.quota = 10000; config\.json#\/linux\/resources\/cpu\/burst/,
  );
  const rate = { major: 8, minor: 0, rate: 1000 };
  const io = (list: string, entry: object) => withLimits(box, { blockIO: { [list]: [entry] } });
  const at = (list: string, name: string) => new RegExp(`missing "${name}".*/resources/blockIO/${list}/0`);
  for (const name of ["major", "minor"] as const) {
    const entry = { ...rate, [name]: undefined };
    proves("config-linux.md#block-io/1").fails(io("weightDevice", entry), at("weightDevice", name));
    for (const list of ["throttleReadBpsDevice", "throttleWriteBpsDevice"]) {
      proves("config-linux.md#block-io/3").fails(io(list, entry), at(list, name));
    }
    for (const list of ["throttleReadIOPSDevice", "throttleWriteIOPSDevice"]) {
      proves("config-linux.md#block-io/5").fails(io(list, entry), at(list, name));
    }
  }
  for (const [id, lists] of [
    ["config-linux.md#block-io/4", ["throttleReadBpsDevice", "throttleWriteBpsDevice"]],
    ["config-linux.md#block-io/6", ["throttleReadIOPSDevice", "throttleWriteIOPSDevice"]],
  ] as const) {
    for (const list of lists) {
      const { stderr } = io(list, { ...rate, rate: undefined });
      proves(id).ok(!stderr.includes("missing"), `${list} without rate`);
    }
  }
  const pages = (entry: object) => withLimits(box, { hugepageLimits: [entry] });
  proves("config-linux.md#huge-page-limits/1").fails(pages({ limit: 1 }), /missing "pageSize".*\/hugepageLimits\/0/);
  proves("config-linux.md#huge-page-limits/2").fails(
    pages({ pageSize: "2MB" }),
    /missing "limit".*\/hugepageLimits\/0/,
  );
  const priority = (entry: object) => withLimits(box, { network: { priorities: [entry] } });
  proves("config-linux.md#network/1").fails(priority({ priority: 1 }), /missing "name".*\/network\/priorities\/0/);
  proves("config-linux.md#network/2").fails(priority({ name: "lo" }), /missing "priority".*\/network\/priorities\/0/);
});

spec(
  "unified on a host without v2",
  (proves, box) => {
    const outcome = withLimits(box, { unified: { "memory.max": "1" } });
    proves("config-linux.md#unified/3").fails(outcome, /found unified on cgroup v1, want a v2 host; config\.json#/);
  },
  noV1,
);

done("cgroups");
