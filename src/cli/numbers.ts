/** The one strict parser of numbers from the command line (user.5, ts.6). */
import { RuntimeError } from "../shared/error.ts";

/** Decimal digits only, within the bounds. */
export function parseNumber(text: string, least: number, most: number, where: string): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw new RuntimeError({
    what: "read command line",
    problem: `found ${JSON.stringify(text)}, want a whole number from ${least} to ${most}`,
    where,
  });
}
