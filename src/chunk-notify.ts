/** The chunk of NOTIFY_SOCKET, which only service managers set. */
export * as notify from "./lifecycle/notify.ts";
