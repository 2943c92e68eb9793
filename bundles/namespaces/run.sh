#!/bin/sh
. "$(dirname "$0")/../common.sh"
start "$id" "$PWD" "tmpfs on"
pid=$(pid_of "$id")
host "the same process is pid $pid, among $(ls /proc | grep -c '^[0-9]') processes on $(cat /proc/sys/kernel/hostname)"
host "rootfs/data, where the tmpfs is mounted inside, holds $(ls rootfs/data | wc -l) files here"
for kind in pid net ipc uts mnt cgroup; do
  inside=$(readlink "/proc/$pid/ns/$kind")
  here=$(readlink "/proc/self/ns/$kind")
  [ "$inside" != "$here" ] || { echo "$0: $kind is shared" >&2; exit 1; }
  host "$kind: $inside inside, $here here"
done
