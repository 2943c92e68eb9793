/** hostname, domainname, sysctl, keyring (runtime-spec config.md#hostname, config-linux.md#sysctl). */
import { readFileSync } from "node:fs";
import { fails, onHosts, prints } from "../support/life.ts";

onHosts("system: hostname and domainname", (t, box) => {
  const read = ["cat", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"];
  const named = box.once(read, (config) => {
    config.hostname = "näme.example";
    config.domainname = "d".repeat(64);
  });
  t.equal(prints(t, named), `näme.example\n${"d".repeat(64)}\n`);
  const host = readFileSync("/proc/sys/kernel/hostname", "utf8");
  const unset = box.once(["cat", "/proc/sys/kernel/hostname"], (config) => {
    delete config.hostname;
  });
  t.equal(prints(t, unset), host, "unset: what the new namespace inherits");
  const long = box.once(["true"], (config) => {
    config.hostname = "h".repeat(65);
  });
  fails(t, long, /^load config\.json: .*, want at most 64 bytes; config\.json#\/hostname/);
});

onHosts("system: sysctls of the container's namespaces, in both spellings", (t, box) => {
  const before = readFileSync("/proc/sys/kernel/msgmax", "utf8");
  const files = ["net/ipv4/ip_unprivileged_port_start", "kernel/msgmax", "net/ipv4/conf/lo/forwarding"];
  const outcome = box.once(["cat", ...files.map((name) => `/proc/sys/${name}`)], (config) => {
    config.linux.sysctl = {
      "net.ipv4.ip_unprivileged_port_start": "80",
      "kernel.msgmax": "12345\n",
      "net/ipv4/conf/lo/forwarding": "1",
    };
  });
  t.equal(prints(t, outcome), "80\n12345\n1\n");
  t.equal(readFileSync("/proc/sys/kernel/msgmax", "utf8"), before, "the host's value is as it was");
});

onHosts("system: a sysctl of the host, one without its namespace, one that the kernel refuses", (t, box) => {
  const with_ = (name: string, value: string, kinds?: "mount"[]) =>
    box.once(["true"], (config) => {
      config.linux.sysctl = { [name]: value };
      if (kinds !== undefined) {
        config.linux.namespaces = kinds.map((type) => ({ type }));
        delete config.hostname;
      }
    });
  fails(
    t,
    with_("vm.swappiness", "1"),
    'load config.json: "vm.swappiness", which belongs to the host, want one that a namespace has; config.json#/linux/sysctl/vm.swappiness',
  );
  fails(
    t,
    with_("net.ipv4.ip_forward", "1", ["mount"]),
    'load config.json: "net.ipv4.ip_forward" without a network namespace, want one in linux.namespaces; config.json#/linux/sysctl/net.ipv4.ip_forward',
  );
  fails(
    t,
    with_("kernel.msgmax", "many"),
    /^sysctl kernel\.msgmax: EINVAL: the kernel refused "many"; config\.json#\/linux\/sysctl\/kernel\.msgmax \[sysctl .*EINVAL\]\n$/,
  );
  fails(
    t,
    with_("net.ipv4.no_such", "1"),
    /^sysctl net\.ipv4\.no_such: ENOENT: the kernel refused "1"; config\.json#\/linux\/sysctl\/net\.ipv4\.no_such \[/,
  );
});

onHosts("system: a session keyring of its own, or the caller's", (t, box) => {
  const shown = (flags: string[]) => {
    const id = box.id();
    const bundle = box.bundle(["sh", "-c", `grep -c _ses.${id} /proc/keys; true`], (config) => {
      config.linux.maskedPaths = [];
    });
    return prints(t, box.run(["run", "--bundle", bundle, ...flags, id]));
  };
  t.equal(shown([]), "1\n", "named after the container");
  t.equal(shown(["--no-new-keyring"]), "0\n", "--no-new-keyring");
});
