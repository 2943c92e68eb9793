# The profile that the guests load: all is allowed but one file, which shows that it is in force.
profile tsrunc-guest flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount,
  umount,
  pivot_root,
  signal,
  ptrace,
  unix,
  deny /tmp/denied rw,
}
