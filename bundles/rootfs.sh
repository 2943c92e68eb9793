#!/bin/sh
# Makes rootfs/ of every bundle: one static busybox with its links. Hard links, so that eight bundles cost the room of one.
set -eu
cd "$(dirname "$0")"
busybox=$(command -v busybox || echo /bin/busybox)
[ -x "$busybox" ] || { echo "rootfs.sh: busybox is missing; install busybox-static" >&2; exit 1; }
base=.rootfs
rm -rf "$base"
mkdir -p "$base/bin" "$base/dev" "$base/proc" "$base/sys" "$base/tmp" "$base/etc" "$base/root" "$base/data"
cp "$busybox" "$base/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$base/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >"$base/etc/passwd"
printf 'root:x:0:\nuser:x:1000:\n' >"$base/etc/group"
chmod 1777 "$base/tmp"
for bundle in */config.json; do
  target=${bundle%/config.json}/rootfs
  rm -rf "$target"
  mkdir "$target"
  cp -al "$base/." "$target/"
done
