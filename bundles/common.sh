# Sourced by every run.sh: goes to its folder, finds the runtime, and sees to an end that leaves no container.
#     TSRUNC="node build/node/ts-runc.mjs" bundles/hello/run.sh      takes another program: words, a path in them
#                                                                    is seen from the caller's folder
set -eu
caller=$PWD
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "$0: containers of this bundle are made by root; run it with sudo" >&2; exit 1; }
[ -x rootfs/bin/busybox ] || ../rootfs.sh
name=$(basename "$PWD")
id=$name-$$
output=$(mktemp)
made=""

runtime() {
  if [ -n "${TSRUNC:-}" ]; then (cd "$caller" && exec $TSRUNC "$@"); else ../../dist/ts-runc "$@"; fi
}

# Starts a bundle in the background, and goes on once it has printed $3: start ID FOLDER WORD
start() {
  made="$1 $made"
  : >"$output"
  runtime run --detach --bundle "$2" "$1" >"$output" 2>&1 </dev/null || { cat "$output" >&2; exit 1; }
  tries=0
  until grep -q -- "$3" "$output"; do
    tries=$((tries + 1))
    [ "$tries" -lt 2000 ] || { echo "$0: waited 20 s for: $3" >&2; cat "$output" >&2; exit 1; }
    sleep 0.01
  done
  sed 's/^/container: /' "$output"
}

# Pid on the host of a container's first process: pid_of ID
pid_of() {
  runtime state "$1" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'
}

# What the host has to say, marked as such.
host() {
  echo "host:      $*"
}

finish() {
  status=$?
  for one in $made; do runtime delete --force "$one" || status=1; done
  rm -f "$output"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
