/** Where a container is in resctrl (linux.intelRdt); part of state.json. */
export interface ResctrlRecord {
  mountPoint: string;
  /** Directory of the class of service below it; "": the root's own. */
  group: string;
  /** closID names it: it outlives the container. */
  shared: boolean;
  /** We made it. */
  made: boolean;
  /** The container's monitoring group in it; "": none. */
  monitor: string;
  monitorMade: boolean;
}

/** Whether a value of state.json is one. Names must stay below the mount point: they are removed later. */
export function isResctrlRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { mountPoint, group, shared, made, monitor, monitorMade } = value as Partial<ResctrlRecord>;
  return (
    typeof mountPoint === "string" &&
    mountPoint.startsWith("/") &&
    [group, monitor].every(
      (name) => typeof name === "string" && !name.includes("/") && name !== "." && name !== "..",
    ) &&
    [shared, made, monitorMade].every((flag) => typeof flag === "boolean")
  );
}
