#!/bin/sh
. "$(dirname "$0")/../common.sh"
[ -t 0 ] || { echo "$0: stdin is no terminal; start it from one" >&2; exit 1; }
runtime run --bundle "$PWD" "$id"
