/** config.md of runtime-spec 1.3: process and its user. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CAPABILITY_NUMBERS } from "../../src/config/capability.ts";
import { RLIMIT_NUMBERS } from "../../src/config/rlimit.ts";
import { compiled } from "../../test/support/compile.ts";
import { created, fields, prints, removed, withUserNamespace } from "../../test/support/life.ts";
import { type Sandbox, type TestConfig, until } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

/** Runs `true` with another process; a value of undefined takes the property away. */
function withProcess(box: Sandbox, part: { [name: string]: unknown }) {
  return box.once(["true"], (config) => {
    Object.assign(config.process, part);
  });
}

/** The mask of a capability set as /proc/PID/status prints it. */
function mask(...names: string[]): string {
  let bits = 0n;
  for (const name of names) bits |= 1n << BigInt(CAPABILITY_NUMBERS.get(name) ?? -1);
  return bits.toString(16).padStart(16, "0");
}

/** Whether we may lower a score. */
function mayLower(): boolean {
  const held = BigInt(`0x${fields(readFileSync("/proc/self/status", "utf8"))["CapEff"] ?? "0"}`);
  return ((held >> BigInt(CAPABILITY_NUMBERS.get("CAP_SYS_RESOURCE") ?? 0)) & 1n) === 1n;
}

spec("what must be given", (proves, box) => {
  proves("config.md#process/1").fails(
    box.once(["true"], (config) => delete (config as { process?: object }).process),
    /missing "process".*config\.json#\/process/,
  );
  const required: [id: string, part: object, want: RegExp][] = [
    ["config.md#process/5", { cwd: undefined }, /missing "cwd".*config\.json#\/process/],
    ["config.md#process/6", { cwd: "tmp" }, /"tmp", want an absolute path; config\.json#\/process\/cwd/],
    ["config.md#process/7", { args: undefined }, /missing "args".*config\.json#\/process\/args/],
    ["config.md#process/7", { args: [] }, /want at least the program; config\.json#\/process\/args/],
    ["config.md#process/3", { terminal: true, consoleSize: { width: 1 } }, /missing "height".*\/process\/consoleSize/],
    ["config.md#process/4", { terminal: true, consoleSize: { height: 1 } }, /missing "width".*\/process\/consoleSize/],
    ["config.md#posix-process/1", { rlimits: [{ soft: 1, hard: 1 }] }, /missing "type".*\/process\/rlimits\/0/],
    ["config.md#posix-process/4", { rlimits: [{ type: "RLIMIT_CORE", hard: 1 }] }, /missing "soft".*\/rlimits\/0/],
    ["config.md#posix-process/6", { rlimits: [{ type: "RLIMIT_CORE", soft: 1 }] }, /missing "hard".*\/rlimits\/0/],
    ["config.md#linux-process/4", { scheduler: { nice: 1 } }, /missing "policy".*\/process\/scheduler/],
    ["config.md#linux-process/5", { ioPriority: { priority: 1 } }, /missing "class".*\/process\/ioPriority/],
  ];
  for (const [id, part, want] of required) proves(id).fails(withProcess(box, part as never), want);
  const level = withProcess(box, { ioPriority: { class: "IOPRIO_CLASS_BE" } });
  proves("config.md#linux-process/6").ok(!level.stderr.includes("missing"), "without priority it is level 0");
});

spec("cwd, env, args", (proves, box) => {
  const outcome = box.once(["sh", "-c", "/bin/pwd; echo $*; /bin/env", "zero", "one", "two three"], (config) => {
    config.process.cwd = "/etc";
    config.process.env = ["PATH=/nowhere:/bin", "A=b c=d", "EMPTY=", "HOME=/h"];
  });
  const [cwd, args, ...env] = outcome.stdout.trimEnd().split("\n");
  proves("/process/cwd").equal(cwd, "/etc");
  proves("/process/args").equal(args, "one two three");
  proves("config.md#process/7").equal(outcome.stderr, "", "sh was found in the PATH of env, as execvp does");
  proves("/process/env").same(env.filter((line) => /^(A|EMPTY|HOME)=/.test(line)).sort(), [
    "A=b c=d",
    "EMPTY=",
    "HOME=/h",
  ]);
  const lost = box.once(["true"], (config) => (config.process.env = ["PATH=/nowhere"]));
  proves("config.md#process/7").fails(lost, /^exec "true": /);
});

spec("a terminal with a size, and a size without a terminal", async (proves, box, t) => {
  const absurd = withProcess(box, { terminal: false, consoleSize: { height: 70_000, width: 1 } });
  proves("config.md#process/2").prints(absurd, "a size that no terminal could have does no harm");
  const receiver = compiled("console-receiver");
  const socket = join(box.folder, "console.sock");
  const output = join(box.folder, "console.out");
  spawn(receiver, [socket, ""], { stdio: ["ignore", openSync(output, "w"), "inherit"] });
  until(() => existsSync(socket), "the receiver listens");
  const id = box.id();
  const script = "test -t 0 && test -t 1 && test -t 2 && echo terminal; stty size";
  const bundle = box.bundle(["sh", "-c", script], (config) => {
    config.process.terminal = true;
    config.process.consoleSize = { height: 31, width: 101 };
  });
  prints(t, box.run(["create", "--bundle", bundle, "--console-socket", socket, id]), "create");
  prints(t, box.run(["start", id]), "start");
  const text = () => readFileSync(output, "utf8").replace(/\r/g, "");
  until(() => text().endsWith("end\n"), "the terminal's end");
  proves("/process/terminal").match(text(), /^terminal$/m);
  proves("/process/consoleSize/height", "/process/consoleSize/width").match(text(), /^31 101$/m);
  removed(t, box, id);
});

/** Line of /proc/PID/limits → unit of what it shows: bytes per unit. */
const LIMIT_LINES: { [name: string]: string } = {
  RLIMIT_CPU: "Max cpu time",
  RLIMIT_FSIZE: "Max file size",
  RLIMIT_DATA: "Max data size",
  RLIMIT_STACK: "Max stack size",
  RLIMIT_CORE: "Max core file size",
  RLIMIT_RSS: "Max resident set",
  RLIMIT_NPROC: "Max processes",
  RLIMIT_NOFILE: "Max open files",
  RLIMIT_MEMLOCK: "Max locked memory",
  RLIMIT_AS: "Max address space",
  RLIMIT_LOCKS: "Max file locks",
  RLIMIT_SIGPENDING: "Max pending signals",
  RLIMIT_MSGQUEUE: "Max msgqueue size",
  RLIMIT_NICE: "Max nice priority",
  RLIMIT_RTPRIO: "Max realtime priority",
  RLIMIT_RTTIME: "Max realtime timeout",
};

/** Soft and hard value of a line of /proc/PID/limits. */
function limitIn(text: string, name: string): [string, string] {
  const line = text.split("\n").find((entry) => entry.startsWith(`${LIMIT_LINES[name]} `)) ?? "";
  const [soft = "", hard = ""] = line
    .slice((LIMIT_LINES[name] ?? "").length)
    .trim()
    .split(/\s+/);
  return [soft, hard];
}

spec("all limits of the kernel, each with a value of its own", (proves, box, t) => {
  const ours = readFileSync("/proc/self/limits", "utf8");
  // Large enough for the process to run under, and not above what we may have.
  const rlimits = [...RLIMIT_NUMBERS.keys()].map((type, index) => {
    const most = limitIn(ours, type)[1];
    const wanted = (type === "RLIMIT_AS" || type === "RLIMIT_STACK" ? 1 << 28 : 1 << 26) + index;
    const hard = most === "unlimited" ? wanted : Math.min(wanted, Number(most));
    return { type, hard, soft: Math.max(0, hard - 1) };
  });
  const outcome = box.once(["cat", "/proc/self/limits"], (config) => {
    config.process.rlimits = rlimits as never;
  });
  const text = prints(t, outcome);
  proves("config.md#posix-process/3").same(rlimits.map(({ type }) => type).sort(), Object.keys(LIMIT_LINES).sort());
  for (const { type, soft, hard } of rlimits) {
    const [itsSoft, itsHard] = limitIn(text, type);
    proves("/process/rlimits/*/type").ok(itsSoft !== "", type);
    proves("config.md#posix-process/5", "/process/rlimits/*/soft").equal(itsSoft, String(soft), `${type}: soft`);
    proves("config.md#posix-process/7", "/process/rlimits/*/hard").equal(itsHard, String(hard), `${type}: hard`);
  }
  const twice = withProcess(box, { rlimits: [1, 2].map((soft) => ({ type: "RLIMIT_CORE", soft, hard: 9 })) });
  proves("config.md#posix-process/8").fails(twice, /config\.json#\/process\/rlimits\/1/);
  for (const type of ["RLIMIT_NOFILES", "NOFILE", "RLIMIT_"]) {
    const outcome = withProcess(box, { rlimits: [{ type, soft: 1, hard: 1 }] });
    proves("config.md#posix-process/2", "/process/rlimits/*/type").fails(outcome, /config\.json#\/process\/rlimits\/0/);
  }
});

spec("capabilities: five sets that differ, one that no kernel has", (proves, box, t) => {
  const sets = {
    bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID"],
    permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
    effective: ["CAP_KILL"],
    inheritable: ["CAP_CHOWN", "CAP_NET_RAW"],
    ambient: ["CAP_NET_RAW"],
  };
  const id = created(t, box, ["true"], (config) => {
    config.process.capabilities = sets;
  });
  // Before the program is executed: execve computes the sets anew (capabilities(7)).
  const status = fields(readFileSync(`/proc/${box.pid(id)}/status`, "utf8"));
  removed(t, box, id);
  proves("/process/capabilities/bounding").equal(status["CapBnd"], mask(...sets.bounding));
  proves("/process/capabilities/permitted").equal(status["CapPrm"], mask(...sets.permitted));
  proves("/process/capabilities/effective").equal(status["CapEff"], mask(...sets.effective));
  proves("/process/capabilities/inheritable").equal(status["CapInh"], mask(...sets.inheritable));
  proves("/process/capabilities/ambient").equal(status["CapAmb"], mask(...sets.ambient));
  const unknown = box.once(["grep", "CapBnd", "/proc/self/status"], (config) => {
    config.process.capabilities = { bounding: ["CAP_CHOWN", "CAP_NO_SUCH"] };
  });
  proves("config.md#linux-process/1").match(unknown.stderr, /^warning: [^\n]*CAP_NO_SUCH[^\n]*\n$/, "the warning");
  proves("config.md#linux-process/1").same([unknown.status, unknown.stdout], [0, `CapBnd:\t${mask("CAP_CHOWN")}\n`]);
});

spec("noNewPrivileges", (proves, box) => {
  for (const noNewPrivileges of [true, false]) {
    const outcome = box.once(["grep", "NoNewPrivs", "/proc/self/status"], (config) => {
      config.process.noNewPrivileges = noNewPrivileges;
    });
    const want = `NoNewPrivs:\t${Number(noNewPrivileges)}\n`;
    proves("/process/noNewPrivileges").equal(outcome.stdout, want, String(noNewPrivileges));
  }
});

spec("oomScoreAdj, given and not", (proves, box) => {
  const with_ = (score: number) =>
    box.once(["cat", "/proc/self/oom_score_adj"], (config) => {
      config.process.oomScoreAdj = score;
    });
  const given = proves("config.md#linux-process/2", "/process/oomScoreAdj");
  given.equal(with_(777).stdout, "777\n", "777");
  given.equal(with_(0).stdout, "0\n", "0 is a value");
  if (mayLower()) given.equal(with_(-500).stdout, "-500\n", "-500");
  else given.fails(with_(-500), /^set oom_score_adj: EACCES: .*config\.json#\/process\/oomScoreAdj/);
  const bundle = box.bundle(["cat", "/proc/self/oom_score_adj"]);
  const script = 'echo 321 > /proc/self/oom_score_adj && exec "$@"';
  const run = [...box.host.command, "--root", box.state, "run", "--bundle", bundle, box.id()];
  const inherited = spawnSync("sh", ["-c", script, "sh", ...run], { encoding: "utf8", timeout: 20_000 });
  proves("config.md#linux-process/3").equal(inherited.stdout, "321\n");
});

const IDS = "grep -E '^(Uid|Gid|Groups|Umask)' /proc/self/status | tr -s '\\t ' ' '";

spec("user: ids, groups, umask, on the host and in a user namespace", (proves, box, t) => {
  const user = (config: TestConfig) => {
    config.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 7], umask: 0o027 };
  };
  const seen = (change: (config: TestConfig) => void) => prints(t, box.once(["sh", "-c", IDS], change)).split("\n");
  const plain = seen(user);
  const uid = proves("config.md#posix-platform-user/1", "/process/user/uid");
  const gid = proves("config.md#posix-platform-user/2", "/process/user/gid");
  uid.ok(plain.includes("Uid: 1000 1000 1000 1000"), `uid: ${plain}`);
  gid.ok(plain.includes("Gid: 1001 1001 1001 1001"), `gid: ${plain}`);
  proves("/process/user/additionalGids").ok(plain.includes("Groups: 5 7 "), `groups: ${plain}`);
  proves("/process/user/umask").ok(plain.includes("Umask: 0027"), `umask: ${plain}`);
  const mapped = seen((config) => {
    withUserNamespace(config);
    user(config);
  });
  uid.ok(mapped.includes("Uid: 1000 1000 1000 1000"), `uid in a user namespace: ${mapped}`);
  gid.ok(mapped.includes("Gid: 1001 1001 1001 1001"), `gid in a user namespace: ${mapped}`);
});

done("process");
