/** What exec needs of a container's config (its version is that of state.json beside it, RECORD_VERSION): kept at create, as later changes of the bundle have no effect (runtime-spec runtime.md#lifecycle, step 2). */
import { NOTIFY_VARIABLE } from "../config/notify.ts";
import { hasUserNamespace } from "../config/plan.ts";
import { type InitPlan, type ProcessPlan, processPart } from "../config/plan-types.ts";
import type { LoadedConfig } from "../config/types.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode, encode } from "../shared/text.ts";
import type { ContainerDirectory } from "./store.ts";

/** The kept part. */
export interface ExecTemplate {
  process: ProcessPlan;
  /** A process of it runs in a user namespace that is not the host's. */
  userNamespace: boolean;
  becomeRoot: boolean;
  /** Its processes' root is not that of their mount namespace. */
  chrooted: boolean;
  newKeyring: boolean;
  /** Where the listener of a filter that notifies goes. */
  agent: { listenerPath: string; listenerMetadata: string | undefined };
}

const TEMPLATE = "exec.json";
const FILTER = "seccomp.bpf";
/** Longest of either file, bytes (input.1). */
const MAX_SIZE = 16 << 20;

/** Writes template and filter. */
export function writeTemplate(
  directory: ContainerDirectory,
  config: LoadedConfig,
  plan: InitPlan,
  filter: Uint8Array | undefined,
): void {
  const seccomp = config.linux?.seccomp;
  const template: ExecTemplate = {
    // The service manager waits for the container's first process and for no other.
    process: { ...processPart(plan), env: plan.env.filter((entry) => entry !== NOTIFY_VARIABLE) },
    userNamespace: hasUserNamespace(config),
    becomeRoot: plan.becomeRoot,
    chrooted: plan.rootTree < 0 || plan.aside,
    newKeyring: plan.newKeyring,
    agent: { listenerPath: seccomp?.listenerPath ?? "", listenerMetadata: seccomp?.listenerMetadata },
  };
  directory.writeFile(TEMPLATE, encode(JSON.stringify(template)));
  if (filter !== undefined) directory.writeFile(FILTER, filter);
}

/** Reads both. @throws RuntimeError when they are missing or damaged. */
export function readTemplate(directory: ContainerDirectory): {
  template: ExecTemplate;
  filter: Uint8Array | undefined;
} {
  const bytes = directory.readFile(TEMPLATE, MAX_SIZE);
  const template = bytes === undefined ? undefined : parse(decode(bytes));
  if (template === undefined) throw damaged(directory.id, TEMPLATE);
  if (!template.process.hasSeccomp) return { template, filter: undefined };
  const filter = directory.readFile(FILTER, MAX_SIZE);
  // Without it the process would run unfiltered.
  if (filter === undefined || filter.length === 0 || filter.length % 8 !== 0) throw damaged(directory.id, FILTER);
  return { template, filter };
}

/** The directory is ours alone (state.1), so what is checked is that a crash did not cut it short. */
function parse(text: string): ExecTemplate | undefined {
  try {
    const value = JSON.parse(text) as ExecTemplate | null;
    return typeof value?.process?.hasSeccomp === "boolean" ? value : undefined;
  } catch {
    return undefined;
  }
}

function damaged(id: string, name: string): RuntimeError {
  return new RuntimeError({
    what: "read state",
    problem: "found it missing or damaged, want what create wrote",
    where: `${name} of ${JSON.stringify(id)}`,
    hint: "delete --force removes the container",
  });
}
