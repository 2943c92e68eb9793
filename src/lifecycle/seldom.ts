/** Small things that few commands need, which are loaded for them: privileged containers, labels, parameters of joined namespaces, where exec's caller was wrong. */
export { asAsked } from "./exec-asked.ts";
export { refuseHostSysctls } from "./host-sysctls.ts";
export { sealForAdmin } from "./seal.ts";
export { checkLabels } from "./security-modules.ts";
