/**
 * linux.netDevices (runtime-spec config-linux.md#network-devices): interfaces of our network namespace are moved into the container's, under
 * the name that it wants, with their permanent global addresses, and are up there. When create fails they come back as they were, with their routes.
 */
import { pointerKey } from "../config/rules-report.ts";
import type { Linux } from "../config/types.ts";
import { type Fd, type Kernel, SyscallError } from "../kernel/call.ts";
import {
  AF_UNSPEC,
  CLONE_NEWNET,
  EEXIST,
  ENODEV,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_FLAGS,
  IFA_LOCAL,
  IFF_UP,
  IFLA_IFNAME,
  IFLA_NET_NS_FD,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  RT_SCOPE_UNIVERSE,
  RTA_DST,
  RTA_GATEWAY,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  RTPROT_KERNEL,
} from "../kernel/constants.ts";
import { close } from "../kernel/file.ts";
import { joinNamespace } from "../kernel/namespace.ts";
import {
  attribute,
  decodeAttributes,
  linkHeader,
  type NetlinkMessage,
  numberAttribute,
  openNetlink,
  request,
} from "../kernel/netlink.ts";
import { openProcNamespace, type Procfs, selfName } from "../kernel/procfs.ts";
import { viewOf } from "../shared/bytes.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode, encodeZ } from "../shared/text.ts";

/** struct ifinfomsg, struct ifaddrmsg, struct rtmsg. */
const LINK_SIZE = 16;
const ADDRESS_SIZE = 8;
const ROUTE_SIZE = 12;

interface Link {
  index: number;
  name: string;
  up: boolean;
}

/** A device that has left its place, or is about to. */
interface Moved {
  name: string;
  up: boolean;
  /** Bodies of RTM_NEWADDR, without the index. */
  addresses: Uint8Array[][];
  /** Bodies of RTM_NEWROUTE, without the index, for when it comes back: they go when it goes down. */
  routes: Uint8Array[][];
  /** Index in the container's namespace; 0: it is still ours. */
  index: number;
}

/** The devices of one container, for as long as create may have to give them back. */
export class NetDevices {
  readonly #kernel: Kernel;
  /** Our network namespace and the container's. */
  readonly #home: Fd;
  readonly #away: Fd;
  /** A netlink socket in each; that in the container's holds the namespace, whose end would be the end of a virtual device. */
  readonly #here: Fd;
  readonly #there: Fd;
  readonly #moved: Moved[] = [];

  /** @param away the container's network namespace; closed by close(). */
  constructor(kernel: Kernel, proc: Procfs, away: Fd) {
    this.#kernel = kernel;
    const home = openProcNamespace(kernel, proc, selfName(kernel, proc), "net");
    if (home === undefined)
      throw new RuntimeError({ what: "move network devices", problem: "found no /proc/self/ns/net" });
    this.#home = home;
    this.#away = away;
    this.#here = openNetlink(kernel);
    joinNamespace(kernel, away, CLONE_NEWNET);
    try {
      this.#there = openNetlink(kernel);
    } finally {
      joinNamespace(kernel, home, CLONE_NEWNET);
    }
  }

  /** Moves all, in the config's order. Throws a RuntimeError with the device's pointer. */
  move(devices: NonNullable<Linux["netDevices"]>): void {
    for (const [name, device] of Object.entries(devices)) {
      const where = `config.json#/linux/netDevices/${pointerKey(name)}`;
      try {
        this.#moveOne(name, device?.name === undefined || device.name === "" ? name : device.name, where);
      } catch (error) {
        throw explain(name, where, error);
      }
    }
  }

  #moveOne(name: string, newName: string, where: string): void {
    const link = this.#find(name);
    if (link === undefined) {
      throw new RuntimeError({
        what: `move network device ${JSON.stringify(name)}`,
        problem: "found none of that name, want one in the network namespace of the runtime",
        where,
      });
    }
    const before = this.#linksThere();
    // The kernel would rename it only after the move, and leave it there under the old name.
    if (before.some((entry) => entry.name === newName)) {
      throw new RuntimeError({
        what: `move network device ${JSON.stringify(name)}`,
        problem: `found ${JSON.stringify(newName)} in the container's network namespace already, want a name that is free`,
        where: newName === name ? where : `${where}/name`,
        hint: "a template such as eth%d lets the kernel choose the number",
      });
    }
    // Before the link goes down: with it go its IPv6 addresses, and its routes.
    const { index, up } = link;
    const moved: Moved = { name, up, addresses: this.#addresses(index), routes: this.#routes(index), index: 0 };
    this.#moved.push(moved);
    this.#set(this.#here, link.index, 0, IFF_UP, []);
    this.#set(this.#here, link.index, 0, 0, [
      attribute(IFLA_IFNAME, encodeZ(newName)),
      numberAttribute(IFLA_NET_NS_FD, this.#away),
    ]);
    const known = new Set(before.map((entry) => entry.index));
    const arrived = this.#linksThere().find((entry) => !known.has(entry.index));
    // A move keeps the index where it is free, so one that is new is ours.
    moved.index = arrived?.index ?? link.index;
    for (const address of moved.addresses) this.#addAddress(this.#there, moved.index, address);
    this.#set(this.#there, moved.index, IFF_UP, IFF_UP, []);
  }

  /** Takes all devices back, under their old names, with their addresses, up or down as they were. */
  giveBack(): void {
    for (let moved = this.#moved.pop(); moved !== undefined; moved = this.#moved.pop()) {
      // A move whose renaming failed has ended there all the same, under the old name.
      const { index, name } = moved;
      const away = this.#linksThere().find((entry) => (index === 0 ? entry.name === name : entry.index === index));
      if (this.#find(moved.name) === undefined && away !== undefined) {
        this.#set(this.#there, away.index, 0, IFF_UP, []);
        this.#set(this.#there, away.index, 0, 0, [
          attribute(IFLA_IFNAME, encodeZ(moved.name)),
          numberAttribute(IFLA_NET_NS_FD, this.#home),
        ]);
      }
      const link = this.#find(moved.name);
      if (link === undefined) continue;
      for (const address of moved.addresses) this.#addAddress(this.#here, link.index, address);
      if (!moved.up) continue;
      this.#set(this.#here, link.index, IFF_UP, IFF_UP, []);
      this.#addRoutes(link.index, moved.routes);
    }
    this.close();
  }

  /** From here on the devices are the container's. */
  close(): void {
    for (const fd of [this.#here, this.#there, this.#home, this.#away]) close(this.#kernel, fd);
  }

  #find(name: string): Link | undefined {
    try {
      const body = [linkHeader(0), attribute(IFLA_IFNAME, encodeZ(name))];
      return linksOf(request(this.#kernel, this.#here, RTM_GETLINK, "RTM_GETLINK", 0, body))[0];
    } catch (error) {
      if (error instanceof SyscallError && error.errno === ENODEV) return undefined;
      throw error;
    }
  }

  #linksThere(): Link[] {
    return linksOf(request(this.#kernel, this.#there, RTM_GETLINK, "RTM_GETLINK", NLM_F_DUMP, [linkHeader(0)]));
  }

  #set(socket: Fd, index: number, flags: number, change: number, attributes: readonly Uint8Array[]): void {
    request(this.#kernel, socket, RTM_NEWLINK, "RTM_NEWLINK", 0, [linkHeader(index, flags, change), ...attributes]);
  }

  #addresses(index: number): Uint8Array[][] {
    const bodies = this.#table(RTM_GETADDR, "RTM_GETADDR", ADDRESS_SIZE, RTM_NEWADDR);
    return bodies.flatMap((body) => keptAddress(body, index));
  }

  #routes(index: number): Uint8Array[][] {
    const bodies = this.#table(RTM_GETROUTE, "RTM_GETROUTE", ROUTE_SIZE, RTM_NEWROUTE);
    return bodies.flatMap((body) => keptRoute(body, index));
  }

  /** Bodies of all answers of one type from our namespace, of any family. `size`: of the header. */
  #table(type: number, name: string, size: number, answer: number): Uint8Array[] {
    const header = new Uint8Array(size);
    header[0] = AF_UNSPEC;
    const answers = request(this.#kernel, this.#here, type, name, NLM_F_DUMP, [header]);
    return answers.filter((entry) => entry.type === answer).map(({ body }) => body);
  }

  /** One may lead by way of another, so those that are refused are tried again as long as that helps; one that still is has lost its way. */
  #addRoutes(index: number, routes: readonly Uint8Array[][]): void {
    const refused = routes.filter((route) => !this.#addRoute(index, route));
    if (refused.length > 0 && refused.length < routes.length) this.#addRoutes(index, refused);
  }

  #addRoute(index: number, route: readonly Uint8Array[]): boolean {
    try {
      const body = [...route, numberAttribute(RTA_OIF, index)];
      request(this.#kernel, this.#here, RTM_NEWROUTE, "RTM_NEWROUTE", NLM_F_CREATE | NLM_F_EXCL, body);
      return true;
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return error.errno === EEXIST;
    }
  }

  #addAddress(socket: Fd, index: number, address: readonly Uint8Array[]): void {
    const [header = new Uint8Array(ADDRESS_SIZE), ...attributes] = address;
    const own = header.slice();
    viewOf(own).setUint32(4, index, true);
    try {
      request(this.#kernel, socket, RTM_NEWADDR, "RTM_NEWADDR", NLM_F_CREATE | NLM_F_EXCL, [own, ...attributes]);
    } catch (error) {
      // Given back: IPv4 addresses have outlived the link's going down.
      if (!(error instanceof SyscallError) || error.errno !== EEXIST) throw error;
    }
  }
}

function linksOf(answers: readonly NetlinkMessage[]): Link[] {
  return answers
    .filter((answer) => answer.type === RTM_NEWLINK)
    .map(({ body }) => {
      const view = viewOf(body);
      const name = decodeAttributes(body, LINK_SIZE).get(IFLA_IFNAME) ?? new Uint8Array(1);
      return {
        index: view.getInt32(4, true),
        name: decode(name.subarray(0, -1)),
        up: (view.getUint32(8, true) & IFF_UP) !== 0,
      };
    });
}

/** An address of the link to be had again, if the user gave it and it means something elsewhere: permanent, and global (the spec's rule). */
function keptAddress(body: Uint8Array, index: number): [Uint8Array[]] | [] {
  const attributes = decodeAttributes(body, ADDRESS_SIZE);
  const long = attributes.get(IFA_FLAGS);
  // The header has room for eight flags only.
  const flags = long === undefined ? (body[2] ?? 0) : viewOf(long).getUint32(0, true);
  const scope = body[3];
  if (viewOf(body).getUint32(4, true) !== index || (flags & IFA_F_PERMANENT) === 0 || scope !== RT_SCOPE_UNIVERSE)
    return [];
  const header = body.slice(0, ADDRESS_SIZE);
  header[2] = 0;
  // Not IFA_LABEL, which holds the old name, nor IFA_CACHEINFO, which is the life of addresses that are not permanent.
  const kept = [IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST].flatMap((type) => {
    const data = attributes.get(type);
    return data === undefined ? [] : [attribute(type, data.slice())];
  });
  return [[header, ...kept, numberAttribute(IFA_FLAGS, flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE))]];
}

/** A route over the link that somebody has set: the kernel makes its own again. */
function keptRoute(body: Uint8Array, index: number): [Uint8Array[]] | [] {
  const attributes = decodeAttributes(body, ROUTE_SIZE);
  const over = attributes.get(RTA_OIF);
  // rtm_protocol; of several ways (RTA_MULTIPATH) there is no RTA_OIF.
  if (over === undefined || viewOf(over).getUint32(0, true) !== index || body[5] === RTPROT_KERNEL) return [];
  const header = body.slice(0, ROUTE_SIZE);
  // rtm_flags are the kernel's to set.
  header.fill(0, 8);
  const kept = [RTA_DST, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_TABLE].flatMap((type) => {
    const data = attributes.get(type);
    return data === undefined ? [] : [attribute(type, data.slice())];
  });
  return [[header, ...kept]];
}

function explain(name: string, where: string, error: unknown): unknown {
  if (!(error instanceof SyscallError)) return error;
  return new RuntimeError({
    what: `move network device ${JSON.stringify(name)}`,
    problem: `${error.code}: the kernel refused it, want a device that may leave its namespace (not lo), and CAP_NET_ADMIN in both`,
    where,
    step: "net-devices",
    call: error.call,
    errno: error.code,
  });
}
