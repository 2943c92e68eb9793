/** The chunk of features: what is known, out of the tables that the code uses. */
export { features } from "./lifecycle/features.ts";
