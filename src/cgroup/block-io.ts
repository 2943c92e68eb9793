/** linux.resources.blockIO → writes; pure. runtime-spec config-linux.md#block-io, kernel cgroup-v1/blkio-controller, cgroup-v2 "IO". */
import type { BlockIo, BlockIoThrottle, BlockIoWeight, Int64 } from "../config/types.ts";
import { RuntimeError } from "../shared/error.ts";
import { isSet, unlessZero, type WriteList } from "./write-list.ts";

type Throttles = Pick<
  BlockIo,
  "throttleReadBpsDevice" | "throttleWriteBpsDevice" | "throttleReadIOPSDevice" | "throttleWriteIOPSDevice"
>;

/** Lists of rates: field, v1's file, v2's word in io.max. */
const THROTTLES: readonly [field: keyof Throttles, v1File: string, v2Key: string][] = [
  ["throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"],
  ["throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"],
  ["throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"],
  ["throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"],
];

/** v1: the blkio controller. Weights are BFQ's since CFQ, which had leaf weights too, went in Linux 5.0. */
export function addV1BlockIo(blockIO: BlockIo, list: WriteList): void {
  const { weight, leafWeight, weightDevice = [] } = blockIO;
  if (isSet(weight)) {
    const instead = { file: "blkio.bfq.weight", value: String(weight) };
    list.add("blkio", "blkio.weight", weight, "blockIO/weight", { instead });
  }
  list.add("blkio", "blkio.leaf_weight", unlessZero(leafWeight), "blockIO/leafWeight");
  weightDevice.forEach((device, index) => {
    const at = `blockIO/weightDevice/${index}`;
    if (isSet(device.weight)) {
      const value = `${deviceOf(device)} ${device.weight}`;
      const instead = { file: "blkio.bfq.weight_device", value };
      list.add("blkio", "blkio.weight_device", value, `${at}/weight`, { instead });
    }
    if (isSet(device.leafWeight))
      list.add("blkio", "blkio.leaf_weight_device", `${deviceOf(device)} ${device.leafWeight}`, `${at}/leafWeight`);
  });
  for (const [field, file] of THROTTLES) {
    blockIO[field]?.forEach((device, index) => {
      const rate = device.rate ?? 0;
      // 0 takes a limit away.
      const options = { optional: !isSet(rate) };
      list.add("blkio", file, `${deviceOf(device)} ${rate}`, `blockIO/${field}/${index}`, options);
    });
  }
}

/**
 * v2: the io controller. A weight goes to BFQ as it is, or to io.weight converted, as in runc; one of a device as well,
 * where runc without BFQ drops it.
 */
export function addV2BlockIo(blockIO: BlockIo, list: WriteList): void {
  const { weight, leafWeight, weightDevice = [] } = blockIO;
  if (isSet(leafWeight)) refuseLeafWeight(list.pointer("blockIO/leafWeight"));
  if (isSet(weight)) {
    const instead = { file: "io.weight", value: String(blockIoToIoWeight(weight)) };
    list.add("io", "io.bfq.weight", weight, "blockIO/weight", { instead });
  }
  weightDevice.forEach((device, index) => {
    const at = `blockIO/weightDevice/${index}`;
    if (isSet(device.leafWeight)) refuseLeafWeight(list.pointer(`${at}/leafWeight`));
    if (!isSet(device.weight)) return;
    const instead = { file: "io.weight", value: `${deviceOf(device)} ${blockIoToIoWeight(device.weight)}` };
    list.add("io", "io.bfq.weight", `${deviceOf(device)} ${device.weight}`, `${at}/weight`, { instead });
  });
  for (const [field, , key] of THROTTLES) {
    blockIO[field]?.forEach((device, index) => {
      const limited = isSet(device.rate);
      // io.max answers 0 with ERANGE: no limit is "max" there.
      const value = `${deviceOf(device)} ${key}=${limited ? device.rate : "max"}`;
      list.add("io", "io.max", value, `blockIO/${field}/${index}`, { optional: !limited });
    });
  }
}

/** A blkio weight (10..1000) as io.weight (1..10000): runc's straight line, in whole numbers. */
export function blockIoToIoWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function deviceOf({ major, minor }: BlockIoWeight | BlockIoThrottle): `${Int64}:${Int64}` {
  return `${major}:${minor}`;
}

function refuseLeafWeight(where: string): never {
  throw new RuntimeError({
    what: "set cgroup limits",
    problem: "found a leaf weight, which cgroup v2 does not have, want it absent",
    where,
  });
}
