#!/bin/sh
. "$(dirname "$0")/../common.sh"
start "$id" "$PWD" "server in"
ask() {
  printf 'GET /group HTTP/1.0\r\n\r\n' | "$@" rootfs/bin/busybox nc -w 2 127.0.0.1 8080 2>/dev/null |
    grep -q 'root:x:0:'
}
# It listens a moment after its line. And the answer from inside comes first, or the refused one below would prove nothing.
tries=0
until ask rootfs/bin/busybox nsenter --net="/proc/$(pid_of "$id")/ns/net"; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "$0: the server does not answer" >&2; exit 1; }
  sleep 0.1
done
# The client's config names the namespace by its path, so it is made now.
client=$(mktemp -d)
trap 'rm -rf "$client"; finish' EXIT
sed -e "s|@PID@|$(pid_of "$id")|" -e "s|@BUNDLE@|$PWD|" client.json.in >"$client/config.json"
runtime run --bundle "$client" "$id-client" >"$output" || { cat "$output"; exit 1; }
sed 's/^/container: /' "$output"
if ask; then
  host "reaches the server too, which it must not"
  exit 1
fi
host "does not reach the server, from $(readlink /proc/self/ns/net)"
