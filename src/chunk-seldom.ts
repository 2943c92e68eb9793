/** The chunk of what few commands need. */
export * as seldom from "./lifecycle/seldom.ts";
