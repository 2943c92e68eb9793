/** Lists of CPUs and memory nodes in the kernel's form (cpuset(7), "List format"). */

/** Highest number that is taken: MAX_NUMNODES of the largest kernels. */
export const MAX_NODE = 1023;
/** CONFIG_NR_CPUS of the largest kernels, less one. */
export const MAX_CPU = 8191;

/** `0-3,7` → the numbers, each once. Its form has been checked by a rule; numbers above MAX_CPU are left out. */
export function parseList(text: string): number[] {
  const numbers = new Set<number>();
  for (const part of text.split(",").filter((entry) => entry.trim() !== "")) {
    const [first = 0, last = first] = part.split("-").map(Number);
    for (let number = first; number <= Math.min(last, MAX_CPU); number++) numbers.add(number);
  }
  return [...numbers];
}
