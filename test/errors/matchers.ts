/**
 * How managers classify our errors: their matchers, written anew from what they look for (docs of each rule: which program, which function).
 * Order matters: the first that matches decides.
 */

/** What becomes of a message. */
export interface Verdict {
  manager: string;
  verdict: string;
}

/** moby daemon/errors.go setExitCodeFromError: lower-cased text → exit code of `docker run`. */
export function moby(message: string): string {
  const text = message.toLowerCase();
  if (text.includes("permission denied")) return "126";
  if (text.includes("is a directory")) return "126";
  if (text.includes("not a directory")) return "127 and a hint about mounts";
  for (const words of [
    "executable file not found",
    "no such file or directory",
    "system cannot find the file specified",
    "failed to run runc create/exec call",
  ]) {
    if (text.includes(words)) return "127";
  }
  return "128";
}

/** docker/cli cli/command/container/run.go toStatusError: case-sensitive, in another order. */
export function dockerCli(message: string): string {
  for (const words of [
    "executable file not found",
    "no such file or directory",
    "system cannot find the file specified",
  ]) {
    if (message.includes(words)) return "127";
  }
  return message.includes("permission denied") || message.includes("is a directory") ? "126" : "125";
}

/** podman libpod/oci_util.go getOCIRuntimeError. */
export function podman(message: string): string {
  if (/permission denied|operation not permitted/i.test(message)) return "permission";
  if (/executable file not found in|no such file or directory|open executable/i.test(message)) return "not found";
  if (/`\/proc\/[a-z0-9-].+\/attr.*`/i.test(message)) return "security attribute";
  return "generic";
}

/** containerd process/utils.go checkKillError and process/init.go delete: text on stdout and stderr of kill and delete. */
export function containerdShim(message: string): string {
  if (
    message.includes("os: process already finished") ||
    message.includes("container not running") ||
    message.toLowerCase().includes("no such process")
  ) {
    return "process gone";
  }
  return message.includes("does not exist") ? "no such container" : "error";
}

/** cri-o internal/oci/runtime_oci.go: kill's stderr. */
export function crio(message: string): string {
  return /no such process|container not running|invalid process/.test(message) ? "process gone" : "error";
}

/** podman libpod/define/exec_codes.go ExitCode: an exec session's failure. */
export function podmanExec(message: string): string {
  return /not found|executable path is empty|no such file/.test(message) ? "127" : "126";
}
