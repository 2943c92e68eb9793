/** The chunk of network devices, which few containers are given. */
export { NetDevices } from "./lifecycle/net-devices.ts";
