/** spec: a config.json to begin with. */
import { defaultConfig } from "../config/default.ts";
import { AT_CWD, SyscallError } from "../kernel/call.ts";
import { EEXIST, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, SYS_getegid } from "../kernel/constants.ts";
import { close, openAt, writeAll } from "../kernel/file.ts";
import { effectiveUid } from "../kernel/identity.ts";
import { RuntimeError } from "../shared/error.ts";
import { absolute } from "../shared/path.ts";
import type { Context } from "./command.ts";

/** Does it; the exit status. */
export function runSpec({ runtime, call, directory }: Context): number {
  const { kernel } = runtime;
  const path = `${absolute(call.value("bundle") ?? ".", directory())}/config.json`;
  const config = defaultConfig(call.has("rootless"), { uid: effectiveUid(kernel), gid: kernel.call(SYS_getegid) });
  try {
    const fd = openAt(kernel, AT_CWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
    writeAll(kernel, fd, JSON.stringify(config, undefined, "\t"));
    close(kernel, fd);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const problem =
      error.errno === EEXIST ? "File config.json exists. Remove it first" : `${error.code}: it cannot be made there`;
    throw new RuntimeError({
      what: "write config.json",
      problem,
      where: path,
      step: "spec",
      call: error.call,
      errno: error.code,
    });
  }
  return 0;
}
