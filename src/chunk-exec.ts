/** The chunk of exec. */
export { exec } from "./lifecycle/exec.ts";
