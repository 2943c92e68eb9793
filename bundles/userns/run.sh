#!/bin/sh
. "$(dirname "$0")/../common.sh"
start "$id" "$PWD" "100000"
pid=$(pid_of "$id")
host "the same process runs as uid $(stat -c %u "/proc/$pid")"
