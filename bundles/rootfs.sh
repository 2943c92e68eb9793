#!/bin/sh
# Makes rootfs/ of every bundle that lacks one: a static busybox with its links. Hard links, so that all bundles cost
# the room of one.
#     bundles/rootfs.sh            a changed busybox, or a change of this file, makes them anew
set -eu
cd "$(dirname "$0")"
busybox=$(command -v busybox || echo /bin/busybox)
[ -x "$busybox" ] || { echo "rootfs.sh: busybox is missing; install busybox-static" >&2; exit 1; }
base=.rootfs

# The stamp is written last, so that a base that was cut short is made anew.
stamp="$(cksum <rootfs.sh) $(cksum <"$busybox")"
if [ "$(cat "$base.stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$base" "$base.stamp" ./*/rootfs
  for folder in bin dev proc sys tmp etc root data; do mkdir -p "$base/$folder"; done
  cp "$busybox" "$base/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$base/bin/$applet"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >"$base/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' >"$base/etc/group"
  chmod 1777 "$base/tmp"
  echo "$stamp" >"$base.stamp"
fi
for bundle in */run.sh; do
  target=${bundle%/run.sh}/rootfs
  [ -e "$target" ] && continue
  # Renamed when whole, for the same reason.
  rm -rf "$target.new"
  cp -al "$base" "$target.new"
  mv "$target.new" "$target"
done
