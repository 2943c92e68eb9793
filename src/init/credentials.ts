/** Giving up what the process must not have, in the one order that works (user.1). */
import type { ProcessPlan } from "../config/plan-types.ts";
import type { Kernel } from "../kernel/call.ts";
import { EPERM, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS, SYS_setgroups } from "../kernel/constants.ts";
import {
  attemptSetGroups,
  getCapabilities,
  getGroups,
  limitBoundingSet,
  setAmbient,
  setCapabilities,
  setGid,
  setUid,
} from "../kernel/identity.ts";
import { prctl } from "../kernel/process.ts";
import { RuntimeError } from "../shared/error.ts";

/** no_new_privs; its failure is never only a warning (user.4). */
export function setNoNewPrivileges(kernel: Kernel, plan: ProcessPlan): void {
  if (plan.noNewPrivileges) prctl(kernel, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/** Bounding set first (it needs CAP_SETPCAP), then groups, gid, uid, then the sets that remain. */
export function dropPrivileges(kernel: Kernel, plan: ProcessPlan): void {
  const wanted = plan.capabilities;
  if (wanted !== null) {
    limitBoundingSet(kernel, BigInt(wanted.bounding));
    prctl(kernel, PR_SET_KEEPCAPS, 1, 0, 0, 0);
  }
  dropGroups(kernel, plan);
  setGid(kernel, plan.gid);
  setUid(kernel, plan.uid);
  if (wanted === null) return;
  prctl(kernel, PR_SET_KEEPCAPS, 0, 0, 0, 0);
  // What the runtime itself lacks it cannot grant; the kernel would refuse the whole call (user.3: fewer rights is the safe side).
  const { permitted: held, inheritable: inherited } = getCapabilities(kernel);
  const permitted = BigInt(wanted.permitted) & held;
  // Nothing may become inheritable that is not in the bounding set, nor, without CAP_SETPCAP, what is not permitted (capset(2)).
  const inheritable = BigInt(wanted.inheritable) & (inherited | (held & BigInt(wanted.bounding)));
  setCapabilities(kernel, { effective: BigInt(wanted.effective) & permitted, permitted, inheritable });
  setAmbient(kernel, BigInt(wanted.ambient) & permitted & inheritable);
}

/** Always called: an empty list drops the caller's groups. Denied is fine only when none are asked for and none are left (user.2). */
function dropGroups(kernel: Kernel, plan: ProcessPlan): void {
  const result = attemptSetGroups(kernel, plan.groups);
  if (result === 0) return;
  if (result === -EPERM && plan.groups.length === 0 && getGroups(kernel).length === 0) return;
  throw new RuntimeError({
    what: "set groups",
    problem: `found ${plan.groups.length} asked for where setgroups is denied, want none`,
    where: "config.json#/process/user/additionalGids",
    step: "credentials",
    call: kernel.failure(result, SYS_setgroups, plan.groups.length).call,
    errno: kernel.failure(result, SYS_setgroups).code,
  });
}
