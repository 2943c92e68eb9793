#!/bin/sh
. "$(dirname "$0")/../common.sh"
# Lower layers as an image's: the second changes a file of the first, and deletes another by a whiteout, a device of
# number 0:0.
rm -rf layers
mkdir -p layers/first layers/second layers/writable layers/work
echo "as in the first layer" >layers/first/changed
echo "as in the first layer" >layers/first/deleted
echo "as in the first layer" >layers/first/kept
echo "as in the second layer" >layers/second/changed
mknod layers/second/deleted c 0 0
# Options of an overlay hold whole paths, so the config is made here.
sed "s|@BUNDLE@|$PWD|g" config.json.in >config.json
runtime run --bundle "$PWD" "$id" >"$output" || { cat "$output"; exit 1; }
sed 's/^/container: /' "$output"
host "the first layer still holds: $(ls layers/first | tr '\n' ' ')"
host "the writable layer holds: $(cd layers/writable && stat -c '%n (%F)' * | tr '\n' ' ')"
