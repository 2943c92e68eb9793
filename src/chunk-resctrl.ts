/** The chunk of Intel RDT, which few containers use. */
export * as resctrl from "./cgroup/resctrl.ts";
