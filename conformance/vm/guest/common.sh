# What the scripts share: TAP, a root file system for the bundles, and short words for the runtime's commands.
. /tap.sh
export PATH=/bin
if [ ! -d /rootfs ]; then
  mkdir -p /rootfs/bin /rootfs/proc /rootfs/dev /rootfs/sys /rootfs/tmp /rootfs/etc
  cp -a /bin/. /rootfs/bin/
  rm /rootfs/bin/ts-runc
fi

create() { ts-runc create --bundle "/bundles/$1" "$1" >"/tmp/$1.out" 2>&1; }
run() { ts-runc run --bundle "/bundles/$1" "${2:-$1}" 2>&1; }
status() { ts-runc state "$1" | sed -n 's/.*"status": "\(.*\)".*/\1/p'; }
pid() { ts-runc state "$1" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }
# What containers could leave behind: state, cgroups, mounts, sleeping processes.
left() {
  ls /run/ts-runc 2>/dev/null
  find /sys/fs/cgroup -mindepth 1 -type d
  cat /proc/self/mountinfo | cut -d' ' -f4- | sort
  ps -o comm | grep -E '^(sleep|ts-runc|probe)$'
}

# The life cycle, in whatever layout.
life_cycle() {
  create sleeper
  is "create" "$?:$(cat /tmp/sleeper.out)" "0:"
  is "created" "$(status sleeper)" created
  ts-runc start sleeper
  is "start" "$?" 0
  is "running" "$(status sleeper)" running
  ts-runc kill sleeper KILL
  is "kill" "$?" 0
  becomes "stopped" stopped status sleeper
  ts-runc delete sleeper
  is "delete" "$?" 0
  is "run" "$(run hello)" "hello from pid 1 on hello"
  is "run again, same id" "$(run hello)" "hello from pid 1 on hello"
}
