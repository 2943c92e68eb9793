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

# Devices allowed and denied in fact, in whatever layout.
device_rules() {
  out=$(run devices-denied)
  has "mknod is allowed" "$out" "mknod 0"
  has "opening an unlisted character device is refused" "$out" "kmsg read 1.*not permitted"
  has "and a block device" "$out" "loop read 1.*not permitted"
  has "/dev/null is allowed" "$out" "null 0"
  has "/dev/urandom is allowed" "$out" "urandom 0"
  has "a terminal is allowed" "$out" "ptmx 0"
  out=$(run devices-read)
  has "a device listed for reading opens for reading" "$out" "kmsg read 0"
  has "but not for writing" "$out" "kmsg write 1.*not permitted"
  out=$(run devices-split)
  has "two rules together grant both" "$out" "kmsg both 0"
  out=$(run devices-all)
  has "all devices allowed: refused by none" "$out" "kmsg both 0"
  has "a rule after it takes one away" "$out" "loop read 1.*not permitted"
}

# The block device whose serial number is $1: the kernel numbers NVMe disks in the order in which they answer.
disk() {
  for path in /sys/block/nvme*; do
    [ "$(tr -d ' ' <"$path/device/serial" 2>/dev/null)" = "$1" ] && echo "${path##*/}" && return
  done
}

# The bundles' 7777:7777 stands for the blank disk.
use_blank_disk() {
  numbers=$(cat "/sys/block/$(disk d1)/dev")
  sed -i "s/\"major\":7777,\"minor\":7777/\"major\":${numbers%:*},\"minor\":${numbers#*:}/g" "/bundles/$1/config.json"
}

# supported NAME OUTPUT: says that a thing is still to be done where the runtime refuses it as unsupported
supported() {
  echo "$2" | grep -q "is not supported by this version" || return 0
  todo "$1" "not in this version"
  return 1
}
