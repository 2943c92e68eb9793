/** A hook that notes what it sees, under one path that holds another program on the host than in the container. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { put } from "../../test/support/life.ts";
import { folder, type Sandbox, type TestConfig } from "../../test/support/sandbox.ts";

export const KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type Kind = (typeof KINDS)[number];
type Hooks = { [kind in Kind]?: object[] };

/** What one hook saw. */
export interface Seen {
  /** Its first argument. */
  word: string;
  /** Whether the program was the host's or the container's. */
  program: "host" | "container";
  /** Its mount namespace, as /proc/self/ns/mnt reads. */
  mnt: string;
  /** A file that only the host has: in its own root, and in that of the container's process (seen from the host). */
  hostInOwnRoot: boolean;
  hostInTheirRoot: boolean;
  /** The mount namespace of the container's process as the host sees it. */
  theirMnt: string;
  /** Whether the container's program had said that it runs. */
  programRan: boolean;
  env: string;
  state: { id: string; status: string; pid: number; bundle: string; ociVersion: string; annotations: object };
}

/** A hook's program, and what its calls have noted. */
export class HookProbe {
  readonly path: string;
  readonly failing: string;
  readonly #box: Sandbox;
  readonly #data: string;

  constructor(box: Sandbox) {
    this.#box = box;
    this.#data = folder(box.folder, "noted");
    this.path = put(join(box.folder, "hooks/note"), this.#script("host", this.#data), 0o755);
    this.failing = put(join(box.folder, "hooks/fail"), "#!/bin/sh\nexit 3\n", 0o755);
    put(join(box.folder, "host-marker"), "");
    put(join(this.#data, "log"), "");
  }

  #script(program: string, data: string): string {
    return `#!/bin/sh
IFS= read -r env < /proc/self/environ
state=$(cat)
pid=$(echo "$state" | sed 's/.*"pid": *\\([0-9]*\\).*/\\1/')
has() { test -e "$1" && echo true || echo false; }
echo "$1|${program}|$(readlink /proc/self/ns/mnt)|$(has ${this.#box.folder}/host-marker)|$(has /proc/$pid/root${this.#box.folder}/host-marker)|$(readlink /proc/$pid/ns/mnt)|$(has ${data}/ran)|$env|$state" >> ${data}/log
`;
  }

  /** A bundle with hooks, whose program says that it runs and waits. */
  bundle(hooks: Hooks, change: (config: TestConfig) => void = () => undefined): string {
    const script = "echo > /noted/ran; exec sleep 1000";
    const bundle = this.#box.bundle(["sh", "-c", script], (config) => {
      config.hooks = hooks as never;
      config.mounts.push({ destination: "/noted", source: this.#data, options: ["bind"] });
      change(config);
    });
    put(join(bundle, "rootfs", this.path), this.#script("container", "/noted"), 0o755);
    put(join(bundle, "rootfs", this.failing), "#!/bin/sh\nexit 3\n", 0o755);
    return bundle;
  }

  /** A hook that notes, with a word to know it by. */
  note(word: string, more: object = {}): object {
    return { path: this.path, args: ["note", word], ...more };
  }

  /** One that notes for each kind. */
  all(): Hooks {
    return Object.fromEntries(KINDS.map((kind) => [kind, [this.note(kind)]]));
  }

  seen(): Seen[] {
    const lines = readFileSync(join(this.#data, "log"), "utf8").split("\n");
    return lines.filter((line) => line !== "").map(seenIn);
  }

  words(): string[] {
    return this.seen().map(({ word }) => word);
  }

  /** Whether the container's program has run. */
  ran(): boolean {
    return existsSync(join(this.#data, "ran"));
  }
}

function seenIn(line: string): Seen {
  const [word = "", program = "", mnt = "", own = "", theirs = "", theirMnt = "", ran = "", env = "", state = ""] =
    line.split("|");
  return {
    word,
    program: program as Seen["program"],
    mnt,
    hostInOwnRoot: own === "true",
    hostInTheirRoot: theirs === "true",
    theirMnt,
    programRan: ran === "true",
    env,
    state: JSON.parse(state) as Seen["state"],
  };
}
