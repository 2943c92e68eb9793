/** The chunk of what exec asks of a filter that it loads early: small, as with such a filter each exec loads it. */
export { preparesHidden } from "./lifecycle/exec-hidden.ts";
