# TAP for guests, on standard output.
count=0
ok() {
  count=$((count + 1))
  echo "ok $count - $1"
}
not_ok() {
  count=$((count + 1))
  echo "not ok $count - $1"
}
# todo NAME REASON: what cannot be checked yet
todo() {
  count=$((count + 1))
  echo "not ok $count - $1 # TODO $2"
}
skip() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}
# told FOUND WANT: the YAML block of a failure
told() {
  echo "  ---"
  echo "  found: |"
  echo "$1" | sed 's/^/    /'
  echo "  want: |"
  echo "$2" | sed 's/^/    /'
  echo "  ..."
}
# is NAME FOUND WANT
is() {
  if [ "$2" = "$3" ]; then ok "$1"; else
    not_ok "$1"
    told "$2" "$3"
  fi
}
# has NAME TEXT PATTERN (of grep -E)
has() {
  if echo "$2" | grep -Eq -- "$3"; then ok "$1"; else
    not_ok "$1"
    told "$2" "$3"
  fi
}
# becomes NAME WANT COMMAND...: looks every 50 ms, for 10 s
becomes() {
  name=$1
  want=$2
  shift 2
  for _ in $(seq 200); do
    [ "$("$@" 2>/dev/null)" = "$want" ] && break
    usleep 50000
  done
  is "$name" "$("$@" 2>&1)" "$want"
}
done_testing() {
  echo "1..$count"
}
