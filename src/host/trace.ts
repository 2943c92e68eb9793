/**
 * The tracing host: every call that passes, decoded, with its result and duration. One line a call:
 *
 *     <ms since boot> <pid> <role> <call> = <result> <microseconds>
 *
 * Lines are written with one O_APPEND write each, so that parent and init may share the file.
 */
import { givenWords, type Host, type Word } from "./host.ts";

/** What the tracer needs beside the host; decoding belongs to kernel/decode.ts and is handed in. */
export interface TraceTools {
  describeCall(number: number, args: readonly Word[]): string;
  describeResult(result: number): string;
  /** Number, arguments of each record of a call list. */
  listedCalls(calls: Uint8Array): { number: number; args: (number | bigint)[] }[];
  encode(text: string): Uint8Array;
  numbers: { clock_gettime: number; getpid: number; write: number; clone3: number };
}

/** Wraps a host; `file` is the trace's descriptor. */
export function traceHost(inner: Host, file: number, tools: TraceTools): Host {
  const { numbers } = tools;
  const time = new Uint8Array(16);
  const view = new DataView(time.buffer);
  let pid = inner.syscall(numbers.getpid);
  let role = "main";

  function nowUs(): number {
    inner.syscall(numbers.clock_gettime, 1, time);
    return (view.getUint32(0, true) + view.getUint32(4, true) * 0x100000000) * 1e6 + view.getUint32(8, true) / 1000;
  }
  function line(started: number, text: string, result: string, took: number): void {
    const bytes = tools.encode(
      `${(started / 1000).toFixed(3)} ${pid} ${role} ${text} = ${result} ${took.toFixed(0)}\n`,
    );
    inner.syscall(numbers.write, file, bytes, bytes.length);
  }

  return {
    addressOf: (memory) => inner.addressOf(memory),
    syscall(number: number, ...words: (Word | undefined)[]): number {
      const args = givenWords(words);
      const started = nowUs();
      // execve and exit_group do not come back, and so have no line.
      const result = inner.syscall(number, ...args);
      line(started, tools.describeCall(number, args), tools.describeResult(result), nowUs() - started);
      return result;
    },
    clone(args: Uint8Array, calls: Uint8Array, slots: Uint8Array, report: number): number {
      const started = nowUs();
      const listed = tools.listedCalls(calls);
      for (const [index, call] of listed.entries())
        line(started, `list[${index}] ${tools.describeCall(call.number, call.args)}`, "?", 0);
      if (args.length === 0) line(started, `run list of ${listed.length} calls`, "?", 0);
      const result = inner.clone(args, calls, slots, report);
      if (result === 0) {
        pid = inner.syscall(numbers.getpid);
        role = "init";
      }
      line(
        started,
        args.length === 0 ? "list" : tools.describeCall(numbers.clone3, [args]),
        tools.describeResult(result),
        nowUs() - started,
      );
      return result;
    },
  };
}
