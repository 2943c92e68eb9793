/** Types that the generated ones build on, and the names under which the rest of the program knows them. */
import type { Config, Process, Root } from "./generated/config.ts";

/** A 64-bit integer: a number while it is safe (|n| < 2^53), else a bigint. Both compare with `<` and `>`. */
export type Int64 = number | bigint;

/** A map whose keys the document chose: read it with `Object.entries` or `Object.keys` only (ts.1). */
export interface StringMap {
  [key: string]: string;
}

/** A config that passed `loadConfig`: what the rules demand is there. */
export type LoadedConfig = Config & {
  readonly process: Process & { readonly args: string[] };
  readonly root: Root;
};

/** What an ajv validator reports of its first failure. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: {
    readonly type?: string | readonly string[];
    readonly missingProperty?: string;
    readonly allowedValues?: readonly unknown[];
    readonly limit?: number;
    readonly comparison?: string;
    readonly pattern?: string;
  };
}

/** Integer fields by name (`*` = each element): `u` unsigned 64 bits, `s` signed 64 bits, `i` narrower. */
export interface IntegerTree {
  readonly [key: string]: IntegerTree | "u" | "s" | "i";
}

/** A generated validator (validate-config.js …): true, or false with its first failure in `errors`. */
export interface SchemaValidator {
  (document: unknown): boolean;
  errors?: readonly SchemaError[] | null;
  readonly integers?: IntegerTree;
}

/** The generated `validate` of validate-config.js; passed in, because it lives in a bytecode chunk of its own. */
export type ConfigValidator = SchemaValidator;

export type * from "./generated/config.ts";
