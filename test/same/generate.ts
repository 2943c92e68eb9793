/** Configs put together from options: the same ones on each run, each option in at least one that every peer which knows it can run. */
import { seeded } from "../../schemas/mutate.ts";
import type { SameConfig } from "./configs.ts";
import { OPTIONS, type Option } from "./options.ts";
import type { PeerName } from "./peers.ts";

/** How many options a config has besides those that are there for the first time. */
const MORE = 3;

const PEERS: readonly PeerName[] = ["runc", "crun"];

const peersOf = (option: Option): readonly PeerName[] => option.peers ?? PEERS;

function fits(chosen: readonly Option[], option: Option): boolean {
  return !chosen.some((other) => other.parts.some((part) => option.parts.includes(part)));
}

/** Lists of options for one set of peers. Each list takes first what no list has yet, then others at random. */
function lists(options: readonly Option[], fillers: readonly Option[], random: (bound: number) => number): Option[][] {
  const waiting = [...options];
  const found: Option[][] = [];
  while (waiting.length > 0) {
    const chosen: Option[] = [];
    for (let turn = 0; turn < MORE && waiting.length > 0; turn++) {
      const at = random(waiting.length);
      const option = waiting[at];
      if (option === undefined || !fits(chosen, option)) continue;
      chosen.push(option);
      waiting.splice(at, 1);
    }
    for (let turn = 0; turn < MORE; turn++) {
      const option = fillers[random(fillers.length)];
      if (option !== undefined && fits(chosen, option)) chosen.push(option);
    }
    found.push(chosen);
  }
  return found;
}

function configOf(options: readonly Option[], index: number): SameConfig {
  const peers = PEERS.filter((peer) => options.every((option) => peersOf(option).includes(peer)));
  return {
    name: `generated ${String(index + 1).padStart(2, "0")}`,
    options: options.map((option) => option.name),
    peers,
    terminal: options.some((option) => option.terminal === true),
    change: (config, surroundings) => {
      for (const option of options) option.change(config, surroundings);
    },
  };
}

const together = OPTIONS.filter((option) => option.alone !== true);
const alone = OPTIONS.filter((option) => option.alone === true);
const everyone = together.filter((option) => option.peers === undefined);
const random = seeded(20_261_121);

export const GENERATED: readonly SameConfig[] = [
  ...lists(everyone, everyone, random),
  ...PEERS.flatMap((peer) =>
    lists(
      together.filter((option) => option.peers?.[0] === peer),
      everyone,
      random,
    ),
  ),
  ...alone.map((option) => [option]),
].map(configOf);
