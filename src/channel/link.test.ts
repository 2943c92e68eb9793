/** The link between parent and init: messages of every size arrive whole, and whatever else arrives is refused. */
import t from "tap";
import { errnoOf, kernel } from "../../test/support/kernel.ts";
import type { Fd } from "../kernel/call.ts";
import { close, isOpen, pipe, writeAll } from "../kernel/file.ts";
import { sendMessage, socketPair } from "../kernel/socket.ts";
import { RuntimeError } from "../shared/error.ts";
import { receive, send } from "./link.ts";
import type { Message } from "./message.ts";

/** What a receiver makes of raw bytes after which the sender has closed. */
function received(bytes: Uint8Array, fds: Fd[] = []): string {
  const [ours, theirs] = socketPair(kernel);
  try {
    if (bytes.length > 0) sendMessage(kernel, ours, bytes, fds);
    close(kernel, ours);
    const result = receive(kernel, theirs);
    for (const fd of result?.fds ?? []) close(kernel, fd);
    return result === undefined ? "closed" : JSON.stringify(result.message);
  } catch (error) {
    if (error instanceof RuntimeError) return error.message;
    throw error;
  } finally {
    close(kernel, theirs);
  }
}

function frame(length: number, body: string | Uint8Array = ""): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length);
  return Buffer.concat([head, Buffer.from(body)]);
}

t.test("messages arrive in order, with their descriptors", (t) => {
  const [ours, theirs] = socketPair(kernel);
  const [out, into] = pipe(kernel);
  const messages: [Message, Fd[]][] = [
    [{ type: "hooks" }, []],
    [{ type: "console" }, [into]],
    [{ type: "error", parts: { what: "é😀", problem: "a\n\u0000b", where: "x".repeat(60_000) } }, [out, into]],
    [{ type: "ready" }, []],
  ];
  for (const [message, fds] of messages) send(kernel, ours, message, fds);
  for (const [message, fds] of messages) {
    const got = receive(kernel, theirs);
    t.strictSame(got?.message, message);
    t.equal(got?.fds.length, fds.length);
    for (const fd of got?.fds ?? []) {
      t.equal(isOpen(kernel, fd), true);
      close(kernel, fd);
    }
  }
  close(kernel, ours);
  t.equal(receive(kernel, theirs), undefined, "the end");
  t.equal(
    errnoOf(() => send(kernel, theirs, { type: "ready" })),
    "EPIPE",
  );
  for (const fd of [theirs, out, into]) close(kernel, fd);
  t.end();
});

t.test("a native report is told apart", (t) => {
  const report = Buffer.alloc(12);
  report.writeUInt32LE(0xffffffff, 0);
  report.writeInt32LE(17, 4);
  report.writeInt32LE(13, 8);
  t.equal(received(report), '{"type":"native","index":17,"error":13}');
  for (let length = 1; length < 12; length++)
    t.equal(received(report.subarray(0, length)), "closed", `${length} bytes`);
  t.end();
});

t.test("lengths that are not true, and bodies that are no JSON", (t) => {
  const text = '{"type":"ready"}';
  t.equal(received(frame(text.length, text)), text);
  t.equal(received(new Uint8Array(0)), "closed");
  for (let cut = 1; cut < text.length + 4; cut++)
    t.equal(received(frame(text.length, text).subarray(0, cut)), "closed");
  for (const length of [(16 << 20) + 1, 2 ** 31, 2 ** 32 - 2])
    t.match(received(frame(length, text)), new RegExp(`found a message of ${length} bytes`));
  for (const body of ["", "{", "ready", "\xff\xfe", "\0\0\0\0"])
    t.match(received(frame(Buffer.from(body).length, body)), "a message that is no JSON");
  for (const body of ["{}", "null", "7", '{"type":7}', '{"type":"error"}', '{"type":"error","parts":{"what":"x"}}'])
    t.match(received(frame(body.length, body)), "a message of no known form");
  t.end();
});

t.test("more than four descriptors are refused", (t) => {
  const [out, into] = pipe(kernel);
  writeAll(kernel, into, "x");
  const ready = '{"type":"ready"}';
  t.equal(received(frame(ready.length, ready), [out, out, out, out]), ready);
  t.match(received(frame(ready.length, ready), [out, out, out, out, out]), "too many descriptors");
  for (const fd of [out, into]) close(kernel, fd);
  t.end();
});

t.test("garbage never does worse than an error or an end", (t) => {
  let state = 99;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  const seen = new Set<string>();
  for (let round = 0; round < 400; round++) {
    const bytes = Buffer.from(Array.from({ length: 1 + (next() % 40) }, () => next() & 0xff));
    // Half of them with a length that can be true.
    if (round % 2 === 0 && bytes.length >= 4) bytes.writeUInt32LE(next() % 40);
    seen.add(received(bytes).replace(/[0-9]+/, "N"));
  }
  t.strictSame(
    [...seen].map((text) => /closed|bytes|JSON|form/.exec(text)?.[0] ?? text).sort(),
    ["JSON", "bytes", "closed"],
    "each outcome was met, and no other",
  );
  t.end();
});
