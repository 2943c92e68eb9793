# AppArmor: a profile that the host compiled, loaded here, around a container's process.
. /common.sh
A=/sys/kernel/security/apparmor
before=$(left)

is "AppArmor is on" "$(cat /sys/module/apparmor/parameters/enabled)" Y
out=$(run unconfined)
has "without a profile: unconfined" "$out" "^profile unconfined$"
has "which may write" "$out" "^allowed$"
if [ ! -s /files/apparmor.bin ]; then
  skip "a profile" "the host has no apparmor_parser"
else
  cat /files/apparmor.bin >$A/.load
  has "the profile is loaded" "$(cat $A/profiles)" "^tsrunc-guest \(enforce\)$"
  out=$(run confined)
  if supported "process.apparmorProfile" "$out"; then
    has "process.apparmorProfile names the process's profile" "$out" "^profile tsrunc-guest \(enforce\)$"
    has "what it allows" "$out" "^allowed$"
    has "what it denies" "$out" "/tmp/denied: Permission denied"
    out=$(run unknown-profile)
    is "an unknown profile fails" "$?" 1
    is "in one line" "$(echo "$out" | wc -l)" 1
    has "that names it" "$out" "tsrunc-nosuch.*config.json#/process/apparmorProfile"
    create sleeper
    ts-runc start sleeper
    # The label is written by exec's stage, and taken on by the process that the stage makes.
    out=$(ts-runc exec --apparmor tsrunc-guest sleeper sh -c 'cat /proc/self/attr/apparmor/current; echo x >/tmp/denied' 2>&1)
    has "exec --apparmor names the process's profile" "$out" "^tsrunc-guest \(enforce\)$"
    has "what it denies there" "$out" "/tmp/denied: Permission denied"
    is "exec without: unconfined" "$(ts-runc exec sleeper cat /proc/self/attr/apparmor/current 2>&1)" unconfined
    out=$(ts-runc exec --apparmor tsrunc-nosuch sleeper true 2>&1)
    is "exec with an unknown profile fails" "$?" 255
    has "with one that names it" "$out" "tsrunc-nosuch"
    ts-runc delete --force sleeper
  fi
fi

becomes "nothing is left behind" "$before" left
done_testing
