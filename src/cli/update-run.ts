/** update: from flags, or a JSON document, to limits. */
import { loadUpdate } from "../config/load.ts";
import { AT_CWD, type Fd, SyscallError } from "../kernel/call.ts";
import { O_RDONLY } from "../kernel/constants.ts";
import { close, openAt, readAll } from "../kernel/file.ts";
import type { Runtime } from "../lifecycle/runtime.ts";
import { update } from "../lifecycle/update.ts";
import { RuntimeError } from "../shared/error.ts";
import { decode } from "../shared/text.ts";
import type { Call, Context } from "./command.ts";
import { LIMITS, SCHEMATA } from "./update.ts";

/** Largest --resources, bytes (input.1). */
const MAX_RESOURCES = 16 << 20;

/** Does it. @throws RuntimeError that points at the flag, or into the document. */
export function runUpdate({ runtime, call }: Context): void {
  const file = call.value("resources") ?? "";
  const text = file === "" ? limitsText(call) : readResources(runtime, file);
  const rdt: Record<string, string> = {};
  for (const { name, field } of SCHEMATA) {
    const value = call.value(name) ?? "";
    if (value !== "") rdt[field] = value;
  }
  const whereOf = (pointer: string) => whereIs(pointer, file !== "");
  const name = file === "" ? "command line" : "--resources";
  try {
    update(runtime, call.args[0] ?? "", loadUpdate(text, rdt, runtime.chunks.validateConfig(), name, whereOf));
  } catch (error) {
    throw inUsersWords(error, whereOf);
  }
}

/** `/resources/cpu/shares` → `--cpu-share`, or `--resources#/cpu/shares`. */
function whereIs(pointer: string, document: boolean): string {
  const [, part, ...rest] = pointer.split("/");
  const field = rest.join("/");
  if (part === "intelRdt") return `--${SCHEMATA.find((flag) => flag.field === field)?.name ?? field}`;
  if (document) return `--resources#/${field}`;
  return `--${LIMITS.find((flag) => flag.field === field)?.name ?? field}`;
}

/** An error that was worded for a config points at what the user wrote. */
function inUsersWords(error: unknown, whereOf: (pointer: string) => string): unknown {
  const at = "config.json#/linux";
  if (!(error instanceof RuntimeError) || error.parts.where?.startsWith(at) !== true) return error;
  return new RuntimeError({ ...error.parts, where: whereOf(error.parts.where.slice(at.length)) });
}

/** The flags as the text of a LinuxResources: numbers stay as they were written, so none is rounded. */
function limitsText(call: Call): string {
  const parts = new Map<string, string[]>();
  for (const { name, field, kind } of LIMITS) {
    const given = call.value(name) ?? "";
    if (given === "") continue;
    const [part = "", key = ""] = field.split("/");
    const value =
      kind === "text" ? JSON.stringify(given) : kind === "bytes" ? bytesOf(given, name) : numberOf(given, name);
    parts.set(part, [...(parts.get(part) ?? []), `"${key}":${value}`]);
  }
  return `{${[...parts].map(([part, fields]) => `"${part}":{${fields.join(",")}}`).join(",")}}`;
}

function wrong(name: string, found: string, want: string): RuntimeError {
  return new RuntimeError({
    what: "read command line",
    problem: `invalid value for ${name}: found ${JSON.stringify(found)}, want ${want}`,
    where: `--${name}`,
  });
}

/** A whole number of 64 bits, as text of JSON. */
function numberOf(text: string, name: string): string {
  if (/^-?[0-9]{1,19}$/.test(text)) return String(BigInt(text));
  throw wrong(name, text, "a whole number");
}

const UNITS = "kmgtp";

/** `512m`, `1.5GiB`, `-1`: Docker's units.RAMInBytes, powers of 1024. */
function bytesOf(text: string, name: string): string {
  if (text === "-1") return text;
  const match = /^([0-9]{1,19})(\.[0-9]{1,9})? ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) throw wrong(name, text, "bytes such as 512m or 1.5GiB, or -1");
  const [, whole = "0", fraction = "", unit = ""] = match;
  const factor = unit === "" ? 1n : 1024n ** BigInt(UNITS.indexOf(unit.toLowerCase()) + 1);
  return String(BigInt(whole) * factor + BigInt(Math.floor(Number(`0${fraction}`) * Number(factor))));
}

/** Reads --resources: a file, or stdin for `-`. */
function readResources({ kernel }: Runtime, path: string): string {
  try {
    const fd = path === "-" ? (0 as Fd) : openAt(kernel, AT_CWD, path, O_RDONLY);
    const bytes = readAll(kernel, fd, MAX_RESOURCES);
    if (path !== "-") close(kernel, fd);
    if (bytes !== undefined) return decode(bytes);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const parts = { step: "update", call: error.call, errno: error.code };
    throw new RuntimeError({
      what: "read --resources",
      problem: `${error.code}: want a file with JSON, or - for stdin`,
      where: `--resources ${path}`,
      ...parts,
    });
  }
  throw new RuntimeError({
    what: "read --resources",
    problem: `found more than ${MAX_RESOURCES} bytes, want fewer`,
    where: `--resources ${path}`,
  });
}
