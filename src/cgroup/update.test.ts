/** What takes a limit back, by file; and when device rules count as changed. */
import t from "tap";
import { deviceRules, rulesDigest } from "./devices.ts";
import { earlierValue } from "./update.ts";

t.test("earlierValue(): from a file's text and what was written to it", (t) => {
  const cases: [file: string, text: string, written: string, value: string | undefined][] = [
    ["memory.max", "max", "5", "max"],
    ["cpu.max", "max 100000", "5000 6000", "max 100000"],
    ["cpuset.cpus", "", "0", ""],
    ["memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3", "1", "0"],
    ["io.max", "8:0 rbps=1 wbps=max riops=max wiops=max", "8:0 rbps=7", "8:0 rbps=1 wbps=max riops=max wiops=max"],
    ["io.max", "", "8:0 rbps=7", "8:0 rbps=max wbps=max riops=max wiops=max"],
    ["io.bfq.weight", "default 100\n8:0 200", "300", "default 100"],
    ["io.bfq.weight", "default 100", "8:0 300", "8:0 default"],
    ["blkio.throttle.read_bps_device", "8:16 9\n8:0 5", "8:0 7", "8:0 5"],
    ["blkio.throttle.read_bps_device", "8:16 9", "8:0 7", "8:0 0"],
    ["rdma.max", "mlx5_0 hca_handle=max hca_object=max", "mlx5_0 hca_handle=2", "mlx5_0 hca_handle=max hca_object=max"],
    ["rdma.max", "", "mlx5_0 hca_handle=2", undefined],
    ["memory.stat", "a 1\nb 2", "x", undefined],
  ];
  for (const [file, text, written, value] of cases)
    t.equal(earlierValue(file, text, written), value, `${file} ${written}`);
  t.end();
});

t.test("rulesDigest(): equal for equal rules alone", (t) => {
  const rules = [{ allow: true, type: "c", major: 1, minor: 3, access: "rwm" }];
  t.equal(rulesDigest(deviceRules(rules)), rulesDigest(deviceRules(structuredClone(rules))));
  const others = [[], [{ ...rules[0], allow: false }], [{ ...rules[0], minor: 4 }], [...rules, ...rules]];
  const digests = new Set([...others, rules].map((list) => rulesDigest(deviceRules(list as typeof rules))));
  t.equal(digests.size, 5);
  t.end();
});
