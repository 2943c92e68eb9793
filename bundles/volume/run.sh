#!/bin/sh
. "$(dirname "$0")/../common.sh"
rm -f shared/from-container
start "$id" "$PWD" "container sees"
host "shared/ holds: $(ls shared | tr '\n' ' ')"
host "shared/from-container says: $(cat shared/from-container)"
host "rootfs/data, where it is mounted inside, holds $(ls rootfs/data | wc -l) files here"
