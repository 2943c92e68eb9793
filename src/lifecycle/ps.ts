/** ps: the processes of a container. */
import { cgroupPids } from "../cgroup/group.ts";
import { AT_CWD, type Kernel } from "../kernel/call.ts";
import { statIfPresent } from "../kernel/file.ts";
import { RuntimeError } from "../shared/error.ts";
import { withContainer } from "./container.ts";
import { type ProgramEnd, runProgram } from "./program.ts";
import type { Runtime } from "./runtime.ts";

/** Where the host's ps is looked for; the caller's PATH is not asked (input.5). */
const PS_PATHS = ["/usr/bin/ps", "/bin/ps", "/usr/local/bin/ps", "/run/current-system/sw/bin/ps"];
const PS_ENVIRONMENT = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"];

/** Pids of a container's processes as the host numbers them, ascending; null when there are none (as runc). */
export function processes(runtime: Runtime, id: string): number[] | null {
  const { cgroup } = withContainer(runtime, id, "ps", (directory) => directory.read());
  const pids = cgroup === null ? [] : cgroupPids(runtime.kernel, cgroup);
  return pids.length === 0 ? null : pids.sort((a, b) => a - b);
}

/**
 * What the host's ps prints of a container's processes: its first line, and those lines whose column PID names one.
 *
 * @param options options for ps; none: `-ef`.
 * @throws RuntimeError when the host has no ps, or ps fails or prints no column PID.
 */
export function processTable(runtime: Runtime, id: string, options: readonly string[]): string {
  const { kernel } = runtime;
  const pids = new Set(processes(runtime, id));
  const what = `ps "${id}"`;
  const { status, output } = runPs(kernel, what, options.length === 0 ? ["-ef"] : options);
  const [title = "", ...lines] = output.split("\n");
  if (status !== 0) {
    const said = output.trim().split("\n")[0] ?? "";
    throw new RuntimeError({
      what,
      problem: `the host's ps ended with status ${status}: ${said}`,
      where: "[ps-options]",
    });
  }
  const column = words(title).indexOf("PID");
  if (column < 0) {
    const problem = `couldn't find PID field in ps output: found ${JSON.stringify(title)}, want a column PID`;
    throw new RuntimeError({ what, problem, where: "[ps-options]" });
  }
  const kept = lines.filter((line) => pids.has(Number(words(line)[column] ?? 0)));
  return [title, ...kept, ""].join("\n");
}

function runPs(kernel: Kernel, what: string, options: readonly string[]): ProgramEnd {
  const path = PS_PATHS.find((entry) => statIfPresent(kernel, AT_CWD, entry, true) !== undefined);
  if (path === undefined) {
    throw new RuntimeError({
      what,
      problem: "the host has no ps, want it for a table",
      where: PS_PATHS[0],
      hint: "--format json needs none",
    });
  }
  return runProgram(kernel, { what, path, args: ["ps", ...options], env: PS_ENVIRONMENT });
}

const words = (line: string): string[] => line.split(" ").filter((word) => word !== "");
