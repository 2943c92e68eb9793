#!/bin/sh
. "$(dirname "$0")/../common.sh"
start "$id" "$PWD" "service is up"
host "sends SIGTERM to $(pid_of "$id")"
runtime kill "$id" TERM
tries=0
until runtime state "$id" | grep -q '"status": "stopped"'; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || { echo "$0: it goes on running" >&2; exit 1; }
  sleep 0.02
done
sed '1d; s/^/container: /' "$output"
