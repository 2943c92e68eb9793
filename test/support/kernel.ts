/** Kernels for unit tests: the real one through the Node host, and one that plays a script. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nodeHost } from "../../src/host/node.ts";
import { RecordingHost, type Script } from "../../src/host/recording.ts";
import { AT_CWD, createKernel, type Fd, type Kernel, SyscallError } from "../../src/kernel/call.ts";
import { describeCall } from "../../src/kernel/decode.ts";
import { close, openAt } from "../../src/kernel/file.ts";

/** This machine's kernel. The addon stands in the build folder, not beside the compiled test. */
export const kernel: Kernel = createKernel(nodeHost(resolve("build/node/addon.node")), describeCall);

/** A kernel that answers from a script and notes what it was asked. */
export function scripted(script: Script, cloned?: number): { kernel: Kernel; host: RecordingHost } {
  const host = new RecordingHost(script, cloned);
  return { kernel: createKernel(host, describeCall), host };
}

/** Runs a test in a folder of its own. */
export function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "ts-runc-unit-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Opens a path for the time of `use`. */
export function withFd<Result>(path: string, flags: number, use: (fd: Fd) => Result): Result {
  const fd = openAt(kernel, AT_CWD, path, flags, 0o600);
  try {
    return use(fd);
  } finally {
    close(kernel, fd);
  }
}

/** Name of the errno with which `action` fails; "no error" when it does not. */
export function errnoOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
  return "no error";
}

/** One line of /proc/self/status, or of another file of that form. */
export function statusLine(text: string, name: string): string {
  return (new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(text)?.[1] ?? "").trim();
}
