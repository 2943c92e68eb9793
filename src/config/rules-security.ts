/** Rules for seccomp, Intel RDT and memory policy. */
import { MAX_NODE } from "./cpu-list.ts";
import { longerThan, type Rule, refuse, show, wantRange, wantShortPath } from "./rules-report.ts";
import type { Config, Seccomp } from "./types.ts";

export const SECURITY_RULES: readonly Rule[] = [
  {
    id: "seccomp",
    level: "MUST",
    anchor: "config-linux.md#seccomp",
    check: ({ linux }: Config) => {
      if (linux?.seccomp !== undefined) checkSeccomp(linux.seccomp, "/linux/seccomp");
    },
  },
  { id: "intel-rdt", level: "MUST", anchor: "config-linux.md#intelrdt", check: checkIntelRdt },
  { id: "memory-policy", level: "MUST", anchor: "config-linux.md#memory-policy", check: checkMemoryPolicy },
  { id: "personality", level: "MUST", anchor: "config-linux.md#personality", check: checkPersonality },
];

/** Largest errno (MAX_ERRNO, include/linux/err.h); of a larger one the kernel makes this. */
const MAX_ERRNO = 4095;

/** Longest listenerMetadata: it goes to the agent in one piece, with the state (seccomp.4). */
const MAX_METADATA = 65_536;

/** Calls that init or its report needs while a filter is loaded: to wait for the listener there would never end (seccomp.4). */
const NO_NOTIFY = ["write", "sendmsg", "exit_group"];

function checkSeccomp(seccomp: Seccomp, pointer: string): void {
  const { defaultAction, defaultErrnoRet, listenerPath, listenerMetadata, syscalls = [] } = seccomp;
  if (defaultAction === "SCMP_ACT_NOTIFY") refuse(`${pointer}/defaultAction`, show(defaultAction), "it in rules only");
  wantErrno(`${pointer}/defaultErrnoRet`, defaultErrnoRet, defaultAction);
  if (listenerMetadata !== undefined && listenerMetadata !== "" && !listenerPath) {
    refuse(`${pointer}/listenerMetadata`, "it without listenerPath", "both or none");
  }
  if (listenerPath !== undefined) wantShortPath(`${pointer}/listenerPath`, listenerPath);
  if (listenerMetadata !== undefined && longerThan(listenerMetadata, MAX_METADATA)) {
    refuse(`${pointer}/listenerMetadata`, show(listenerMetadata), `at most ${MAX_METADATA} bytes`);
  }
  syscalls.forEach(({ names, action, errnoRet, args = [] }, index) => {
    const at = `${pointer}/syscalls/${index}`;
    const empty = names.indexOf("");
    if (empty !== -1) refuse(`${at}/names/${empty}`, '""', "the name of a system call");
    wantErrno(`${at}/errnoRet`, errnoRet, action);
    if (action === "SCMP_ACT_NOTIFY") {
      if (!listenerPath) refuse(`${at}/action`, "SCMP_ACT_NOTIFY without a listener", "listenerPath to be given");
      const name = names.find((candidate) => NO_NOTIFY.includes(candidate));
      if (name !== undefined) refuse(`${at}/names`, `SCMP_ACT_NOTIFY for ${show(name)}`, "another action for it");
    }
    args.forEach((arg, argument) => {
      wantRange(`${at}/args/${argument}/index`, arg.index, 0, 5);
    });
  });
}

/** Only two actions have room for a number; with another one the profile means something else than it says (crun refuses it too). */
function wantErrno(pointer: string, value: number | undefined, action: string): void {
  if (value === undefined) return;
  if (action !== "SCMP_ACT_ERRNO" && action !== "SCMP_ACT_TRACE") {
    refuse(pointer, `${value} with ${action}`, "it with SCMP_ACT_ERRNO or SCMP_ACT_TRACE only");
  }
  if (action === "SCMP_ACT_ERRNO") wantRange(pointer, value, 0, MAX_ERRNO);
}

function checkIntelRdt({ linux }: Config): void {
  const rdt = linux?.intelRdt;
  const name = rdt?.closID;
  // It becomes one directory below the root of resctrl; / alone is that root (runtime-spec 1.3).
  if (name !== undefined && name !== "/" && (name === "" || name === "." || name === ".." || /[/\n]/.test(name))) {
    refuse("/linux/intelRdt/closID", show(name), "one directory name, or /");
  }
  const bandwidth = rdt?.memBwSchema ?? "";
  if (bandwidth !== "" && (!bandwidth.startsWith("MB:") || bandwidth.includes("\n"))) {
    refuse("/linux/intelRdt/memBwSchema", show(bandwidth), "one line that begins with MB:");
  }
  rdt?.schemata?.forEach((line, index) => {
    if (line.includes("\n")) refuse(`/linux/intelRdt/schemata/${index}`, show(line), "one line an entry");
  });
}

function checkMemoryPolicy({ linux }: Config): void {
  const policy = linux?.memoryPolicy;
  if (policy === undefined) return;
  const { mode, nodes = "" } = policy;
  if (mode === undefined) refuse("/linux/memoryPolicy/mode", 'missing "mode"', "it to be given");
  if (!/^[0-9, -]*$/.test(nodes)) refuse("/linux/memoryPolicy/nodes", show(nodes), "a list such as 0-3,7");
  const high = nodes.match(/[0-9]+/g)?.find((node) => Number(node) > MAX_NODE);
  if (high !== undefined) refuse("/linux/memoryPolicy/nodes", high, `nodes from 0 to ${MAX_NODE}`);
  if ((mode === "MPOL_DEFAULT" || mode === "MPOL_LOCAL") && nodes !== "") {
    refuse("/linux/memoryPolicy/nodes", `${show(nodes)} with ${mode}`, "no nodes with it");
  }
}

/** The domain must be given, which the schema of the specification does not say; a flag that nobody has defined cannot be applied. */
function checkPersonality({ linux }: Config): void {
  const personality = linux?.personality;
  if (personality === undefined) return;
  if (personality.domain === undefined) refuse("/linux/personality/domain", 'missing "domain"', "it to be given");
  const [flag] = personality.flags ?? [];
  if (flag !== undefined) refuse("/linux/personality/flags/0", show(flag), "none: runtime-spec 1.3 defines no flag");
}
