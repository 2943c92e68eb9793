# checkpoint and restore, with the criu of the host, where it can do its work on this kernel.
. /common.sh
export PATH=/usr/bin:/bin
I=/tmp/images
count() { tail -n 1 /rootfs/tmp/count; }
counts() { [ -s /rootfs/tmp/count ] && echo yes; }
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
# A running container without a file of ours: criu would have to find it in the container.
begin() {
  ts-runc create --bundle "/bundles/$1" "$1" </dev/null >/dev/null 2>&1
  ts-runc start "$1"
}
# A checkpoint of the running container $1, with other flags.
save() {
  id=$1
  shift
  out=$(ts-runc checkpoint --image-path $I/$id --work-path $I/work "$@" "$id" 2>&1)
  is "checkpoint $id $*" "$?:$out" "0:"
  [ -z "$out" ] || log $I/work/dump.log
}
# A new container $2 from the images of $1, with other flags.
restore() {
  from=$1
  to=$2
  shift 2
  ts-runc restore --bundle "/bundles/$from" --image-path $I/$from --work-path $I/work --detach --pid-file /tmp/$to.pid "$@" "$to" </dev/null >/tmp/out 2>&1
  is "restore $from as $to $*" "$?:$(cat /tmp/out)" "0:"
  [ ! -s /tmp/out ] || log $I/work/restore.log
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
  is "$1: exec" "$(ts-runc exec "$1" cat /proc/self/cgroup 2>&1)" "0::${3:-/$1}"
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

begin counter
becomes "it begins to count" yes counts
save counter --leave-running --empty-ns network
is "it runs on" "$(status counter)" running
at=$(count)
sleep 1
is "and counts" "$([ "$(count)" -gt "$at" ] && echo yes)" yes
rm -r $I/counter
save counter --empty-ns network
becomes "stopped afterwards" stopped status counter
at=$(count)
sleep 1
is "nothing counts" "$(count)" "$at"
refuses "checkpoint of a stopped container" "found it stopped, want a running or paused" ts-runc checkpoint --image-path $I/x counter
ts-runc delete counter
is "delete" "$?" 0

restore counter counter --empty-ns network
goes_on counter "$at"
refuses "restore over it" "already exists" ts-runc restore --bundle /bundles/counter --image-path $I/counter counter
ts-runc kill counter KILL
becomes "killed" stopped status counter
ts-runc delete counter
is "delete after restore" "$?" 0
restore counter another --empty-ns network
goes_on another "$at"
ts-runc delete --force another
is "delete --force after restore" "$?" 0
rm -f /tmp/counter.pid /tmp/another.pid

# With a joined network, a bind mount, a filter and a cgroup namespace; paused while it is saved; in two steps.
mkdir -p /rootfs/target
ln -s target /rootfs/link
/usr/bin/ip netns add given
rm /rootfs/tmp/count
begin counter-full
becomes "it begins to count" yes counts
ts-runc checkpoint --image-path $I/first --pre-dump counter-full >/tmp/out 2>&1
is "a pre-dump" "$?:$(cat /tmp/out)" "0:"
[ ! -s /tmp/out ] || log $I/first/dump.log
is "it runs on" "$(status counter-full)" running
ts-runc pause counter-full
save counter-full --parent-path ../first --file-locks --tcp-established --manage-cgroups-mode soft
becomes "stopped afterwards, though it was paused" stopped status counter-full
at=$(count)
ts-runc delete counter-full
restore counter-full full --file-locks --tcp-established
goes_on full "$at" /
p=$(pid full)
is "its network is the joined one" "$(ls -iL /proc/$p/ns/net | cut -d' ' -f1)" "$(ls -i /run/netns/given | cut -d' ' -f1)"
has "its bind mount is there" "$(ts-runc exec full ls /link/data)" "^counter-full$"
has "its filter is" "$(cat /proc/$p/status)" "^Seccomp_filters:.1$"
has "its masked paths are" "$(cat /proc/$p/mountinfo)" " /null /proc/kcore|/proc/kcore"
is "its capabilities are those of exec" "$(grep CapEff /proc/$p/status)" "$(ts-runc exec full grep CapEff /proc/self/status)"
ts-runc pause full
is "it can be paused" "$(status full)" paused
ts-runc delete --force full
rm -f /tmp/full.pid /rootfs/link
rm -r /rootfs/target
/usr/bin/ip netns delete given
umount /run/netns

# Its standard output was a pipe: on restore it is the one of the new caller.
(ts-runc run --detach --bundle /bundles/counter piped </dev/null 2>/dev/null | cat >/tmp/first) &
becomes "piped runs" running status piped
becomes "piped prints" yes sh -c '[ -s /tmp/first ] && echo yes'
save piped --empty-ns network
becomes "piped has stopped" stopped status piped
last=$(tail -n 1 /tmp/first)
ts-runc delete piped
(ts-runc restore --bundle /bundles/counter --image-path $I/piped --detach --empty-ns network piped </dev/null 2>/tmp/err | cat >/tmp/second) &
becomes "piped runs again" running status piped
becomes "what it prints goes on for the new reader" $((last + 1)) head -n 1 /tmp/second
is "without a word" "$(cat /tmp/err)" ""
ts-runc delete --force piped

# In the foreground.
ts-runc restore --bundle /bundles/counter --image-path $I/counter --empty-ns network front </dev/null >/dev/null 2>&1 &
front=$!
becomes "front runs" running status front
ts-runc kill front KILL
wait $front
is "its status is the process's" "$?" 137
is "and it is deleted" "$(ts-runc list -q | grep -c front)" 0

refuses "no images" "found no inventory.img, want the folder of a checkpoint; /tmp/none; hint: --image-path" \
  ts-runc restore --bundle /bundles/counter --image-path /tmp/none none
refuses "broken images" "criu failed" sh -c "mkdir $I/bad; : >$I/bad/inventory.img; ts-runc restore --bundle /bundles/counter --image-path $I/bad -d bad"
refuses "no container" 'checkpoint "none": container does not exist' ts-runc checkpoint none
mount --bind /tmp /usr/bin
PATH=/bin
begin counter
refuses "no criu" 'checkpoint "counter": criu is not installed, want it' ts-runc checkpoint counter
refuses "no criu, restore" 'restore "x": criu is not installed, want it' ts-runc restore --image-path $I/counter --bundle /bundles/counter x
is "it runs on" "$(status counter)" running
ts-runc delete --force counter
umount /usr/bin

becomes "nothing is left behind" "$before" left
done_testing
