/** The log: one failure is one line on stderr and one write to --log. The host is a double that keeps what is written. */
import t from "tap";
import type { Host, Word } from "../host/host.ts";
import { createKernel } from "../kernel/call.ts";
import { EACCES, O_APPEND, O_NOFOLLOW, SYS_clock_gettime, SYS_openat, SYS_write } from "../kernel/constants.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import type { Call } from "./command.ts";
import { Log } from "./log.ts";

const FILE = 7;

/** A kernel that knows the three calls of a log, and what was asked of it. */
function double(openResult = FILE) {
  const writes: { fd: number; text: string }[] = [];
  const opened: { path: Word | undefined; flags: number }[] = [];
  const host: Host = {
    syscall(number: number, ...args: Word[]): number {
      const [first, second, third] = args;
      if (number === SYS_clock_gettime && second instanceof Uint8Array) {
        new DataView(second.buffer).setUint32(0, 1_000_000_000, true);
        return 0;
      }
      if (number === SYS_openat) {
        opened.push({ path: second, flags: Number(third) });
        return openResult;
      }
      if (number !== SYS_write) throw new Error(`unexpected system call ${number}`);
      const text = second instanceof Uint8Array ? decode(second.subarray(0, Number(third))) : String(second);
      writes.push({ fd: Number(first), text });
      return Number(third);
    },
    addressOf: () => 0,
    clone: () => -1,
  };
  return { kernel: createKernel(host, (number) => `call ${number}`), writes, opened };
}

function call(values: Record<string, string>): Call {
  return { value: (name) => values[name], values: () => [], has: (name) => name in values, args: [] };
}

/** Runs `use` with a log of these flags; what was written where. */
function written(flags: Record<string, string>, use: (log: Log) => void): { fd: number; text: string }[] {
  const { kernel, writes } = double();
  const log = new Log(kernel, call(flags));
  log.open();
  use(log);
  return writes;
}

const PARTS = { what: "do x", problem: 'bad "y"\n', errno: "EIO" };
const LINE = 'do x: bad "y"\\n [EIO]';
const TIME = "2001-09-09T01:46:40.000000000Z";

t.test("an error without --log: the plain line, or one JSON object, on stderr", (t) => {
  t.strictSame(
    written({}, (log) => log.fail(PARTS)),
    [{ fd: 2, text: `${LINE}\n` }],
  );
  const [only, ...more] = written({ "log-format": "json" }, (log) => log.fail(PARTS));
  t.strictSame(more, []);
  t.equal(only?.fd, 2);
  t.strictSame(JSON.parse(only?.text ?? ""), { level: "error", msg: LINE, time: TIME, error: PARTS });
  t.end();
});

t.test("an error with --log: one whole line to the file, the plain one to stderr", (t) => {
  const text = written({ log: "/l" }, (log) => log.fail(PARTS));
  t.strictSame(text, [
    { fd: FILE, text: `time="${TIME}" level=error msg=${JSON.stringify(LINE)}\n` },
    { fd: 2, text: `${LINE}\n` },
  ]);
  const json = written({ log: "/l", "log-format": "json" }, (log) => log.fail(PARTS));
  t.strictSame(
    json.map(({ fd }) => fd),
    [FILE, 2],
  );
  t.equal(json[0]?.text.split("\n").length, 2, "one line");
  t.match(JSON.parse(json[0]?.text ?? ""), { level: "error", msg: LINE, time: TIME });
  t.equal(json[1]?.text, `${LINE}\n`);
  t.end();
});

t.test("warnings: folded into the error, else one object after a success, else silence", (t) => {
  const both = written({ log: "/l", "log-format": "json" }, (log) => {
    log.warn("w1");
    log.warn("w2\n");
    log.fail(PARTS);
  });
  t.equal(both.length, 2);
  t.strictSame((JSON.parse(both[0]?.text ?? "") as { warnings: string[] }).warnings, ["w1", "w2\\n"]);
  t.equal(both[1]?.text, `warning: w1\nwarning: w2\\n\n${LINE}\n`);
  const success = written({ log: "/l", "log-format": "json" }, (log) => {
    log.warn("w1");
    log.warn("w2");
    log.finish();
  });
  t.equal(success.length, 1);
  t.match(JSON.parse(success[0]?.text ?? ""), { level: "warning", msg: "w1; w2" });
  t.strictSame(
    written({ log: "/l" }, (log) => log.finish()),
    [],
  );
  t.end();
});

t.test("--debug is written at once", (t) => {
  t.strictSame(
    written({}, (log) => log.debug("d\n")),
    [{ fd: 2, text: "debug: d\\n\n" }],
  );
  t.match(
    written({ log: "/l" }, (log) => log.debug("d")),
    [{ fd: FILE, text: /level=debug msg="d"\n$/ }],
  );
  t.end();
});

t.test("open: appended, no link followed; /dev/stdout and /dev/stderr are ours", (t) => {
  const { kernel, opened } = double();
  new Log(kernel, call({ log: "/l" })).open();
  t.equal(opened[0]?.path, "/l");
  t.equal((opened[0]?.flags ?? 0) & (O_APPEND | O_NOFOLLOW), O_APPEND | O_NOFOLLOW);
  for (const [path, fd] of [
    ["/dev/stdout", 1],
    ["/dev/stderr", 2],
  ] as const) {
    const seen = written({ log: path, "log-format": "json" }, (log) => log.debug("d"));
    t.strictSame(
      seen.map((write) => write.fd),
      [fd],
    );
  }
  t.end();
});

t.test("fail: a standard stream as the log gets the object, and nobody reads the same twice", (t) => {
  const failed = (log: string, format: string) =>
    written({ log, "log-format": format }, (one) => {
      one.warn("w");
      one.fail({ what: "a", problem: "b" });
    }).map(({ fd, text }) => [fd, text.replace(/time="[^"]*" /, "").replace(/"time":"[^"]*"/, '"time":""')]);
  const object = '{"level":"error","msg":"a: b","time":"","error":{"what":"a","problem":"b"},"warnings":["w"]}\n';
  const plain = [2, "warning: w\na: b\n"];
  t.strictSame(failed("/dev/stderr", "json"), [[2, object]]);
  t.strictSame(failed("/dev/stdout", "json"), [[1, object], plain]);
  t.strictSame(failed("/dev/stderr", "text"), [plain]);
  t.strictSame(failed("/l", "text"), [[FILE, 'level=error msg="warning: w; a: b"\n'], plain]);
  t.end();
});

t.test("a log that cannot be opened, a format that is none", (t) => {
  const { kernel } = double(-EACCES);
  t.throws(() => new Log(kernel, call({ log: "/l" })).open(), { message: /^open log: EACCES: .*; --log \/l \[log / });
  t.throws(() => new Log(kernel, call({ "log-format": "xml" })).open(), RuntimeError);
  t.end();
});
