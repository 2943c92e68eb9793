/** Errors about exec's process, at the place where its caller gave what is wrong. */
import { RuntimeError } from "../shared/error.ts";
import type { ExecRequest } from "./exec-plan.ts";

/** The pointer that config.json has for a process, before that of a part of it. */
const PROCESS = "config.json#/process";
/** The same for a process file. */
const FILE = "--process#";

/** An error about the process, at the place where exec's caller gave what is wrong: a process file or a flag; else it is the container's config. */
export function asAsked(request: ExecRequest, error: unknown): unknown {
  if (!(error instanceof RuntimeError) || error.parts.where?.startsWith(PROCESS) !== true) return error;
  const pointer = error.parts.where.slice(PROCESS.length);
  const { processFile } = request;
  if (processFile === undefined) {
    const where = flagOf(request, pointer);
    return where === undefined ? error : new RuntimeError({ ...error.parts, where });
  }
  // Not its path, which with a manager is that of a file of a moment.
  const hint = error.parts.hint?.replace(PROCESS, FILE);
  return new RuntimeError({ ...error.parts, where: `${FILE}${pointer}`, hint });
}

/** The flag that gave a part of the process; undefined: none did. */
function flagOf(request: ExecRequest, pointer: string): string | undefined {
  if (pointer.startsWith("/args")) return "the argument <command>";
  const given: [part: string, flag: string, is: boolean][] = [
    ["/cwd", "--cwd", request.cwd !== undefined],
    ["/user/additionalGids", "--additional-gids", request.additionalGids.length > 0],
    ["/user", "--user", request.user !== undefined],
    ["/apparmorProfile", "--apparmor", request.apparmor !== undefined],
    ["/selinuxLabel", "--process-label", request.processLabel !== undefined],
    ["/capabilities", "--cap", request.caps.length > 0],
    ["/terminal", "--tty", request.tty],
  ];
  return given.find(([part, , is]) => is && pointer.startsWith(part))?.[1];
}
