/** RFC 3339 against Date. */
import t from "tap";
import { rfc3339 } from "./time.ts";

t.test("every day from 1900 to 2199 is Date's", (t) => {
  let wrong = "";
  for (let day = Date.UTC(1900, 0, 1) / 86_400_000; day < Date.UTC(2200, 0, 1) / 86_400_000; day++) {
    // A second that moves through the day, so that hours and minutes are covered too.
    const seconds = day * 86_400 + ((((day * 7919) % 86_400) + 86_400) % 86_400);
    const text = rfc3339(seconds, 123_456_789);
    if (text !== new Date(seconds * 1000).toISOString().replace(".000Z", ".123456789Z")) wrong = text;
  }
  t.equal(wrong, "");
  t.end();
});

t.test("nanoseconds have nine digits", (t) => {
  t.equal(rfc3339(0, 0), "1970-01-01T00:00:00.000000000Z");
  t.equal(rfc3339(951_827_696, 7), "2000-02-29T12:34:56.000000007Z");
  t.equal(rfc3339(4_107_542_399, 999_999_999), "2100-02-28T23:59:59.999999999Z");
  t.end();
});
