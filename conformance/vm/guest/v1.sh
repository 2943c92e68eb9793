# What ts-runc does on cgroup v1, alone and beside a unified hierarchy (hybrid), with the controllers that the kernel has.
. /common.sh
. /plan
C=/sys/fs/cgroup
before=$(left)
# Directories of the hierarchies; links of co-mounted controllers left out.
hierarchies() { for path in "$C"/*; do [ -h "$path" ] || echo "${path##*/}"; done; }
controller() { [ -d "$C/$1" ]; }

is "a unified hierarchy only when hybrid" "$(grep -c ' - cgroup2 ' /proc/self/mountinfo)" "$([ "$LAYOUT" = hybrid ] && echo 1 || echo 0)"
has "v1 hierarchies" "$(hierarchies | tr '\n' ' ')" "blkio cpu,cpuacct .*devices freezer hugetlb .*pids .*systemd"

life_cycle
create sleeper
for name in $(hierarchies); do
  is "init is in $name" "$(cat "$C/$name/sleeper/cgroup.procs")" "$(pid sleeper)"
done
ts-runc delete --force sleeper
is "delete leaves no directory in any" "$(ls -d $C/*/sleeper 2>/dev/null)" ""

# Limits
create v1-limits
is "create with limits" "$(cat /tmp/v1-limits.out)" ""
L=pods/pod1/limits
is "cgroupsPath" "$(cat $C/pids/$L/cgroup.procs)" "$(pid v1-limits)"
is "cpu.cfs_quota_us" "$(cat $C/cpu/$L/cpu.cfs_quota_us)" 20000
is "cpu.cfs_period_us" "$(cat $C/cpu/$L/cpu.cfs_period_us)" 50000
is "cpu.shares" "$(cat $C/cpu/$L/cpu.shares)" 512
is "pids.max" "$(cat $C/pids/$L/pids.max)" 8
ts-runc start v1-limits
becomes "pids.max is enforced" 1 sh -c "awk '\$1 == \"max\" { print (\$2 > 0) }' $C/pids/$L/pids.events"
becomes "the quota is enforced" 1 sh -c "awk '\$1 == \"nr_throttled\" { print (\$2 > 0) }' $C/cpu/$L/cpu.stat"
ts-runc delete --force v1-limits
is "parents that we made are gone" "$(ls -d $C/*/pods 2>/dev/null)" ""

if controller memory && controller cpuset; then
  create v1-memory
  is "create with memory and cpuset" "$(cat /tmp/v1-memory.out)" ""
  is "memory.limit_in_bytes" "$(cat $C/memory/v1-memory/memory.limit_in_bytes)" 67108864
  is "memory.soft_limit_in_bytes" "$(cat $C/memory/v1-memory/memory.soft_limit_in_bytes)" 33554432
  is "memory.swappiness" "$(cat $C/memory/v1-memory/memory.swappiness)" 7
  is "cpuset.cpus" "$(cat $C/cpuset/v1-memory/cpuset.cpus)" 1
  is "cpuset.mems" "$(cat $C/cpuset/v1-memory/cpuset.mems)" 0
  ts-runc delete --force v1-memory
else
  # Never silence: a limit that nobody would enforce is an error, whatever the unified hierarchy has.
  for name in memory cpuset; do
    out=$(run $name)
    is "$name: without the controller, a limit fails" "$?" 1
    has "$name: in a line that names it" "$out" "no hierarchy of the controller .$name. is mounted.*config.json#/linux/resources/"
  done
fi
has "unified on v1 is refused" "$(run v2-only)" "found unified on cgroup v1.*config.json#/linux/resources/unified"

# Block I/O, huge pages, network marks
use_blank_disk io-rate
numbers=$(cat "/sys/block/$(disk d1)/dev")
out=$(run io-rate)
if supported "block I/O" "$out"; then
  is "1 MiB at 1 MiB/s takes its time" "$([ "$out" -gt 600 ] && echo yes || echo "$out")" yes
  insmod /modules/bfq.ko
  echo bfq >"/sys/block/$(disk d1)/queue/scheduler"
  use_blank_disk io
  create io
  is "create with BFQ" "$(cat /tmp/io.out)" ""
  is "blkio.bfq.weight" "$(cat $C/blkio/io/blkio.bfq.weight)" 500
  has "blkio.bfq.weight_device" "$(cat $C/blkio/io/blkio.bfq.weight_device)" "^$numbers 300$"
  is "blkio.throttle.write_bps_device" "$(cat $C/blkio/io/blkio.throttle.write_bps_device)" "$numbers 2097152"
  is "blkio.throttle.read_iops_device" "$(cat $C/blkio/io/blkio.throttle.read_iops_device)" "$numbers 1000"
  ts-runc delete --force io
  echo none >"/sys/block/$(disk d1)/queue/scheduler"
  rmmod bfq
fi
create hugepages
if supported "huge pages" "$(cat /tmp/hugepages.out)"; then
  is "hugetlb.2MB.limit_in_bytes" "$(cat $C/hugetlb/hugepages/hugetlb.2MB.limit_in_bytes)" 4194304
  ts-runc delete --force hugepages
  is "a page beyond the limit is not had" "$(run hugepages | grep touched | tail -n 1)" "touched 2"
fi
create v1-network
if supported "network marks" "$(cat /tmp/v1-network.out)"; then
  is "net_cls.classid" "$(cat $C/net_cls/v1-network/net_cls.classid)" 1048577
  has "net_prio.ifpriomap" "$(cat $C/net_prio/v1-network/net_prio.ifpriomap)" "^lo 5$"
  ts-runc delete --force v1-network
fi

device_rules

# Freezer
frozen() { cat "$C/freezer/sleeper/freezer.state"; }
create sleeper && ts-runc start sleeper
echo FROZEN >$C/freezer/sleeper/freezer.state
becomes "it freezes" FROZEN frozen
is "frozen is paused" "$(status sleeper)" paused
has "delete of a paused one is refused" "$(ts-runc delete sleeper 2>&1)" "not stopped: paused"
ts-runc kill sleeper KILL
is "kill of a paused one" "$?" 0
becomes "it dies frozen" stopped status sleeper
ts-runc delete sleeper

# All processes
create many && ts-runc start many
becomes "four processes, no pid namespace" 4 sh -c "wc -l <$C/pids/many/cgroup.procs"
ts-runc kill --all many KILL
is "kill --all" "$?" 0
becomes "nobody is left" 0 sh -c "wc -l <$C/pids/many/cgroup.procs"
ts-runc delete many

becomes "nothing is left behind" "$before" left
done_testing
