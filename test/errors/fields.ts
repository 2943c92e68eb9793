/**
 * What type each field of config.json has, by hand and apart from schemas/: what runtime-spec 1.3 says. bad-values.test.ts makes wrong values of it.
 *
 * A line is `holder: name type, name type …`; `!` = must be given; `*` = each element of a list or each key of a map; `{a,b}` = both.
 */

/** Words for types. A `name` is a string of which only some are allowed. The integer ones are ranges. `id` is uint32 without the last, which setresuid(2) takes for "unchanged". */
export type TypeName =
  | "string"
  | "name"
  | "boolean"
  | "object"
  | "array"
  | "integer"
  | "id"
  | "uint16"
  | "uint32"
  | "uint64"
  | "int32"
  | "int64";

const LINES = `
/: ociVersion! string, root object, process object, hostname string, domainname string, mounts array, hooks object, annotations object, linux object
/annotations: * string
/root: path! string, readonly boolean
/mounts: * object
/mounts/*: destination! string, type string, source string, options array, uidMappings array, gidMappings array
/mounts/*/options: * string
/mounts/*/{uidMappings,gidMappings}: * object
/mounts/*/{uidMappings,gidMappings}/*: containerID! uint32, hostID! uint32, size! uint32
/process: terminal boolean, consoleSize object, cwd! string, env array, args array, user object, capabilities object, rlimits array
/process: noNewPrivileges boolean, apparmorProfile string, selinuxLabel string, oomScoreAdj integer, scheduler object, ioPriority object
/process: execCPUAffinity object
/process/consoleSize: height! uint64, width! uint64
/process/{env,args}: * string
/process/user: uid id, gid id, umask uint32, additionalGids array
/process/user/additionalGids: * id
/process/capabilities: bounding array, effective array, inheritable array, permitted array, ambient array
/process/capabilities/{bounding,effective,inheritable,permitted,ambient}: * string
/process/rlimits: * object
/process/rlimits/*: type! name, soft! uint64, hard! uint64
/process/scheduler: policy! name, nice int32, priority int32, flags array, runtime uint64, deadline uint64, period uint64
/process/scheduler/flags: * name
/process/ioPriority: class! name, priority int32
/process/execCPUAffinity: initial name, final name
/hooks: prestart array, createRuntime array, createContainer array, startContainer array, poststart array, poststop array
/hooks/{prestart,createRuntime,createContainer,startContainer,poststart,poststop}: * object
/hooks/{prestart,createRuntime,createContainer,startContainer,poststart,poststop}/*: path! string, args array, env array, timeout integer
/hooks/{prestart,createRuntime,createContainer,startContainer,poststart,poststop}/*/{args,env}: * string
/linux: namespaces array, uidMappings array, gidMappings array, timeOffsets object, devices array, netDevices object
/linux: cgroupsPath string, resources object, rootfsPropagation name, seccomp object, sysctl object, maskedPaths array
/linux: readonlyPaths array, mountLabel string, intelRdt object, memoryPolicy object, personality object
/linux/namespaces: * object
/linux/namespaces/*: type! name, path string
/linux/{uidMappings,gidMappings}: * object
/linux/{uidMappings,gidMappings}/*: containerID! uint32, hostID! uint32, size! uint32
/linux/timeOffsets: monotonic object, boottime object
/linux/timeOffsets/{monotonic,boottime}: secs int64, nanosecs uint32
/linux/devices: * object
/linux/devices/*: type! name, path! string, major int64, minor int64, fileMode uint32, uid id, gid id
/linux/netDevices: * object
/linux/netDevices/*: name string
/linux/{sysctl,maskedPaths,readonlyPaths}: * string
/linux/resources: unified object, devices array, memory object, cpu object, pids object, blockIO object, hugepageLimits array
/linux/resources: network object, rdma object
/linux/resources/unified: * string
/linux/resources/devices: * object
/linux/resources/devices/*: allow! boolean, type string, major int64, minor int64, access string
/linux/resources/memory: limit int64, reservation int64, swap int64, kernel int64, kernelTCP int64, swappiness uint64
/linux/resources/memory: disableOOMKiller boolean, useHierarchy boolean, checkBeforeUpdate boolean
/linux/resources/cpu: shares uint64, quota int64, burst uint64, period uint64, realtimeRuntime int64, realtimePeriod uint64
/linux/resources/cpu: cpus string, mems string, idle int64
/linux/resources/pids: limit! int64
/linux/resources/blockIO: weight uint16, leafWeight uint16, weightDevice array
/linux/resources/blockIO: throttleReadBpsDevice array, throttleWriteBpsDevice array, throttleReadIOPSDevice array, throttleWriteIOPSDevice array
/linux/resources/blockIO/weightDevice: * object
/linux/resources/blockIO/weightDevice/*: major! int64, minor! int64, weight uint16, leafWeight uint16
/linux/resources/blockIO/throttle{Read,Write}{Bps,IOPS}Device: * object
/linux/resources/blockIO/throttle{Read,Write}{Bps,IOPS}Device/*: major! int64, minor! int64, rate uint64
/linux/resources/hugepageLimits: * object
/linux/resources/hugepageLimits/*: pageSize! name, limit! uint64
/linux/resources/network: classID uint32, priorities array
/linux/resources/network/priorities: * object
/linux/resources/network/priorities/*: name! string, priority! uint32
/linux/resources/rdma: * object
/linux/resources/rdma/*: hcaHandles uint32, hcaObjects uint32
/linux/seccomp: defaultAction! name, defaultErrnoRet uint32, architectures array, flags array, listenerPath string
/linux/seccomp: listenerMetadata string, syscalls array
/linux/seccomp/{architectures,flags}: * name
/linux/seccomp/syscalls: * object
/linux/seccomp/syscalls/*: names! array, action! name, errnoRet uint32, args array
/linux/seccomp/syscalls/*/names: * string
/linux/seccomp/syscalls/*/args: * object
/linux/seccomp/syscalls/*/args/*: index! uint32, value! uint64, valueTwo uint64, op! name
/linux/intelRdt: closID string, schemata array, l3CacheSchema string, memBwSchema name, enableMonitoring boolean
/linux/intelRdt/schemata: * string
/linux/memoryPolicy: mode name, nodes string, flags array
/linux/memoryPolicy/flags: * name
/linux/personality: domain name, flags array
/linux/personality/flags: * string
`;

/** One field: its pointer with `*`. */
export interface Field {
  pointer: string;
  type: TypeName;
  required: boolean;
}

/** `a{b,c}d` → `abd`, `acd`; of several pairs each with each. */
function alternatives(text: string): string[] {
  const [, before = "", list = "", after = ""] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(text) ?? [];
  if (list === "") return [text];
  return list.split(",").flatMap((word) => alternatives(before + word + after));
}

/** All fields, in the order of the lines. */
export const FIELDS: readonly Field[] = LINES.trim()
  .split("\n")
  .flatMap((line) => {
    const [holders = "", members = ""] = line.split(": ");
    return alternatives(holders).flatMap((holder) =>
      members.split(", ").map((member): Field => {
        const [name = "", type = ""] = member.split(" ");
        const pointer = `${holder === "/" ? "" : holder}/${name.replace("!", "")}`;
        return { pointer, type: type as TypeName, required: name.endsWith("!") };
      }),
    );
  });
