/** Programs run to their end, with and without a terminal, and waits with a bound. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** What a program did. A signal shows as 128 + its number; a program that was ended for its time as 137. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** How to run a program: the time is a bound in milliseconds, 30 s when left out. */
export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
  timeoutMs?: number;
}

const PATH = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment of every program here: the caller's settings of managers must not decide what is tested. */
export function environment(more: Record<string, string> = {}): Record<string, string> {
  return { PATH, HOME: "/root", LANG: "C.UTF-8", TERM: "xterm", ...more };
}

/** The first of these files that exists. */
export function firstFile(paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

/** Runs a program to its end. Its output goes through files: what it leaves running must not be waited for. */
export function command(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "ts-runc-command-"));
  const files = { out: join(folder, "out"), err: join(folder, "err") };
  const [out, err] = [openSync(files.out, "a"), openSync(files.err, "a")];
  const timeoutMs = options.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      cwd: options.cwd ?? "/",
      env: environment(options.env),
      stdio: ["pipe", out, err],
    });
    let late = "";
    const timer = setTimeout(() => {
      late = `\n(ended after ${timeoutMs} ms)`;
      child.kill("SIGKILL");
    }, timeoutMs);
    const finish = (): void => {
      clearTimeout(timer);
      for (const fd of [out, err]) closeSync(fd);
    };
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
    child.on("error", (error) => {
      finish();
      rmSync(folder, { recursive: true, force: true });
      reject(error);
    });
    child.on("exit", (code, signal) => {
      finish();
      const outcome = {
        status: code ?? 128 + (signal === "SIGKILL" ? 9 : 15),
        stdout: readFileSync(files.out, "utf8"),
        stderr: readFileSync(files.err, "utf8") + late,
      };
      rmSync(folder, { recursive: true, force: true });
      resolve(outcome);
    });
  });
}

/** Typed first on a terminal: its name, and its size, which a manager may set only after the prompt. */
export const SIZE =
  'tty; for i in 1 2 3 4 5 6 7 8 9; do [ "$(stty size)" = "0 0" ] || break; sleep 0.2; done; stty size\n';

/** What to wait for on a terminal, counted from what was last matched, and what to type then, some milliseconds later. */
export type TerminalStep = readonly [wait: RegExp, type: string, laterMs?: number];

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Runs a program on a terminal of 33 rows and 111 columns (script(1) makes the pty) and types what the steps say.
 * Returns its status and all that the terminal showed.
 */
export function onTerminal(
  program: string,
  args: readonly string[],
  steps: readonly TerminalStep[],
  options: RunOptions = {},
): Promise<Outcome> {
  const line = ["stty rows 33 cols 111; exec", ...[program, ...args].map(quoted)].join(" ");
  const timeoutMs = options.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const child = spawn("/usr/bin/script", ["-qefc", line, "/dev/null"], {
      cwd: options.cwd ?? "/",
      env: environment({ SHELL: "/bin/sh", ...options.env }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    let shown = "";
    let from = 0;
    let next = 0;
    let late = "";
    const timer = setTimeout(() => {
      late = `\n(ended after ${timeoutMs} ms, waiting for ${String(steps[next]?.[0])})`;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdin.on("error", () => undefined);
    const goOn = (): void => {
      for (let step = steps[next]; step !== undefined; step = steps[next]) {
        const match = step[0].exec(shown.slice(from));
        if (match === null) break;
        from += match.index + match[0].length;
        next++;
        const [, text, laterMs] = step;
        setTimeout(() => child.stdin.write(text), laterMs ?? 0);
      }
    };
    child.stdout.on("data", (data: Buffer) => {
      // Two terminals in a row end a line with \r\r\n.
      shown += data.toString().replaceAll("\r", "");
      goOn();
    });
    // A program that shows nothing by itself.
    const silent = setTimeout(goOn, 3000);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      clearTimeout(silent);
      resolve({ status: code ?? 137, stdout: shown, stderr: late });
    });
  });
}

/** Lets time pass. */
export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** Waits until a look succeeds, looking every 50 ms. @throws Error after the bound, with what was last seen. */
export async function until<T>(
  look: () => Promise<T | undefined> | T | undefined,
  what: string,
  timeoutMs = 15_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await pause(50);
  }
}

/** Whether this process is root's: a manager's daemon needs it. */
export const isRoot = (): boolean => process.getuid?.() === 0;
