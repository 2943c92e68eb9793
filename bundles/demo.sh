#!/usr/bin/env bash
# The main job, shown: one container's life step by step, then a container that only runs. Each command as it is typed,
# with its time.
#     npm start       sets everything up first
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo "demo: these containers are made by root; run: sudo npm start" >&2
  exit 1
fi
PATH=$PWD/dist:$PATH
id=demo-$$
trap 'ts-runc delete --force "$id"; ts-runc delete --force "$id-hello"' EXIT
trap 'exit 130' INT TERM HUP

say() {
  printf '\n# %s\n' "$*"
}

# Shows a command, runs it, and says how long it took. EPOCHREALTIME costs no process; its unit is a microsecond.
show() {
  printf '$ %s\n' "$*"
  local begin=${EPOCHREALTIME/[^0-9]/} status=0
  "$@" || status=$?
  local end=${EPOCHREALTIME/[^0-9]/}
  local us=$((end - begin))
  if [ "$status" != 0 ]; then
    echo "demo: the command above ended with status $status" >&2
    exit 1
  fi
  printf '  %d.%d ms\n' $((us / 1000)) $((us % 1000 / 100))
}

# Stops the demo unless the container has this status, for which it waits at most 20 s.
expect() {
  local found=""
  for _ in {1..1000}; do
    found=$(ts-runc state "$id" | sed -n 's/.*"status": "\(.*\)".*/\1/p')
    [ "$found" != "$1" ] || return 0
    sleep 0.02
  done
  echo "demo: found status \"$found\", want \"$1\"" >&2
  exit 1
}

say "A bundle is a folder: config.json says what the container is, rootfs/ is what it sees as /."
show ls bundles/service

say "create: namespaces, mounts, limits are made; the container's process waits."
show ts-runc create --bundle bundles/service "$id"
show ts-runc state "$id"
expect created

say "start: the process that config.json names takes over."
show ts-runc start "$id"
expect running
show ts-runc list

# Start returns when the program begins; a first process that has not yet set its handler would never get the signal
# (pid_namespaces(7)).
handles_term() {
  local pid caught
  pid=$(ts-runc state "$id" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
  caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status")
  (((0x$caught & 1 << 14) != 0))
}
for _ in {1..1000}; do
  if handles_term; then break; fi
  sleep 0.02
done

say "kill: a signal to the container's first process, which here shuts down in order."
show ts-runc kill "$id" TERM
expect stopped

say "delete: nothing stays behind."
show ts-runc delete "$id"
if ts-runc state "$id" >/dev/null 2>&1; then
  echo "demo: the container is still there" >&2
  exit 1
fi

say "run: all of this in one command."
show ts-runc run --bundle bundles/hello "$id-hello"

printf '\nThe demo is done. More bundles, one idea each: bundles/*/README.md.'
printf ' Yours: ts-runc spec writes a config.json.\n'
