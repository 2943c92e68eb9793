/**
 * The one error type of the runtime, and the one line that it prints.
 *
 *     <action> <object>: <problem>; <pointer or flag>; hint: <do this> [<step> <call> <ERRNO>]
 *
 * `problem` reads `<class word>: <found>, want <right>`. Managers classify by substring, so the
 * words are an interface: the kernel's sentences ("no such file or directory", "permission denied")
 * appear only for exec, cwd and mounts, everywhere else the errno's name stands alone.
 */

/** The parts of an error line; also its form on the channel between init and parent. */
export interface ErrorParts {
  /** What was being done, to what: `mount config.json#/mounts/3`, `exec "/bin/sh"`. */
  readonly what: string;
  /** What was found and what would be right. */
  readonly problem: string;
  /** JSON pointer (`config.json#/process/cwd`), path or flag (`--bundle`) at fault. */
  readonly where?: string | undefined;
  /** What to do about it, in the fixed vocabulary (missing, refused, folder, gone). */
  readonly hint?: string | undefined;
  /** Step of the sequence that failed, when a system call failed. */
  readonly step?: string | undefined;
  /** The call with its decoded arguments: `mount(...)`. */
  readonly call?: string | undefined;
  /** Name of the errno: `ENOENT`. */
  readonly errno?: string | undefined;
  /** Failures of the clean-up that followed, one line each. */
  readonly cleanup?: readonly string[] | undefined;
}

/** A failure that is reported to the user: it carries the parts of its line. */
export class RuntimeError extends Error {
  readonly parts: ErrorParts;

  constructor(parts: ErrorParts) {
    super(errorLine(parts));
    this.name = "RuntimeError";
    this.parts = parts;
  }
}

/** Renders the line. Control characters that came from input are escaped, so that one event is one line (input.3). */
export function errorLine(parts: ErrorParts): string {
  let line = `${parts.what}: ${parts.problem}`;
  if (parts.where !== undefined) line += `; ${parts.where}`;
  if (parts.hint !== undefined) line += `; hint: ${parts.hint}`;
  if (parts.cleanup !== undefined && parts.cleanup.length > 0)
    line += `; clean-up failed too: ${parts.cleanup.join(", ")}`;
  if (parts.errno !== undefined) {
    const fields = [parts.step, parts.call, parts.errno].filter((field) => field !== undefined);
    line += ` [${fields.join(" ")}]`;
  }
  return escapeControls(line);
}

/** Replaces control characters, line separators and lone surrogates by visible escapes (input.3). */
export function escapeControls(text: string): string {
  // The common case has nothing to escape, and a regular expression that only tests is cheap.
  if (!UNPRINTABLE.test(text)) return text;
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x0a) result += "\\n";
    else if (code === 0x0d) result += "\\r";
    else if (code === 0x09) result += "\\t";
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) result += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff))
      result += `\\u${code.toString(16)}`;
    else result += character;
  }
  return result;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/;

/** Turns what was thrown into parts, so that a programming error also becomes one line. */
export function partsOf(thrown: unknown): ErrorParts {
  if (thrown instanceof RuntimeError) return thrown.parts;
  if (thrown instanceof Error) {
    const at = (thrown.stack ?? "").trim().split("\n")[0] ?? "";
    return { what: "internal error", problem: `${thrown.name}: ${thrown.message}`, where: at.trim() };
  }
  return { what: "internal error", problem: String(thrown) };
}
