/**
 * The Node host: library, debugger and test bed. Not hardened: Node's other threads keep full privileges until execve.
 * System calls go through ffi-rs to `tsr_raw` in our addon, which returns -errno itself, so that no errno can be lost in between.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host, Word } from "./host.ts";

interface Addon {
  addressOf(memory: Uint8Array): number;
  clone(args: Uint8Array, calls: Uint8Array, slots: Uint8Array, report: number): number;
}

/** Path of the addon: beside the packed program, or in the build folder of a checkout. */
export function addonPath(): string {
  return join(dirname(fileURLToPath(import.meta.url)), "addon.node");
}

/**
 * Opens ffi-rs and the addon.
 *
 * @param path the addon, where it does not stand beside the program (tests).
 * @throws Error when either is missing: run `npm run build`.
 */
export function nodeHost(path = addonPath()): Host {
  const require = createRequire(import.meta.url);
  const ffi = require("ffi-rs") as typeof import("ffi-rs");
  const addon = require(path) as Addon;
  ffi.open({ library: "tsrunc", path });
  const { I64, BigInt: Big, String: Text, U8Array } = ffi.DataType;

  return {
    syscall(number: number, ...args: (Word | undefined)[]): number {
      const paramsType: number[] = [I64];
      const paramsValue: Word[] = [number];
      for (let index = 0; index < 6; index++) {
        const value = args[index] ?? 0;
        // A wrong type is a Rust panic, which no JavaScript can catch: every type is checked here.
        if (typeof value === "number") paramsType.push(I64);
        else if (typeof value === "bigint") paramsType.push(Big);
        else if (typeof value === "string") {
          if (value.includes("\0")) throw new TypeError(`string argument ${index + 1} holds NUL`);
          paramsType.push(Text);
        } else if (value instanceof Uint8Array) paramsType.push(U8Array);
        else throw new TypeError(`argument ${index + 1} is neither integer, string nor memory`);
        // ffi-rs wants a Buffer view of an empty array too; its address is never read then.
        paramsValue.push(value);
      }
      return ffi.load({
        library: "tsrunc",
        funcName: "tsr_raw",
        retType: I64,
        paramsType: paramsType as never,
        paramsValue: paramsValue as never,
      }) as unknown as number;
    },
    addressOf: addon.addressOf,
    clone: addon.clone,
  };
}
