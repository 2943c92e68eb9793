# Whether checkpoint and restore can be proven here: criu's own opinion of this kernel.
. /common.sh
export PATH=/usr/bin:/bin
if [ ! -x /usr/bin/criu ]; then
  skip "criu" "the host has none"
else
  has "criu runs" "$(criu --version 2>&1)" "^Version: [0-9.]+"
  out=$(criu check 2>&1)
  echo "$out" | sed 's/^/# /'
  has "criu check" "$out" "Looks good"
  is "and its status" "$(criu check >/dev/null 2>&1; echo $?)" 0
  # For the log only: what checkpoints can use.
  for feature in mem_dirty_track pidfd_store clone3_set_tid ns_pid cgroupns; do
    echo "# $feature: $(criu check --feature $feature 2>&1 | tail -n 1)"
  done
fi
done_testing
