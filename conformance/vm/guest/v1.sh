# What ts-runc does on cgroup v1, alone and beside a unified hierarchy (hybrid), with the controllers that the kernel has.
. /common.sh
. /plan
C=/sys/fs/cgroup
before=$(left)
# Directories of the hierarchies; links of co-mounted controllers left out.
hierarchies() { for path in "$C"/*; do [ -h "$path" ] || echo "${path##*/}"; done; }
controller() { [ -d "$C/$1" ]; }

is "a unified hierarchy only when hybrid" "$(grep -c cgroup2 /proc/self/mountinfo)" "$([ "$LAYOUT" = hybrid ] && echo 1 || echo 0)"
has "v1 hierarchies" "$(hierarchies | tr '\n' ' ')" "blkio cpu,cpuacct .*devices freezer hugetlb .*pids .*systemd"

life_cycle
create sleeper
for name in $(hierarchies); do
  is "init is in $name" "$(cat "$C/$name/sleeper/cgroup.procs")" "$(pid sleeper)"
done
ts-runc delete --force sleeper
is "delete leaves no directory in any" "$(ls -d $C/*/sleeper 2>/dev/null)" ""

is "nothing is left behind" "$(left)" "$before"
done_testing
