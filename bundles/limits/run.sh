#!/bin/sh
. "$(dirname "$0")/../common.sh"
runtime run --bundle "$PWD" "$id"
