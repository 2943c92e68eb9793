/** The chunk of what managers do with a running container: pause, resume, ps, update. */
export { runUpdate } from "./cli/update-run.ts";
export { pause, resume } from "./lifecycle/pause.ts";
export { processes, processTable } from "./lifecycle/ps.ts";
