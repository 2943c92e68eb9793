/** linux.seccomp as the process meets it (runtime-spec config-linux.md#seccomp). */
import { readFileSync } from "node:fs";
import { exits, fails, onHosts, prints } from "../support/life.ts";
import type { TestConfig } from "../support/sandbox.ts";

type Profile = NonNullable<TestConfig["linux"]["seccomp"]>;
const DOCKER = JSON.parse(readFileSync("test/fixtures/seccomp-docker.json", "utf8")) as Profile;

/** What a static busybox needs from its first instruction to its last, and nothing that the runtime needs. */
const TIGHT: Profile = {
  defaultAction: "SCMP_ACT_KILL_PROCESS",
  syscalls: [
    {
      names: [
        "execve arch_prctl brk exit_group getpid getuid ioctl mprotect newuname prctl prlimit64 readlink readlinkat",
        "getrandom rseq set_robust_list set_tid_address uname write fstat newfstatat getgid geteuid getegid setgid setuid",
      ].flatMap((line) => line.split(" ")),
      action: "SCMP_ACT_ALLOW",
    },
    { names: ["fchown", "sysinfo"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
  ],
};

for (const noNewPrivileges of [true, false]) {
  onHosts(`seccomp: Docker's profile, noNewPrivileges ${noNewPrivileges}`, (t, box) => {
    const script =
      "grep -E '^(Seccomp|NoNewPrivs)' /proc/self/status; unshare -u true; mount -t tmpfs x /data; echo end";
    const outcome = box.once(["sh", "-c", script], (config) => {
      config.linux.seccomp = DOCKER;
      config.process.noNewPrivileges = noNewPrivileges;
      const sets = config.process.capabilities ?? {};
      for (const set of [sets.bounding, sets.effective, sets.permitted]) set?.push("CAP_SYS_ADMIN");
    });
    t.match(
      outcome.stdout,
      new RegExp(`NoNewPrivs:\t${Number(noNewPrivileges)}\nSeccomp:\t2\nSeccomp_filters:\t1\nend\n`),
    );
    t.match(outcome.stderr, /unshare.*: Operation not permitted\n/, "the filter refuses what the capability allows");
    exits(t, outcome, 0);
  });
}

onHosts("seccomp: an errno of the profile's choice, and an argument rule", (t, box) => {
  const script = "mkdir /data/x; chmod 700 /data && echo 700; chmod 4711 /data";
  const outcome = box.once(["sh", "-c", script], (config) => {
    const argument = { index: 1, value: 0o4000, valueTwo: 0o4000, op: "SCMP_CMP_MASKED_EQ" as const };
    config.linux.seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
        { names: ["chmod"], action: "SCMP_ACT_ERRNO", errnoRet: 28, args: [argument] },
      ],
    };
  });
  t.equal(outcome.stdout, "700\n");
  t.match(outcome.stderr, /mkdir: .*: Operation not supported\nchmod: .*: No space left on device\n/);
});

onHosts("seccomp: with noNewPrivileges a tight profile need not allow what the runtime does", (t, box) => {
  const outcome = box.once(["/bin/echo", "tight"], (config) => {
    config.linux.seccomp = TIGHT;
  });
  t.equal(prints(t, outcome), "tight\n");
  const killed = box.once(["/bin/cat", "/etc/passwd"], (config) => {
    config.linux.seccomp = TIGHT;
  });
  t.equal(killed.status, 128 + 31, "SIGSYS for what it does not list");
});

/** Docker's profile without the calls that it did not know before Linux 5.6, which init would rather use. */
const OLD: Profile = {
  ...DOCKER,
  syscalls: (DOCKER.syscalls ?? [])
    .map((rule) => ({
      ...rule,
      names: rule.names.filter((name) => !["openat2", "close_range", "faccessat2", "clone3"].includes(name)),
    }))
    .filter((rule) => rule.names.length > 0),
};

onHosts("seccomp: without noNewPrivileges a profile may be older than what the runtime would rather use", (t, box) => {
  const script = "ls /proc/self/fd | tr '\\n' ' '; cat /data/hook; touch /data/new";
  const outcome = box.once(["sh", "-c", script], (config) => {
    config.linux.seccomp = OLD;
    config.process.noNewPrivileges = false;
    config.hooks = {
      startContainer: [{ path: "/bin/sh", args: ["sh", "-c", "ls /proc/self/fd | tr '\\n' ' ' >/data/hook"] }],
    };
  });
  // The fourth is the directory that ls reads.
  t.equal(prints(t, outcome), "0 1 2 3 0 1 2 3 ");
  const missing = box.once(["no-such-program"], (config) => {
    config.linux.seccomp = OLD;
    config.process.noNewPrivileges = false;
  });
  fails(t, missing, /^exec "no-such-program": executable file not found in \$PATH/);
});

onHosts("seccomp: without noNewPrivileges a profile may forbid getcwd", (t, box) => {
  const outcome = box.once(["pwd", "-P"], (config) => {
    const syscalls: Profile["syscalls"] = [{ names: ["getcwd"], action: "SCMP_ACT_ERRNO" }];
    config.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls };
    config.process.noNewPrivileges = false;
    config.process.env = ["PATH=/bin"];
  });
  t.match(outcome.stderr, /getcwd: Operation not permitted/, "the program runs, and its filter holds");
});

onHosts("seccomp: a profile that forbids execve", (t, box) => {
  const outcome = box.once(["true"], (config) => {
    config.linux.seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["execve"], action: "SCMP_ACT_ERRNO", errnoRet: 13 }],
    };
  });
  fails(t, outcome, /^exec "\/bin\/true": permission denied/);
});

onHosts("seccomp: what cannot be is refused with its place", (t, box) => {
  const with_ = (seccomp: Profile) =>
    box.once(["true"], (config) => {
      config.linux.seccomp = seccomp;
    });
  const action = with_({ defaultAction: "SCMP_ACT_NO_SUCH" as never });
  fails(t, action, /^load config\.json: .*config\.json#\/linux\/seccomp\/defaultAction/);
  const unknown = with_({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["no_such_call"], action: "SCMP_ACT_ERRNO" }],
  });
  prints(t, unknown, "an unknown name is left out, as libseccomp does");
});
