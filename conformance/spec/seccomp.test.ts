/** config-linux.md#seccomp of runtime-spec 1.3. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { compiled } from "../../test/support/compile.ts";
import { fields, prints } from "../../test/support/life.ts";
import type { Outcome, Sandbox, TestConfig } from "../../test/support/sandbox.ts";
import { done, spec } from "./prove.ts";

type Profile = NonNullable<TestConfig["linux"]["seccomp"]>;

/** Runs a script under a profile; it has every right that a filter could take. */
function under(box: Sandbox, profile: object, script = "true"): Outcome {
  return box.once(["sh", "-c", script], (config) => {
    config.linux.seccomp = profile as Profile;
  });
}

/** Operator, value, and which of the modes 1, 2, 3 it matches. */
const OPERATORS: [op: string, value: number, refused: string][] = [
  ["SCMP_CMP_NE", 2, "1 3"],
  ["SCMP_CMP_LT", 2, "1"],
  ["SCMP_CMP_LE", 2, "1 2"],
  ["SCMP_CMP_EQ", 2, "2"],
  ["SCMP_CMP_GE", 2, "2 3"],
  ["SCMP_CMP_GT", 2, "3"],
];

spec("a filter in force: actions, errnos, arguments with every operator", (proves, box, t) => {
  const chmod = (value: number, op: string, errnoRet: number, valueTwo?: number) => ({
    names: ["chmod"],
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    args: [{ index: 1, value, op, ...(valueTwo === undefined ? {} : { valueTwo }) }],
  });
  const script =
    "mkdir /data/x; for m in 100 200 700 4755; do chmod $m /data && echo $m; done; grep Seccomp /proc/self/status";
  const outcome = under(
    box,
    {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
        chmod(0o100, "SCMP_CMP_EQ", 16),
        chmod(0o4000, "SCMP_CMP_MASKED_EQ", 28, 0o4000),
      ],
    },
    script,
  );
  const rule = (part: string) => `/linux/seccomp/syscalls/*/${part}`;
  const action = proves(rule("names"), rule("action"), rule("errnoRet"), "/linux/seccomp/defaultAction");
  action.match(outcome.stderr, /mkdir: [^\n]*: Operation not supported\n/, "a call that is refused with its errno");
  const argument = proves(...["index", "value", "valueTwo", "op"].map((part) => rule(`args/*/${part}`)));
  argument.match(outcome.stderr, /chmod: [^\n]*Device or resource busy\nchmod: [^\n]*No space left on device\n/);
  argument.match(outcome.stdout, /^200\n700\n/, "other values of the argument are allowed");
  t.match(fields(outcome.stdout), { Seccomp: "2" });
  const denied = under(
    box,
    { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 95, syscalls: [calls()] },
    "mkdir /data/x",
  );
  const fallback = proves("/linux/seccomp/defaultErrnoRet", "/linux/seccomp/defaultAction");
  fallback.match(denied.stderr, /mkdir: [^\n]*: Operation not supported\n/, "what no rule names gets the default");
  for (const [op, value, refused] of OPERATORS) {
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [chmod(value, op, 16)] };
    const seen = under(box, profile, "for m in 1 2 3; do chmod $m /data 2>/dev/null || echo $m; done");
    proves(rule("args/*/op")).equal(seen.stdout.trim().split("\n").join(" "), refused, `${op} ${value}`);
  }
});

/** What a shell that runs mkdir needs; mkdir itself is not among it. */
function calls(): object {
  const names = `access arch_prctl brk clone clone3 close dup dup2 dup3 execve exit exit_group fcntl fstat getcwd getdents64
    getegid geteuid getgid getgroups getpgrp getpid getppid getrandom getuid ioctl lseek lstat madvise mmap mprotect munmap
    newfstatat open openat pipe pipe2 poll prctl prlimit64 read readlink readlinkat rseq rt_sigaction rt_sigprocmask
    rt_sigreturn set_robust_list set_tid_address setpgid stat statx sysinfo umask uname vfork wait4 write writev chdir
    setgid setuid setgroups capget capset`;
  return { names: names.split(/\s+/), action: "SCMP_ACT_ALLOW" };
}

spec("flags arrive at the kernel", (proves, box, t) => {
  const trace = join(box.folder, "trace");
  const bundle = box.bundle(["true"], (config) => {
    const flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"] as const;
    const syscalls = [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" as const }];
    config.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", flags: [...flags], syscalls };
  });
  prints(t, box.run(["run", "--bundle", bundle, box.id()], { global: ["--trace", trace] }));
  // SECCOMP_SET_MODE_FILTER is 1; the two flags are 2 and 4. Nothing in /proc shows them.
  proves("/linux/seccomp/flags").match(readFileSync(trace, "utf8"), /seccomp\(1, 6, [1-9][0-9]*, .*\) = [^-]/);
});

/** Why i386's calls cannot be tried; undefined where they can. */
function noI386(): string | undefined {
  if (process.arch !== "x64") return "this machine has no i386 system calls";
  const { status } = spawnSync(compiled("i386-call"));
  return status === 0 ? undefined : "this kernel has no i386 system calls";
}

spec(
  "architectures: those that are listed, and no other",
  (proves, box) => {
    const source = compiled("i386-call");
    const with_ = (...architectures: string[]) =>
      box.once(["/probe"], (config) => {
        config.mounts.push({ destination: "/probe", source, options: ["bind"] });
        const syscalls = [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }];
        config.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", architectures, syscalls } as never;
      });
    const claim = proves("/linux/seccomp/architectures");
    claim.equal(with_("SCMP_ARCH_X86_64", "SCMP_ARCH_X86").stdout, "1\n", "i386 listed: getpid");
    claim.equal(with_("SCMP_ARCH_X86_64").status, 128 + 31, "i386 not listed: killed");
  },
  noI386(),
);

spec("actions that end the process or only note it", (proves, box) => {
  for (const [action, status] of [
    ["SCMP_ACT_KILL", 128 + 31],
    ["SCMP_ACT_KILL_THREAD", 128 + 31],
    ["SCMP_ACT_KILL_PROCESS", 128 + 31],
    ["SCMP_ACT_TRAP", 128 + 31],
    ["SCMP_ACT_LOG", 0],
  ] as const) {
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["uname"], action }] };
    const outcome = box.once(["uname"], (config) => {
      config.linux.seccomp = profile as Profile;
    });
    proves("/linux/seccomp/syscalls/*/action").equal(outcome.status, status, action);
  }
});

spec("profiles that are wrong are refused", (proves, box) => {
  const allow = (part: object) => under(box, { defaultAction: "SCMP_ACT_ALLOW", ...part });
  const rule = (part: object) => allow({ syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", ...part }] });
  const arg = (part: object) => rule({ args: [{ index: 0, value: 1, op: "SCMP_CMP_EQ", ...part }] });
  const wrong: [id: string, outcome: Outcome, line: RegExp][] = [
    ["1", under(box, { syscalls: [] }), /missing "defaultAction".*config\.json#\/linux\/seccomp/],
    ["2", allow({ defaultErrnoRet: 5 }), /5 with SCMP_ACT_ALLOW.*config\.json#\/linux\/seccomp\/defaultErrnoRet/],
    ["9", allow({ listenerMetadata: "x" }), /config\.json#\/linux\/seccomp\/listenerMetadata/],
    ["10", rule({ names: undefined }), /missing "names".*config\.json#\/linux\/seccomp\/syscalls\/0/],
    ["11", rule({ names: [] }), /want at least 1 element.*config\.json#\/linux\/seccomp\/syscalls\/0\/names/],
    ["12", rule({ action: undefined }), /missing "action".*config\.json#\/linux\/seccomp\/syscalls\/0/],
    ["13", rule({ action: "SCMP_ACT_LOG", errnoRet: 5 }), /5 with SCMP_ACT_LOG.*\/syscalls\/0\/errnoRet/],
    ["14", arg({ index: undefined }), /missing "index".*\/syscalls\/0\/args\/0/],
    ["15", arg({ value: undefined }), /missing "value".*\/syscalls\/0\/args\/0/],
    ["16", arg({ op: undefined }), /missing "op".*\/syscalls\/0\/args\/0/],
  ];
  for (const [id, outcome, line] of wrong) proves(`config-linux.md#seccomp/${id}`).fails(outcome, line);
});

done("seccomp");
