/** process.user, capabilities, noNewPrivileges, rlimits, oomScoreAdj (runtime-spec config.md#user, #linux-process). */
import { readFileSync } from "node:fs";
import { CAPABILITY_NUMBERS } from "../../src/config/capability.ts";
import { fails, fields, onHosts, prints, removed, started } from "../support/life.ts";
import type { Sandbox, TestConfig } from "../support/sandbox.ts";

/** /proc/self/status of a container's process. */
function status(box: Sandbox, change: (config: TestConfig) => void): Record<string, string> {
  const outcome = box.once(["cat", "/proc/self/status"], change);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return fields(outcome.stdout);
}

/** Capability names as the kernel prints a set. */
function bits(...names: string[]): string {
  let mask = 0n;
  for (const name of names) mask |= 1n << BigInt(CAPABILITY_NUMBERS.get(`CAP_${name}`) ?? -1);
  return mask.toString(16).padStart(16, "0");
}

const caps = (...names: string[]) => names.map((name) => `CAP_${name}`);
/** All five sets differ, so that none can stand in for another. */
const SETS = {
  bounding: caps("CHOWN", "KILL", "SETUID", "NET_BIND_SERVICE", "NET_RAW"),
  permitted: caps("CHOWN", "KILL", "NET_BIND_SERVICE"),
  effective: caps("CHOWN", "KILL"),
  inheritable: caps("CHOWN", "NET_BIND_SERVICE", "NET_RAW"),
  ambient: caps("CHOWN"),
};

onHosts("credentials: capabilities of root", (t, box) => {
  const given = status(box, (config) => {
    config.process.capabilities = SETS;
    config.process.noNewPrivileges = false;
  });
  // execve as uid 0: permitted = inheritable | bounding, effective alike; ambient is cleared (capabilities(7)).
  t.equal(given["CapBnd"], bits("CHOWN", "KILL", "SETUID", "NET_BIND_SERVICE", "NET_RAW"));
  t.equal(given["CapInh"], bits("CHOWN", "NET_BIND_SERVICE", "NET_RAW"));
  t.equal(given["CapPrm"], bits("CHOWN", "KILL", "SETUID", "NET_BIND_SERVICE", "NET_RAW"));
  t.equal(given["CapEff"], given["CapPrm"]);
  t.equal(given["NoNewPrivs"], "0");
  const bound = status(box, (config) => {
    config.process.capabilities = SETS;
  });
  // With no_new_privs execve adds nothing to what was permitted.
  t.equal(bound["CapPrm"], bits("CHOWN", "KILL", "NET_BIND_SERVICE"));
  t.equal(bound["CapBnd"], given["CapBnd"]);
  t.equal(bound["NoNewPrivs"], "1");
});

onHosts("credentials: capabilities of an ordinary user", (t, box) => {
  const given = status(box, (config) => {
    config.process.capabilities = SETS;
    config.process.user = { uid: 1000, gid: 1000 };
  });
  t.equal(given["CapBnd"], bits("CHOWN", "KILL", "SETUID", "NET_BIND_SERVICE", "NET_RAW"));
  t.equal(given["CapInh"], bits("CHOWN", "NET_BIND_SERVICE", "NET_RAW"));
  t.equal(given["CapAmb"], bits("CHOWN"), "only what is ambient survives execve");
  t.equal(given["CapPrm"], bits("CHOWN"));
  t.equal(given["CapEff"], bits("CHOWN"));
});

onHosts("credentials: capabilities that cannot be granted are left out", (t, box) => {
  for (const [uid, expected] of [
    [0, bits("CHOWN", "KILL")],
    [1000, bits()],
  ] as const) {
    const given = status(box, (config) => {
      config.process.user = { uid, gid: uid };
      config.process.capabilities = {
        bounding: caps("CHOWN", "KILL"),
        permitted: caps("CHOWN", "KILL"),
        effective: caps("CHOWN", "KILL", "SYS_ADMIN"),
        // Outside of the bounding set: capset(2) refuses it.
        inheritable: caps("CHOWN", "SYS_ADMIN"),
        ambient: caps("SYS_ADMIN"),
      };
    });
    t.equal(given["CapInh"], bits("CHOWN"));
    t.equal(given["CapAmb"], bits());
    t.equal(given["CapEff"], expected);
  }
});

onHosts("credentials: no capability at all, and none named", (t, box) => {
  const empty = status(box, (config) => {
    config.process.capabilities = {};
  });
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) t.equal(empty[set], bits(), set);
  const unknown = box.once(["grep", "CapBnd", "/proc/self/status"], (config) => {
    config.process.capabilities = { bounding: ["CAP_CHOWN", "CAP_NO_SUCH"] };
  });
  t.match(unknown, { status: 0, stdout: new RegExp(bits("CHOWN")), stderr: /^warning: .*CAP_NO_SUCH/ });
});

onHosts("credentials: uid, gid, groups, umask", (t, box) => {
  const script = "grep -E '^(Uid|Gid|Groups|Umask)' /proc/self/status; touch /tmp/f; stat -c '%a %u:%g' /tmp/f";
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 4_294_967_294, 7], umask: 0o027 };
    config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "x", options: ["mode=1777"] });
  });
  t.strictSame(
    prints(t, outcome)
      .replace(/[ \t]+/g, " ")
      .trim()
      .split("\n"),
    ["Umask: 0027", "Uid: 1000 1000 1000 1000", "Gid: 1001 1001 1001 1001", "Groups: 5 7 4294967294 ", "640 1000:1001"],
  );
  const plain = status(box, (config) => (config.process.user = { uid: 0, gid: 0 }));
  t.equal(plain["Groups"], "", "the caller's groups are dropped");
  t.equal(plain["Umask"], "0022");
});

onHosts("credentials: rlimits, exact to 64 bits, small ones too", (t, box) => {
  const outcome = box.once(["cat", "/proc/self/limits"], (config) => {
    config.process.rlimits = [
      { type: "RLIMIT_FSIZE", soft: 9_007_199_254_740_993n as never, hard: 9_007_199_254_740_995n as never },
      { type: "RLIMIT_CORE", soft: 0, hard: 18_446_744_073_709_551_615n as never },
      { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
    ];
  });
  const limits = prints(t, outcome).replace(/ +/g, " ");
  t.match(limits, /^Max file size 9007199254740993 9007199254740995 bytes/m);
  t.match(limits, /^Max core file size 0 unlimited bytes/m);
  t.match(limits, /^Max open files 100 200 files/m);
  const three = box.once(["sh", "-c", "ulimit -n; ulimit -H -n"], (config) => {
    config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 3, hard: 3 }];
  });
  t.equal(prints(t, three), "3\n3\n", "as few descriptors as the process itself has");
  const twice = box.once(["true"], (config) => {
    config.process.rlimits = [1, 2].map((soft) => ({ type: "RLIMIT_CORE" as const, soft, hard: 9 }));
  });
  fails(t, twice, /^load config\.json: .*config\.json#\/process\/rlimits\/1/);
});

/** Whether we may lower a score or raise a hard limit. */
function mayRaise(): boolean {
  const held = BigInt(`0x${fields(readFileSync("/proc/self/status", "utf8"))["CapEff"] ?? "0"}`);
  return ((held >> BigInt(CAPABILITY_NUMBERS.get("CAP_SYS_RESOURCE") ?? 0)) & 1n) === 1n;
}

onHosts("credentials: oomScoreAdj, up, and down where the host lets us", (t, box) => {
  const with_ = (score: number) =>
    box.once(["cat", "/proc/self/oom_score_adj"], (config) => {
      config.process.oomScoreAdj = score;
    });
  t.equal(prints(t, with_(777)), "777\n");
  const lower = with_(-1);
  if (mayRaise()) t.equal(prints(t, lower), "-1\n");
  else {
    fails(
      t,
      lower,
      /^set oom_score_adj: EACCES: the kernel refused -1; lowering it needs CAP_SYS_RESOURCE; config\.json#\/process\/oomScoreAdj \[oom-score .* EACCES\]\n$/,
    );
  }
});

onHosts("credentials: a hard limit above ours", (t, box) => {
  const ours = Number(/^Max open files +[0-9]+ +([0-9]+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  const outcome = box.once(["sh", "-c", "ulimit -H -n"], (config) => {
    config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 10, hard: ours + 1 }];
  });
  if (mayRaise()) t.equal(prints(t, outcome), `${ours + 1}\n`);
  else {
    const line = `^rlimit RLIMIT_NOFILE: EPERM: asked hard ${ours + 1}, ours ${ours}; config\\.json#/process/rlimits/0/hard; hint: `;
    fails(t, outcome, new RegExp(line));
  }
});

onHosts("credentials: a pipe at 1 or 2 is its process's own, a file stays the caller's", (t, box) => {
  // /dev/stdout is opened anew: by who is not root only where the pipe is his.
  const script = "echo out > /dev/stdout; echo err > /dev/stderr; stat -L -c '%F %u' /dev/stdout /dev/stderr";
  const asUser = (config: TestConfig) => {
    config.process.user = { uid: 1000, gid: 1000 };
  };
  const bundle = box.bundle(["sh", "-c", script], asUser);
  const piped = ["sh", "-c", '{ "$@" 2>&1 >&3 | cat; } 3>&1 | cat', "sh"];
  const own = "err\nfifo 1000\nfifo 1000\nout\n";
  const lines = (text: string) => `${text.trimEnd().split("\n").sort().join("\n")}\n`;
  t.equal(lines(prints(t, box.run(["run", "--bundle", bundle, box.id()], { within: piped }))), own, "run");
  const id = started(t, box);
  const exec = ["exec", "--user", "1000", id, "sh", "-c", script];
  t.equal(lines(prints(t, box.run(exec, { within: piped }))), own, "exec");
  const { stderr } = box.run(["run", "--bundle", bundle, box.id()]);
  t.match(stderr, /can't create \/dev\/stdout: Permission denied/, "a file of the caller's");
  removed(t, box, id);
});
