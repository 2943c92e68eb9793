/** The kubelet's end of the CRI: a few calls of runtime.v1.RuntimeService, over gRPC on HTTP/2, without a library. */

import { rmSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Containerd } from "./containerd.ts";
import { IMAGE } from "./image.ts";
import { type Runtime, Seat } from "./scenario.ts";
import { cgroupsOf } from "./sweep.ts";

/** A protobuf message: numbers as the schema gives them, with text, a number or a message. Fields may repeat. */
type Message = readonly (readonly [number: number, value: string | number | Message])[];
type Decoded = readonly (readonly [number: number, value: number | Buffer])[];

/** k8s.io/cri-api runtime.v1 NamespaceMode. */
const POD = 0;
const NODE = 2;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function encode(message: Message): Buffer {
  const parts = message.map(([number, value]) => {
    if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
    const content = typeof value === "string" ? Buffer.from(value) : encode(value);
    return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
  });
  return Buffer.concat(parts);
}

function decode(content: Buffer): Decoded {
  const found: (readonly [number, number | Buffer])[] = [];
  let at = 0;
  const next = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = content[at++] ?? 0;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < content.length) {
    const key = next();
    if (key % 8 === 0) found.push([Math.floor(key / 8), next()]);
    else {
      const length = next();
      found.push([Math.floor(key / 8), content.subarray(at, at + length)]);
      at += length;
    }
  }
  return found;
}

const field = (message: Decoded, number: number): number | Buffer | undefined =>
  message.find(([one]) => one === number)?.[1];
const text = (message: Decoded, number: number): string => String(field(message, number) ?? "");
const amount = (message: Decoded, number: number): number => Number(field(message, number) ?? 0);
const inner = (message: Decoded, number: number): Decoded => {
  const value = field(message, number);
  return decode(value instanceof Buffer ? value : Buffer.alloc(0));
};

/** One call. @throws Error with the status and text that the server gives. */
function call(address: string, method: string, message: Message): Promise<Decoded> {
  const client = http2.connect("http://localhost", { createConnection: () => net.connect(address) });
  return new Promise<Decoded>((resolve, reject) => {
    const body = encode(message);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(body.length, 1);
    const stream = client.request({
      ":method": "POST",
      ":path": `/runtime.v1.${method.startsWith("Image") ? "Image" : "Runtime"}Service/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const received: Buffer[] = [];
    let end: Record<string, unknown> = {};
    // A failure comes in the first headers, a success in the last.
    stream.on("response", (headers) => {
      end = { ...end, ...headers };
    });
    stream.on("trailers", (headers) => {
      end = { ...end, ...headers };
    });
    stream.on("data", (data: Buffer) => received.push(data));
    stream.on("error", reject);
    client.on("error", reject);
    stream.on("end", () => {
      if (String(end["grpc-status"]) === "0") resolve(decode(Buffer.concat(received).subarray(5)));
      else reject(new Error(`${method}: ${decodeURIComponent(String(end["grpc-message"]))}`));
    });
    stream.end(Buffer.concat([prefix, body]));
  }).finally(() => client.close());
}

/** A pod that is up. */
export interface Sandbox {
  id: string;
  config: Message;
}

/** What a container's status says: state 1 is running, 2 exited (cri-api ContainerState). */
export interface Status {
  state: number;
  exitCode: number;
  reason: string;
}

/** The kubelet with one RuntimeClass handler. */
export class CriSeat extends Seat {
  readonly #containerd: Containerd;

  constructor(runtime: Runtime, containerd: Containerd) {
    super(runtime, containerd.folder, containerd.mark);
    this.#containerd = containerd;
  }

  call(method: string, message: Message): Promise<Decoded> {
    return call(this.#containerd.address, method, message);
  }

  /** Whether the plugin knows an image: it learns of one that ctr imported by an event, a moment later. */
  async hasImage(name: string): Promise<boolean> {
    return field(await this.call("ImageStatus", [[1, [[1, name]]]]), 1) !== undefined;
  }

  /** Runs a pod in the host's network, so that no CNI plugin is asked. */
  async sandbox(): Promise<Sandbox> {
    const name = this.id();
    const security: Message = [
      [
        1,
        [
          [1, NODE],
          [2, POD],
          [3, POD],
        ],
      ],
    ];
    const linux: Message = [
      [1, `/${this.mark}`],
      [2, security],
    ];
    const config: Message = [
      [
        1,
        [
          [1, name],
          [2, name],
          [3, "default"],
        ],
      ],
      [3, join(this.folder, "logs")],
      [8, linux],
    ];
    const answer = await this.call("RunPodSandbox", [
      [1, config],
      [2, this.runtime.name],
    ]);
    return { id: text(answer, 1), config };
  }

  /** Creates and starts a container; its log file is `logs/NAME.log` in this seat's folder. Returns its id and name. */
  async container(pod: Sandbox, words: readonly string[], linux: Message = []): Promise<{ id: string; log: string }> {
    const name = this.id();
    const command = words.map((word) => [3, word] as const);
    const config: Message = [[1, [[1, name]]], [2, [[1, IMAGE]]], ...command, [11, `${name}.log`], [15, linux]];
    const id = text(
      await this.call("CreateContainer", [
        [1, pod.id],
        [2, config],
        [3, pod.config],
      ]),
      1,
    );
    await this.call("StartContainer", [[1, id]]);
    return { id, log: join(this.folder, "logs", `${name}.log`) };
  }

  async status(id: string): Promise<Status> {
    const found = inner(await this.call("ContainerStatus", [[1, id]]), 1);
    return { state: amount(found, 3), exitCode: amount(found, 7), reason: text(found, 10) };
  }

  /**
   * Stops or removes a pod as the kubelet does: again, when it failed. containerd 1.6 says `ttrpc: closed` now and then, in one of some ten runs of
   * all tests: a shim ends with its last container, and with it a call that is under way. Its end may take seconds.
   */
  async #untilDone(method: "StopPodSandbox" | "RemovePodSandbox", id: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.call(method, [[1, id]]);
        return;
      } catch (error) {
        if (tries === 20 || !String(error).includes("ttrpc: closed")) throw error;
        await sleep(500);
      }
    }
  }

  /** ExecSync, what a probe does. */
  async exec(id: string, words: readonly string[]): Promise<{ stdout: string; stderr: string; exitCode: number }> {
    const answer = await this.call("ExecSync", [[1, id], ...words.map((word) => [2, word] as const), [3, 10]]);
    return { stdout: text(answer, 1), stderr: text(answer, 2), exitCode: amount(answer, 3) };
  }

  async clear(): Promise<string[]> {
    const pods = async () =>
      (await this.call("ListPodSandbox", []))
        .map(([, value]) => decode(value instanceof Buffer ? value : Buffer.alloc(0)))
        .filter((pod) => text(inner(pod, 2), 1).startsWith(`${this.mark}-`))
        .map((pod) => text(pod, 1));
    for (const id of await pods()) {
      await this.#untilDone("StopPodSandbox", id);
      await this.#untilDone("RemovePodSandbox", id);
    }
    rmSync(join(this.folder, "logs"), { recursive: true, force: true });
    const cgroups = cgroupsOf(`/${this.mark}/`).map((path) => `cgroup ${path}`);
    return [...(await pods()).map((id) => `pod ${id}`), ...cgroups];
  }
}
