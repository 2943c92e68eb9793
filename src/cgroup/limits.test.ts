/** Applying limits: in a folder that stands for a cgroup directory, and against a kernel that answers EINVAL from a script. */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import t from "tap";
import { inFolder, kernel, withFd } from "../../test/support/kernel.ts";
import { O_DIRECTORY, O_RDONLY } from "../kernel/constants.ts";
import { writeLimits } from "./limits.ts";
import { v1Writes } from "./resources-v1.ts";
import { v2Writes } from "./resources-v2.ts";
import type { CgroupWrite } from "./write-list.ts";

/** The line of a failure, or what the files hold afterwards. */
function applied(files: Record<string, string>, writes: readonly CgroupWrite[], version: 1 | 2 = 2): string {
  let result = "";
  inFolder((folder) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    withFd(folder, O_RDONLY | O_DIRECTORY, (fd) => {
      const controllers = version === 2 ? [] : ["memory", "blkio", "hugetlb"];
      const record = { version, places: [{ controllers, mountPoint: "/m", path: "c", made: 1 }] };
      try {
        writeLimits(kernel, { record, fds: [fd] }, writes);
        const changed = Object.keys(files).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);
        result = changed
          .filter(([name, text]) => text !== files[name])
          .map((pair) => pair.join("="))
          .join(", ");
      } catch (error) {
        result = String(error);
      }
    });
  });
  return result;
}

t.test("the other name of a limit is used where the first file is absent", (t) => {
  const weight = { blockIO: { weight: 100 } };
  t.equal(applied({ "blkio.weight": "", "blkio.bfq.weight": "" }, v1Writes(weight), 1), "blkio.weight=100");
  t.equal(applied({ "blkio.bfq.weight": "" }, v1Writes(weight), 1), "blkio.bfq.weight=100");
  t.equal(applied({ "io.bfq.weight": "", "io.weight": "" }, v2Writes(weight)), "io.bfq.weight=100");
  t.equal(applied({ "io.weight": "" }, v2Writes(weight)), "io.weight=910");
  t.match(
    applied({ "cgroup.controllers": "cpu io\n" }, v2Writes(weight)),
    /set cgroup io\.bfq\.weight: the kernel has no such file here: found 100, want one that \/m\/c\/io\.bfq\.weight takes; .*blockIO\/weight \[cgroup .* ENOENT\]/,
  );
  t.end();
});

t.test("a refusal names the file that refused, not the one that is absent", (t) => {
  inFolder((folder) => {
    // A directory refuses to be written, as io.weight does for a device whose I/O nobody weighs.
    mkdirSync(join(folder, "io.weight"));
    const writes = v2Writes({ blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 500 }] } });
    const record = { version: 2 as const, places: [{ controllers: [], mountPoint: "/m", path: "c", made: 1 }] };
    withFd(folder, O_RDONLY | O_DIRECTORY, (fd) => {
      const refused =
        /set cgroup io\.weight: .*found 8:0 4950, want one that \/m\/c\/io\.weight takes; .*weightDevice\/0\/weight \[.* EISDIR\]/;
      t.throws(() => writeLimits(kernel, { record, fds: [fd] }, writes), refused);
    });
  });
  t.end();
});

t.test("a controller that the group does not have is named", (t) => {
  const text = applied({ "cgroup.controllers": "cpu pids\n" }, v2Writes({ blockIO: { weight: 100 } }));
  t.match(
    text,
    /: found 100, and the controller "io" is not in \/m\/c\/cgroup\.controllers, want it there; config\.json#\/linux\/resources\/blockIO\/weight/,
  );
  t.match(
    applied({}, v1Writes({ network: { classID: 7 } }), 1),
    /set cgroup net_cls\.classid: no hierarchy of the controller "net_cls" is mounted, want it for the value 7; .*network\/classID; hint: mount -t cgroup -o net_cls/,
  );
  t.match(applied({}, v1Writes({ rdma: { mlx: { hcaHandles: 1 } } }), 1), /"rdma" is mounted.*resources\/rdma\/mlx/);
  t.end();
});

t.test("a huge page size that the machine lacks: those that it has are named", (t) => {
  const wants = (pageSize: string) => ({ hugepageLimits: [{ pageSize, limit: 5 }] });
  const v1 = {
    "hugetlb.2MB.limit_in_bytes": "",
    "hugetlb.1GB.limit_in_bytes": "",
    "hugetlb.2MB.rsvd.limit_in_bytes": "",
  };
  t.equal(applied(v1, v1Writes(wants("2MB")), 1), "hugetlb.2MB.limit_in_bytes=5, hugetlb.2MB.rsvd.limit_in_bytes=5");
  t.equal(applied(v1, v1Writes(wants("1GB")), 1), "hugetlb.1GB.limit_in_bytes=5", "no reserved ones before Linux 5.7");
  t.match(
    applied(v1, v1Writes(wants("4MB")), 1),
    /: found 4MB, want a page size of this machine: 1GB, 2MB; config\.json#\/linux\/resources\/hugepageLimits\/0 \[/,
  );
  const v2 = { "cgroup.controllers": "hugetlb", "hugetlb.2MB.max": "" };
  t.equal(applied(v2, v2Writes(wants("2MB"))), "hugetlb.2MB.max=5");
  t.match(applied(v2, v2Writes(wants("64KB"))), /: found 64KB, want a page size of this machine: 2MB;/);
  t.end();
});

t.test("checkBeforeUpdate refuses a limit at or below what is in use", (t) => {
  const files = { "memory.current": "4096\n", "memory.max": "", "memory.swap.max": "" };
  const limit = (bytes: number, checkBeforeUpdate = true) => v2Writes({ memory: { limit: bytes, checkBeforeUpdate } });
  t.equal(applied(files, limit(4097)), "memory.max=4097");
  t.equal(applied(files, limit(4096, false)), "memory.max=4096");
  t.match(
    applied(files, limit(4096)),
    /set cgroup memory\.max: found 4096, want more than the 4096 bytes in use \(checkBeforeUpdate\); .*memory\/limit/,
  );
  t.match(
    applied(files, v2Writes({ memory: { limit: 4096, swap: 4096, checkBeforeUpdate: true } })),
    /memory\.swap\.max: found 4096, want more.*memory\/swap/,
  );
  t.equal(applied({ "memory.max": "" }, limit(1)), "memory.max=1", "a use that cannot be read is no reason");
  t.end();
});

t.test("an absent file matters only where something is asked for; other files are left alone", (t) => {
  t.equal(applied({}, v2Writes({ memory: { limit: -1 }, pids: { limit: -1 }, cpu: { quota: -1, idle: 0 } })), "");
  t.match(applied({}, v2Writes({ memory: { limit: 1 } })), /found 1, want one that \/m\/c\/memory\.max takes.*ENOENT/);
  t.equal(
    applied({ "memory.high": "", "memory.max": "" }, v2Writes({ unified: { "memory.high": "1" } })),
    "memory.high=1",
  );
  t.match(
    applied({ "cgroup.controllers": "memory" }, v2Writes({ unified: { "memory.nothing": "1" } })),
    /no such file/,
  );
  t.end();
});

t.test("real v1 groups: both limits up, both down, either way round", { skip: skipReason() }, (t) => {
  for (const [controller, steps] of [
    [
      "memory",
      [
        [{ memory: { limit: 1 << 25, swap: 1 << 26 } }, [1 << 25, 1 << 26]],
        [{ memory: { limit: 1 << 27, swap: 1 << 28 } }, [1 << 27, 1 << 28]],
        [{ memory: { limit: 1 << 23, swap: 1 << 24 } }, [1 << 23, 1 << 24]],
      ],
    ],
    [
      "cpu",
      [
        [{ cpu: { quota: 20_000, period: 100_000, burst: 10_000 } }, [20_000, 100_000, 10_000]],
        [{ cpu: { quota: 90_000, period: 100_000, burst: 80_000 } }, [90_000, 100_000, 80_000]],
        [{ cpu: { quota: 5_000, period: 10_000, burst: 1_000 } }, [5_000, 10_000, 1_000]],
      ],
    ],
  ] as const) {
    const path = join("/sys/fs/cgroup", controller, `ts-runc-unit-${process.pid}`);
    mkdirSync(path);
    try {
      withFd(path, O_RDONLY | O_DIRECTORY, (fd) => {
        const place = { controllers: [controller], mountPoint: "/m", path: "c", made: 1 };
        for (const [resources, want] of steps) {
          writeLimits(kernel, { record: { version: 1, places: [place] }, fds: [fd] }, v1Writes(resources));
          const files =
            controller === "memory"
              ? ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
              : ["cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us"];
          t.strictSame(
            files.map((file) => Number(readFileSync(join(path, file), "utf8"))),
            want,
          );
        }
      });
    } finally {
      rmdirSync(path);
    }
  }
  t.end();
});

/** A text where this machine has no v1 groups that we may make. */
function skipReason(): string | false {
  try {
    for (const controller of ["memory", "cpu"])
      accessSync(`/sys/fs/cgroup/${controller}/cgroup.clone_children`, constants.W_OK);
    return false;
  } catch {
    return "needs root and cgroup v1's memory and cpu controllers";
  }
}
