# TAP for guests. Every line begins with "TAP ", which tells it from the kernel's.
count=0
ok() {
  count=$((count + 1))
  echo "TAP ok $count - $1"
}
not_ok() {
  count=$((count + 1))
  echo "TAP not ok $count - $1"
}
# is NAME FOUND WANT
is() {
  if [ "$2" = "$3" ]; then ok "$1"; else
    not_ok "$1"
    echo "found: $2" | sed 's/^/TAP # /'
    echo "want: $3" | sed 's/^/TAP # /'
  fi
}
# has NAME TEXT PATTERN (of grep -E)
has() {
  if echo "$2" | grep -Eq -- "$3"; then ok "$1"; else
    not_ok "$1"
    echo "found: $2" | sed 's/^/TAP # /'
    echo "want: $3" | sed 's/^/TAP # /'
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
  echo "TAP 1..$count"
}
