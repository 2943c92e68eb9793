import t from "tap";
import { defaultConfig } from "./default.ts";
import { properties } from "./generated/properties.js";
import { unknownProperties } from "./unknown-properties.ts";

t.test("unknownProperties() names what the schema does not know", (t) => {
  t.same(unknownProperties(defaultConfig(false), properties), []);
  t.same(unknownProperties(defaultConfig(true), properties), []);
  const text = `{"ociVersion":"1.3.0","windows":{"x":1},"__proto__":1,"constructor":{},"annotations":{"a/b":"c"},
    "linux":{"netDevices":{"eth0":{"name":"x","y":1}},"resources":{"memory":{"limits":1}},"sysctl":{"a":"b"}},
    "mounts":[{"destination":"/x","Source":"y","uidMappings":[{"size":1,"sizes":2}]}]}`;
  t.same(unknownProperties(JSON.parse(text), properties), [
    "/windows",
    "/__proto__",
    "/constructor",
    "/linux/netDevices/eth0/y",
    "/linux/resources/memory/limits",
    "/mounts/0/Source",
    "/mounts/0/uidMappings/0/sizes",
  ]);
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, 1])));
  t.equal(unknownProperties(JSON.parse(many), properties).length, 100);
  t.end();
});
