/** What a container's process is told where the service manager waits for its word (lifecycle/notify.ts). */
export const NOTIFY_FOLDER = "/run/notify";
export const NOTIFY_SOCKET_NAME = "notify.sock";
export const NOTIFY_VARIABLE = `NOTIFY_SOCKET=${NOTIFY_FOLDER}/${NOTIFY_SOCKET_NAME}`;
