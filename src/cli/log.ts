/** One failure, one line: on stderr, and as one object or line in --log (DESIGN section 7). Warnings are folded into it. */
import { AT_CWD, type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import { timestamp } from "../kernel/clock.ts";
import { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } from "../kernel/constants.ts";
import { openAt, writeAll } from "../kernel/file.ts";
import { type ErrorParts, errorLine, escapeControls, RuntimeError } from "../shared/error.ts";
import type { Call } from "./command.ts";

export class Log {
  readonly #kernel: Kernel;
  readonly #global: Call;
  readonly #warnings: string[] = [];
  #file: Fd | undefined;

  constructor(kernel: Kernel, global: Call) {
    this.#kernel = kernel;
    this.#global = global;
  }

  /** Opens --log; /dev/stdout and /dev/stderr mean descriptors 1 and 2, and no link is followed (input.4). */
  open(): void {
    const format = this.#global.value("log-format") ?? "text";
    if (format !== "text" && format !== "json") {
      throw new RuntimeError({
        what: "read command line",
        problem: `found ${JSON.stringify(format)}, want text or json`,
        where: "--log-format",
      });
    }
    const path = this.#global.value("log");
    if (path === undefined || path === "") return;
    if (path === "/dev/stdout" || path === "/dev/stderr") {
      this.#file = (path === "/dev/stdout" ? 1 : 2) as Fd;
      return;
    }
    try {
      this.#file = openAt(this.#kernel, AT_CWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw new RuntimeError({
        what: "open log",
        problem: `${error.code}: want a file that may be appended to`,
        where: `--log ${path}`,
        step: "log",
        call: error.call,
        errno: error.code,
      });
    }
  }

  /** Keeps a warning for the one object. */
  warn(line: string): void {
    this.#warnings.push(escapeControls(line));
  }

  /** A line of --debug, written at once. */
  debug(line: string): void {
    const json = this.#global.value("log-format") === "json";
    if (this.#file !== undefined || json)
      this.#write(this.#file ?? (2 as Fd), "debug", escapeControls(line), undefined);
    else writeAll(this.#kernel, 2 as Fd, `debug: ${escapeControls(line)}\n`);
  }

  /** The one error. */
  fail(parts: ErrorParts): void {
    const line = errorLine(parts);
    const json = this.#global.value("log-format") === "json";
    // Without a file JSON goes to stderr; where the file is stderr itself its one line is not said twice.
    const file = this.#file ?? (json ? (2 as Fd) : undefined);
    if (file !== undefined && (json || file !== 2)) this.#write(file, "error", line, parts);
    if (file !== 2 || !json) this.#plain(line);
  }

  #plain(line: string): void {
    const warnings = this.#warnings.map((warning) => `warning: ${warning}\n`).join("");
    writeAll(this.#kernel, 2 as Fd, `${warnings}${line}\n`);
  }

  /** After a success: warnings, if there are any, as one object. */
  finish(): void {
    if (this.#warnings.length === 0) return;
    const line = this.#warnings.join("; ");
    if (this.#file !== undefined) this.#write(this.#file, "warning", line, undefined);
    else if (this.#global.value("log-format") === "json") this.#write(2 as Fd, "warning", line, undefined);
    else writeAll(this.#kernel, 2 as Fd, `warning: ${line}\n`);
  }

  /** One write: two processes may append to one file. */
  #write(file: Fd, level: string, message: string, parts: ErrorParts | undefined): void {
    const time = timestamp(this.#kernel);
    const json = this.#global.value("log-format") === "json";
    const warnings = level === "error" && this.#warnings.length > 0 ? { warnings: this.#warnings } : {};
    const folded = level === "error" ? [...this.#warnings.map((warning) => `warning: ${warning}`), message] : [message];
    const text = json
      ? jsonLine({ level, msg: message, time, ...(parts === undefined ? {} : { error: parts }), ...warnings })
      : `time="${time}" level=${level} msg=${JSON.stringify(folded.join("; "))}`;
    writeAll(this.#kernel, file, `${text}\n`);
  }
}

/** JSON of an event. What JSON leaves as it is, but a terminal or a reader of lines does not, is escaped too (input.3). */
function jsonLine(event: Record<string, unknown>): string {
  return JSON.stringify(event).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
