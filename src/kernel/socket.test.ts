/** Unix sockets and descriptors that travel in messages. */
import fs from "node:fs";
import t from "tap";
import { errnoOf, kernel } from "../../test/support/kernel.ts";
import { AT_CWD, type Fd } from "./call.ts";
import { O_PATH, O_RDONLY, O_WRONLY } from "./constants.ts";
import { close, openAt, pipe, read, stat, writeAll } from "./file.ts";
import { connectUnix, MAX_SOCKET_PATH, openUnixSocket, receiveMessage, sendMessage, socketPair } from "./socket.ts";

t.test("descriptors arrive as copies of what was sent, close-on-exec", (t) => {
  const [ours, theirs] = socketPair(kernel);
  const [out, into] = pipe(kernel);
  const sent = [openAt(kernel, AT_CWD, "/dev/null", O_WRONLY), openAt(kernel, AT_CWD, "/proc", O_PATH), into];
  for (let count = 0; count <= sent.length; count++) {
    const part = sent.slice(0, count);
    t.equal(sendMessage(kernel, ours, Buffer.from("abc"), part), 3);
    const buffer = new Uint8Array(10);
    const { length, fds } = receiveMessage(kernel, theirs, buffer);
    t.equal(Buffer.from(buffer.subarray(0, length)).toString(), "abc");
    t.equal(fds.length, count);
    fds.forEach((fd, index) => {
      const original = sent[index] ?? (-1 as Fd);
      t.not(fd, original);
      t.strictSame(stat(kernel, fd), stat(kernel, original), `descriptor ${index}`);
      t.match(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"), /flags:\s*0\d*[2367]\d{6}$/m, "close-on-exec");
    });
    if (count === 3) writeAll(kernel, fds[2] ?? (-1 as Fd), "through");
    for (const fd of fds) close(kernel, fd);
  }
  t.equal(Buffer.from(read(kernel, out, 100)).toString(), "through");
  for (const fd of [...sent, out, ours, theirs]) close(kernel, fd);
  t.end();
});

t.test("more descriptors than there is room for are an error, not a loss", (t) => {
  const [ours, theirs] = socketPair(kernel);
  const fd = openAt(kernel, AT_CWD, "/dev/null", O_RDONLY);
  sendMessage(kernel, ours, Buffer.from("a"), new Array<Fd>(12).fill(fd));
  t.equal(receiveMessage(kernel, theirs, new Uint8Array(1)).fds.length, 12, "twelve fit");
  t.throws(() => sendMessage(kernel, ours, Buffer.from("a"), new Array<Fd>(13).fill(fd)), RangeError);
  close(kernel, ours);
  t.equal(receiveMessage(kernel, theirs, new Uint8Array(1)).length, 0, "the end");
  t.equal(
    errnoOf(() => sendMessage(kernel, theirs, Buffer.from("a"), [])),
    "EPIPE",
    "and no SIGPIPE",
  );
  t.end();
});

t.test("a connection to a path", (t) => {
  const refused = openUnixSocket(kernel);
  t.equal(
    errnoOf(() => connectUnix(kernel, refused, "/nowhere/socket")),
    "ENOENT",
  );
  t.equal(
    errnoOf(() => connectUnix(kernel, refused, `/${"x".repeat(MAX_SOCKET_PATH - 1)}`)),
    "ENOENT",
    "the longest path is looked up",
  );
  t.equal(
    errnoOf(() => connectUnix(kernel, refused, `/${"x".repeat(MAX_SOCKET_PATH + 10)}`)),
    "EINVAL",
    "a longer one does not fit",
  );
  close(kernel, refused);
  t.end();
});
