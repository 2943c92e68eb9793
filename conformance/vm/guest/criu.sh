# checkpoint and restore, with the criu of the host, where it can do its work on this kernel.
. /common.sh
export PATH=/usr/bin:/bin
I=/tmp/images
count() { tail -n 1 /rootfs/tmp/count; }
# Said when something fails: criu's own words.
log() { [ -f "$1" ] && grep -E "Error|FAILED" "$1" | tail -n 12 | sed 's/^/# /'; }
# A command that must fail: one line with the pattern $2, status 1.
refuses() {
  name=$1
  pattern=$2
  shift 2
  out=$("$@" 2>&1)
  is "$name" "$?:$(echo "$out" | wc -l)" "1:1"
  has "$name: the line" "$out" "$pattern"
}
# A checkpoint of the running container $1, with other flags.
save() {
  id=$1
  shift
  out=$(ts-runc checkpoint --image-path $I/$id --work-path $I/work --empty-ns network "$@" "$id" 2>&1)
  is "checkpoint $*" "$?:$out" "0:"
  log $I/work/dump.log
}
# A new container $2 from the images of $1.
restore() {
  ts-runc restore --bundle /bundles/counter --image-path $I/$1 --work-path $I/work --empty-ns network --detach --pid-file /tmp/$2.pid "$2" </dev/null >/tmp/out 2>&1
  is "restore $1 as $2" "$?:$(cat /tmp/out)" "0:"
  log $I/work/restore.log
}
# The count of the container $1 goes on from $2: were the program begun anew it would begin with 1.
goes_on() {
  is "$1 runs" "$(status "$1")" running
  is "$1: the pid file" "$(cat /tmp/$1.pid)" "$(pid "$1")"
  is "$1: its cgroup" "$(cat /proc/$(pid "$1")/cgroup)" "0::/$1"
  sleep 1
  now=$(count)
  if [ "$now" -gt "$2" ] && [ "$now" -lt $(($2 + 100)) ]; then ok "$1 goes on"; else
    not_ok "$1 goes on"
    told "$now" "above $2"
  fi
  is "$1: exec" "$(ts-runc exec "$1" cat /proc/self/cgroup 2>&1)" "0::/$1"
}

if [ ! -x /usr/bin/criu ]; then
  skip "criu" "the host has none"
  done_testing
  exit
fi
has "criu runs" "$(criu --version 2>&1)" "^Version: [0-9.]+"
out=$(criu check 2>&1)
echo "$out" | sed 's/^/# /'
has "criu check" "$out" "Looks good"
# For the log only: what checkpoints can use.
for feature in mem_dirty_track pidfd_store clone3_set_tid ns_pid cgroupns; do
  echo "# $feature: $(criu check --feature $feature 2>&1 | tail -n 1)"
done
# criu locks connections with iptables-restore, which is not here, unless it is told to do it by itself.
mkdir -p /etc/criu $I
echo "network-lock nftables" >/etc/criu/default.conf
before=$(left)

create counter </dev/null >/dev/null 2>&1
ts-runc start counter
sleep 1
save counter --leave-running
is "it runs on" "$(status counter)" running
at=$(count)
sleep 1
is "and counts" "$([ "$(count)" -gt "$at" ] && echo yes)" yes
rm -r $I/counter
save counter
becomes "stopped afterwards" stopped status counter
at=$(count)
sleep 1
is "nothing counts" "$(count)" "$at"
refuses "checkpoint of a stopped container" "found it stopped, want a running or paused" ts-runc checkpoint --image-path $I/x counter
ts-runc delete counter
is "delete" "$?" 0

restore counter counter
goes_on counter "$at"
refuses "restore over it" "already exists" ts-runc restore --bundle /bundles/counter --image-path $I/counter counter
ts-runc kill counter KILL
becomes "killed" stopped status counter
ts-runc delete counter
is "delete after restore" "$?" 0
at=$(sed -n "/^$at\$/=" /rootfs/tmp/count | head -n 1)
at=$(sed -n "${at}p" /rootfs/tmp/count)
restore counter another
goes_on another "$at"
ts-runc delete --force another
is "delete --force after restore" "$?" 0
rm -f /tmp/counter.pid /tmp/another.pid

refuses "no images" "found no inventory.img, want the folder of a checkpoint; /tmp/none; hint: --image-path" \
  ts-runc restore --bundle /bundles/counter --image-path /tmp/none none
refuses "broken images" "criu failed" sh -c "mkdir $I/bad; : >$I/bad/inventory.img; ts-runc restore --bundle /bundles/counter --image-path $I/bad -d bad"
refuses "no container" 'checkpoint "none": container does not exist' ts-runc checkpoint none
is "nothing is left behind" "$(left)" "$before"
done_testing
