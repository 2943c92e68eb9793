/** The grammar of container ids (state.5). */
import { RuntimeError } from "../shared/error.ts";

/**
 * Checks an id: 1 to 255 of letters, digits, `_`, `+`, `.` and `-`, and not `.` or `..`. It is one path component wherever it is used.
 *
 * @throws RuntimeError with the text that runc's callers know.
 */
export function checkId(id: string): string {
  if (id.length === 0 || id.length > 255 || !/^[A-Za-z0-9_+.-]+$/.test(id) || id === "." || id === "..") {
    throw new RuntimeError({
      what: "read container id",
      problem: `invalid container ID format: found ${JSON.stringify(id.slice(0, 80))}, want 1 to 255 of A-Z a-z 0-9 _ + . -`,
      where: "the argument <container-id>",
    });
  }
  return id;
}
