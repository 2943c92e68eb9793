/** What `npm run docs` writes: file and text. */
import { COMPAT, document } from "./compat.ts";
import { MAN_FOLDER, pages } from "./man.ts";

/** All documents that come from the commands' data. */
export function documents(): Map<string, string> {
  const result = new Map([[COMPAT, document()]]);
  for (const [name, text] of pages()) result.set(`${MAN_FOLDER}/${name}`, text);
  return result;
}
