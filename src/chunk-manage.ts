/** The chunk of what managers do with a running container: pause, resume. */
export { pause, resume } from "./lifecycle/pause.ts";
