/** Rules for the cgroup: its path and the limits. */
import { pointerKey, type Rule, refuse, show, wantOneLine, wantRange } from "./rules-report.ts";
import type { BlockIo, BlockIoThrottle, BlockIoWeight, Config, Cpu, Memory, Resources } from "./types.ts";

export const RESOURCE_RULES: readonly Rule[] = [
  {
    id: "cgroups-path",
    level: "MUST",
    anchor: "config-linux.md#cgroups-path; SECURITY.md input.2",
    check: ({ linux }) => wantOneLine("/linux/cgroupsPath", linux?.cgroupsPath ?? ""),
  },
  {
    id: "resources",
    level: "MUST",
    anchor: "config-linux.md#control-groups",
    check: ({ linux }: Config) => {
      if (linux?.resources !== undefined) checkResources(linux.resources, "/linux/resources");
    },
  },
];

/**
 * Checks limits; `pointer` is where they stand in their document.
 *
 * @param partial those of `update`: what is not said stays as it is.
 */
export function checkResources(resources: Resources, pointer: string, partial = false): void {
  checkDeviceRules(resources, pointer);
  checkMemory(resources.memory ?? {}, `${pointer}/memory`, partial);
  checkCpu(resources.cpu ?? {}, `${pointer}/cpu`);
  const tasks = resources.pids?.limit;
  if (tasks !== undefined && tasks < -1) refuse(`${pointer}/pids/limit`, String(tasks), "at least -1 (= unlimited)");
  for (const name of Object.keys(resources.unified ?? {})) {
    // It becomes the name of a file in the cgroup (cgroup.1).
    if (!/^[a-z0-9_]{1,64}(?:\.[A-Za-z0-9_]{1,64}){1,4}$/.test(name)) {
      refuse(`${pointer}/unified/${pointerKey(name)}`, show(name), "the name of a cgroup file such as memory.high");
    }
  }
  checkBlockIo(resources.blockIO ?? {}, `${pointer}/blockIO`);
  checkNames(resources, pointer);
}

/** Largest number in a device rule; beyond it nothing can match. */
const MAX_U32 = 0xffffffff;

function checkDeviceRules({ devices }: Resources, pointer: string): void {
  devices?.forEach(({ type = "", access, major, minor }, index) => {
    const at = `${pointer}/devices/${index}`;
    if (type !== "" && type !== "a" && type !== "b" && type !== "c") refuse(`${at}/type`, show(type), "a, b or c");
    // An absent access could mean all or nothing; runc refuses it too.
    if (access === undefined || !/^[rwm]{1,3}$/.test(access)) {
      const found = access === undefined ? 'missing "access"' : show(access);
      refuse(`${at}/access`, found, "letters of rwm");
    }
    wantRange(`${at}/major`, major, -1, MAX_U32);
    wantRange(`${at}/minor`, minor, -1, MAX_U32);
  });
}

function checkMemory(memory: Memory, pointer: string, partial: boolean): void {
  for (const name of ["limit", "reservation", "swap", "kernel", "kernelTCP"] as const) {
    const value = memory[name];
    if (value !== undefined && value < -1) refuse(`${pointer}/${name}`, String(value), "bytes, or -1 (= unlimited)");
  }
  wantRange(`${pointer}/swappiness`, memory.swappiness, 0, 100);
  const { limit = 0, swap = 0, reservation = 0 } = memory;
  if (swap > 0) {
    // swap is memory plus swap: without a limit there is nothing to take off it.
    if (limit <= 0 && !partial)
      refuse(`${pointer}/swap`, `${swap} without a memory limit`, "memory.limit to be given too");
    if (swap < limit) refuse(`${pointer}/swap`, String(swap), `at least memory.limit = ${limit} (it counts both)`);
  }
  if (limit > 0 && reservation > limit) {
    refuse(`${pointer}/reservation`, String(reservation), `at most memory.limit = ${limit}`);
  }
}

/** Ranges of kernel/sched: 1 ms to 1 s for a period, at least 1 ms for a quota; 0 asks for nothing. */
function checkCpu(cpu: Cpu, pointer: string): void {
  const { shares = 0, quota = 0, period = 0, burst = 0, realtimePeriod = 0, realtimeRuntime = 0, idle } = cpu;
  if (shares > 0) wantRange(`${pointer}/shares`, shares, 2, 262_144);
  if (period > 0) wantRange(`${pointer}/period`, period, 1000, 1_000_000);
  if (quota < -1 || (quota > 0 && quota < 1000)) {
    refuse(`${pointer}/quota`, String(quota), "at least 1000 microseconds, or -1 (= unlimited)");
  }
  if (burst > 0 && quota > 0 && burst > quota)
    refuse(`${pointer}/burst`, String(burst), `at most cpu.quota = ${quota}`);
  if (realtimeRuntime < -1) refuse(`${pointer}/realtimeRuntime`, String(realtimeRuntime), "at least -1");
  if (realtimePeriod > 0 && realtimeRuntime > 0 && realtimeRuntime > realtimePeriod) {
    refuse(`${pointer}/realtimeRuntime`, String(realtimeRuntime), `at most cpu.realtimePeriod = ${realtimePeriod}`);
  }
  wantRange(`${pointer}/idle`, idle, 0, 1);
  // An idle group's weight is fixed: the kernel refuses a second word about it.
  if (Number(idle ?? 0) === 1 && shares > 0)
    refuse(`${pointer}/shares`, `${shares} with cpu.idle = 1`, "only one of the two");
  wantList(`${pointer}/cpus`, cpu.cpus);
  wantList(`${pointer}/mems`, cpu.mems);
}

/** The kernel's list format (cpuset(7)): 0-3,7 and also 0-31:2/8. */
function wantList(pointer: string, list: string | undefined): void {
  if (list === undefined || /^[0-9,:/ -]*$/.test(list)) return;
  refuse(pointer, show(list), "a list such as 0-3,7");
}

/** A dev_t has 12 bits for the major and 20 for the minor number (include/linux/kdev_t.h). */
const MAX_MAJOR = 4095;
const MAX_MINOR = 1_048_575;

function checkBlockIo(blockIO: BlockIo, pointer: string): void {
  const wantWeight = (at: string, weight: number | undefined): void => {
    if (weight !== undefined && weight !== 0) wantRange(at, weight, 10, 1000);
  };
  const wantDevice = (at: string, { major, minor }: BlockIoThrottle | BlockIoWeight): void => {
    wantRange(`${at}/major`, major, 0, MAX_MAJOR);
    wantRange(`${at}/minor`, minor, 0, MAX_MINOR);
  };
  wantWeight(`${pointer}/weight`, blockIO.weight);
  wantWeight(`${pointer}/leafWeight`, blockIO.leafWeight);
  blockIO.weightDevice?.forEach((device, index) => {
    const at = `${pointer}/weightDevice/${index}`;
    wantDevice(at, device);
    wantWeight(`${at}/weight`, device.weight);
    wantWeight(`${at}/leafWeight`, device.leafWeight);
  });
  for (const list of [
    "throttleReadBpsDevice",
    "throttleWriteBpsDevice",
    "throttleReadIOPSDevice",
    "throttleWriteIOPSDevice",
  ] as const) {
    blockIO[list]?.forEach((device, index) => {
      wantDevice(`${pointer}/${list}/${index}`, device);
    });
  }
}

/** Names become the first word of a line that the kernel reads. */
function checkNames({ network, rdma }: Resources, pointer: string): void {
  network?.priorities?.forEach(({ name }, index) => {
    if (name === "" || /[\s/:]/.test(name))
      refuse(`${pointer}/network/priorities/${index}/name`, show(name), "the name of an interface");
  });
  for (const name of Object.keys(rdma ?? {})) {
    if (name === "" || /[\s/]/.test(name))
      refuse(`${pointer}/rdma/${pointerKey(name)}`, show(name), "the name of an RDMA device such as mlx5_1");
  }
}
