/** rtnetlink as bytes, and asked of this kernel in a network namespace of its own. */
import t from "tap";
import { errnoOf, kernel } from "../../test/support/kernel.ts";
import { AF_UNSPEC, IFLA_IFNAME, NLM_F_DUMP, NLMSG_DONE, RTM_GETLINK, RTM_NEWLINK } from "./constants.ts";
import { close } from "./file.ts";
import {
  attribute,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  linkHeader,
  numberAttribute,
  openNetlink,
  request,
} from "./netlink.ts";

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? new Uint8Array(0)).toString();

t.test("a message is what the header says it is", (t) => {
  const bytes = encodeMessage(RTM_GETLINK, 5, 7, [linkHeader(3, 1, 1), attribute(IFLA_IFNAME, Buffer.from("eth0\0"))]);
  const hex = Buffer.from(bytes).toString("hex");
  // nlmsghdr: 44 bytes, type 18, flags 5, sequence 7, port 0; ifinfomsg: index 3, flags 1, change 1; rtattr: 9 bytes, type 3, padded.
  t.equal(hex, "2c00000012000500070000000000000000000000030000000100000001000000090003006574683000000000");
  const [message, ...more] = decodeMessages(bytes);
  t.strictSame([message?.type, message?.flags, message?.sequence, more], [RTM_GETLINK, 5, 7, []]);
  const attributes = decodeAttributes(message?.body ?? new Uint8Array(0), 16);
  t.equal(text(attributes.get(IFLA_IFNAME)), "eth0\0");
  t.end();
});

t.test("several messages and attributes, flags of types, and lengths that lie", (t) => {
  const one = encodeMessage(1, 0, 1, [attribute(9, Uint8Array.of(1, 2, 3)), numberAttribute(0x8000 | 4, 0xfffffffe)]);
  const two = encodeMessage(2, 0, 2, []);
  const both = Buffer.concat([one, two]);
  t.strictSame(
    decodeMessages(both).map((message) => message.type),
    [1, 2],
  );
  const attributes = decodeAttributes(decodeMessages(both)[0]?.body ?? new Uint8Array(0), 0);
  t.strictSame([...attributes.keys()], [9, 4]);
  t.strictSame([...(attributes.get(4) ?? [])], [0xfe, 0xff, 0xff, 0xff]);
  for (let length = 0; length < both.length; length++) {
    t.equal(decodeMessages(both.subarray(0, length)).length, length < one.length ? 0 : 1);
    decodeAttributes(both.subarray(0, length), 0);
  }
  t.strictSame(decodeMessages(new Uint8Array(64)), [], "a length of nothing ends the list, and the loop");
  t.equal(decodeAttributes(new Uint8Array(64), 0).size, 0);
  t.end();
});

t.test("this kernel's links: a table, one by name, one that is not there", (t) => {
  const socket = openNetlink(kernel);
  const table = request(kernel, socket, RTM_GETLINK, "RTM_GETLINK", NLM_F_DUMP, [linkHeader(0)]);
  const names = table
    .filter((message) => message.type === RTM_NEWLINK)
    .map((message) => text(decodeAttributes(message.body, 16).get(IFLA_IFNAME)));
  t.ok(names.includes("lo\0"));
  t.equal(table.at(-1)?.type, NLMSG_DONE);
  const name = attribute(IFLA_IFNAME, Buffer.from("lo\0"));
  const [lo] = request(kernel, socket, RTM_GETLINK, "RTM_GETLINK", 0, [linkHeader(0), name]);
  t.equal(lo?.body[0], AF_UNSPEC);
  const missing = attribute(IFLA_IFNAME, Buffer.from("no-such-link\0"));
  const asked = () => request(kernel, socket, RTM_GETLINK, "RTM_GETLINK", 0, [linkHeader(0), missing]);
  t.equal(errnoOf(asked), "ENODEV");
  t.throws(asked, { message: "netlink RTM_GETLINK: ENODEV" });
  close(kernel, socket);
  t.end();
});
