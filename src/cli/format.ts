/** The flag --format of list and ps. */
import { RuntimeError } from "../shared/error.ts";

/** The format that is asked for. @throws RuntimeError for any other word. */
export function formatOf(value: string | undefined, what: string): "table" | "json" {
  if (value === undefined || value === "table") return "table";
  if (value === "json") return value;
  throw new RuntimeError({
    what,
    problem: `invalid format: found ${JSON.stringify(value)}, want table or json`,
    where: "--format",
  });
}
