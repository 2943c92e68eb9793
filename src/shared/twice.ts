/**
 * Does what must not be left half done, and tries once more when it fails: most failures of a clean-up are of the moment (ENOMEM, a signal).
 * The body starts from any state that its first half may have left.
 *
 * @throws what the second try throws.
 */
export function twice<T>(body: () => T): T {
  try {
    return body();
  } catch {
    return body();
  }
}
