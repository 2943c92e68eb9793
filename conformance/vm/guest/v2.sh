# What ts-runc does on cgroup v2, seen on a machine that has nothing else.
. /common.sh
C=/sys/fs/cgroup
before=$(left)

is "only the unified hierarchy" "$(grep -c cgroup /proc/self/mountinfo)" 1
has "all controllers" "$(cat $C/cgroup.controllers)" "cpuset cpu .*memory .*pids"

life_cycle
is "the cgroup is gone" "$(ls -d $C/sleeper 2>/dev/null)" ""
create sleeper
is "init is in its cgroup" "$(cat $C/sleeper/cgroup.procs)" "$(pid sleeper)"
ts-runc delete --force sleeper

# Born into the cgroup
ts-runc --trace /tmp/trace create --bundle /bundles/sleeper born
has "CLONE_INTO_CGROUP" "$(grep clone3 /tmp/trace)" "CLONE_INTO_CGROUP"
is "no write to cgroup.procs" "$(grep -c cgroup.procs.*O_WRONLY /tmp/trace)" 0
ts-runc delete --force born; is "delete --force of a created one" "$?" 0

# Limits
create limits; is "create with limits" "$?:$(cat /tmp/limits.out)" "0:"
L=$C/pods/pod1/limits
is "cgroupsPath" "$(cat $L/cgroup.procs)" "$(pid limits)"
is "memory.max" "$(cat $L/memory.max)" 33554432
is "memory.low" "$(cat $L/memory.low)" 16777216
is "memory.swap.max" "$(cat $L/memory.swap.max 2>/dev/null || echo 33554432)" 33554432
is "cpu.max" "$(cat $L/cpu.max)" "20000 100000"
is "cpu.weight" "$(cat $L/cpu.weight)" 100
is "pids.max" "$(cat $L/pids.max)" 8
is "cpuset.cpus" "$(cat $L/cpuset.cpus)" 1
is "cpuset.mems" "$(cat $L/cpuset.mems)" 0
is "unified" "$(cat $L/memory.high)" 25165824
is "the process runs on that processor" "$(grep Cpus_allowed_list "/proc/$(pid limits)/status" | cut -f2)" 1
ts-runc start limits
becomes "pids.max is enforced" 1 sh -c "awk '\$1 == \"max\" { print (\$2 > 0) }' $L/pids.events"
becomes "cpu.max is enforced" 1 sh -c "awk '\$1 == \"nr_throttled\" { print (\$2 > 0) }' $L/cpu.stat"
ts-runc delete --force limits; is "delete --force of a running one" "$?" 0
is "parents that we made are gone" "$(ls -d $C/pods 2>/dev/null)" ""

# A parent that is somebody else's stays
mkdir $C/pods
create limits && ts-runc delete --force limits
is "a parent that we did not make stays" "$(ls -d $C/pods)" $C/pods
rmdir $C/pods

# Memory
out=$(run oom)
has "the OOM killer ends who takes too much" "$out" "status 137"
has "memory.events, seen from inside" "$out" "oom_kill [1-9]"
is "swap equal to the limit: none" "$(echo "$out" | grep -c 'swap 0\|swap none')" 1

device_rules

# Block I/O: limits read back, and a rate in force
D=$(disk d1)
numbers=$(cat "/sys/block/$D/dev")
for bundle in io io-rate; do use_blank_disk $bundle; done
create io
if supported "block I/O" "$(cat /tmp/io.out)"; then
  has "a weight of a device whose I/O nobody weighs is refused" "$(cat /tmp/io.out)" "^set cgroup io\.weight: .*found $numbers 2930.*weightDevice/0/weight .*EOPNOTSUPP"
  is "and nothing is left of it" "$(ls -d $C/io 2>/dev/null)" ""
  echo "$numbers enable=1" >$C/io.cost.qos
  create io
  is "create with block I/O limits" "$(cat /tmp/io.out)" ""
  is "io.max" "$(cat $C/io/io.max)" "$numbers rbps=1048576 wbps=2097152 riops=1000 wiops=max"
  is "io.weight, without BFQ" "$(cat $C/io/io.weight)" "default 4950
$numbers 2930"
  ts-runc delete --force io
  echo "$numbers enable=0" >$C/io.cost.qos
  took=$(run io-rate)
  is "1 MiB at 1 MiB/s takes its time" "$([ "$took" -gt 600 ] && echo yes || echo "$took")" yes
  insmod /modules/bfq.ko
  echo bfq >"/sys/block/$D/queue/scheduler"
  create io
  is "create with BFQ" "$(cat /tmp/io.out)" ""
  is "io.bfq.weight" "$(cat $C/io/io.bfq.weight)" "default 500
$numbers 300"
  ts-runc delete --force io
  echo none >"/sys/block/$D/queue/scheduler"
  rmmod bfq
fi

# Huge pages
create hugepages
if supported "huge pages" "$(cat /tmp/hugepages.out)"; then
  is "create with a huge page limit" "$(cat /tmp/hugepages.out)" ""
  is "hugetlb.2MB.max" "$(cat $C/hugepages/hugetlb.2MB.max)" 4194304
  is "hugetlb.2MB.rsvd.max" "$(cat $C/hugepages/hugetlb.2MB.rsvd.max)" 4194304
  ts-runc delete --force hugepages
  out=$(run hugepages)
  has "two pages are had" "$out" "^touched 2$"
  is "a third is not" "$(echo "$out" | grep -c 'touched 3')" 0
fi

# RDMA: these machines have no device; what the kernel says must arrive
out=$(run rdma)
if supported "RDMA" "$out"; then
  has "an RDMA device that is not there" "$out" "rdma\\.max.*nosuch0.*config.json#/linux/resources/rdma/nosuch0"
fi

# Freezer
create sleeper && ts-runc start sleeper
echo 1 >$C/sleeper/cgroup.freeze
becomes "frozen is paused" paused status sleeper
ts-runc kill sleeper KILL; is "kill of a paused one" "$?" 0
becomes "it dies frozen" stopped status sleeper
ts-runc delete sleeper
create sleeper && ts-runc start sleeper
echo 1 >$C/sleeper/cgroup.freeze
has "delete of a paused one is refused" "$(ts-runc delete sleeper 2>&1)" "not stopped: paused"
ts-runc delete --force sleeper; is "delete --force of a paused one" "$?" 0

# All processes
create many && ts-runc start many
becomes "four processes, no pid namespace" 4 sh -c "wc -l <$C/many/cgroup.procs"
ts-runc --trace /tmp/kill kill --all many KILL; is "kill --all" "$?" 0
has "through cgroup.kill" "$(cat /tmp/kill)" "cgroup.kill"
becomes "nobody is left" 0 sh -c "wc -l <$C/many/cgroup.procs"
ts-runc delete many
create many && ts-runc start many
becomes "four again" 4 sh -c "wc -l <$C/many/cgroup.procs"
ts-runc kill many KILL
becomes "KILL without --all takes all along: they have no pid namespace" 0 sh -c "wc -l <$C/many/cgroup.procs"
ts-runc delete many

# Cgroup namespace
out=$(run cgroupns)
has "the own cgroup is the root" "$out" "^own 0::/$"
has "its limit is at the mount's top" "$out" "^max 67108864$"
has "it is mounted read-only" "$out" "^write 1"
out=$(run cgroupns-shared)
has "without the namespace the path is the host's" "$out" "^own 0::/cgroupns-shared$"
has "and the mount shows the own cgroup" "$out" "^max 67108864$"
out=$(run delegate)
has "a writable cgroup takes children" "$out" "^child 0$"
is "delete removes them too" "$(ls -d $C/delegate 2>/dev/null)" ""

# User namespace
out=$(run userns)
has "root inside" "$out" "^uid 0$"
has "is 100000 outside" "$out" "^map 0 100000 65536"
has "limits hold" "$out" "^max 67108864$"
has "devices are bound from the host" "$out" "^null 0"
create userns-sleeper && ts-runc start userns-sleeper
is "seen from outside" "$(awk '/^Uid:/ { print $2 }' "/proc/$(pid userns-sleeper)/status")" 100000
ts-runc delete --force userns-sleeper

# What goes wrong
mkdir $C/used
sleep 100 &
sleeper=$!
echo $sleeper >$C/used/cgroup.procs
has "a cgroup with processes is refused" "$(run used 2>&1)" "create cgroup.*found 1 processes"
is "and left alone" "$(cat $C/used/cgroup.procs)" $sleeper
kill $sleeper
wait
until rmdir $C/used; do usleep 10000; done
has "an unknown file of unified" "$(run unknown-file 2>&1)" "memory\\.nosuch.*linux/resources/unified"
has "a value that the kernel refuses" "$(run bad-cpuset 2>&1)" "cpuset\\.cpus.*found 99"
has "a limit that v2 lacks" "$(run v1-only 2>&1)" "memory/swappiness"
out=$(run tiny-memory 2>&1); is "a memory limit that init cannot live under" "$?" 1
has "is one line that names it" "$out" "memory|OOM|oom"

becomes "nothing is left behind" "$before" left
done_testing
