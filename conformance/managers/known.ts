/** Where ts-runc does not do what runc does under a manager, and why. Checked both ways: an entry that is not met fails. */

/** A scenario that cannot pass with a runtime. */
export interface KnownFailure {
  manager: string;
  scenario: string;
  runtime: "runc" | "ts-runc";
  /** What the failing expectation says. */
  error: RegExp;
  why: string;
}

/** Something that the users of both runtimes see differently, though all expectations hold. */
export interface KnownDifference {
  manager: string;
  scenario: string;
  /** The word that the scenario gives it. */
  field: string;
  /** All of what is seen; undefined: nothing is. */
  runc: RegExp | undefined;
  ours: RegExp | undefined;
  why: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [];

/** Both say why a container or a process does not start; the words of ts-runc are those of DESIGN section 7. */
const ERROR_WHY = "the same class of error, in ts-runc's words: what was found, what is wanted, where in the config";

const ERRORS: readonly [manager: string, scenario: string, field: string, runc: RegExp, ours: RegExp][] = [
  ...containerdCreate([
    [
      "no program",
      /exec: "\/no\/such\/program": stat .*: no such file or directory/,
      /exec "\/no\/such\/program": no such file or directory: it is missing in the root; config\.json#\/process\/args\/0/,
    ],
    [
      "no program in PATH",
      /exec: "nosuchprogram": executable file not found in \$PATH/,
      /exec "nosuchprogram": executable file not found in \$PATH: searched \/bin; .*/,
    ],
    [
      "no right",
      /exec: "\/etc\/passwd": permission denied/,
      /exec "\/etc\/passwd": permission denied: mode 0644 owner 0:0, want x for uid 0; .*/,
    ],
    [
      "no cwd to make",
      /error during container init: mkdir \/etc\/passwd: not a directory/,
      /chdir "\/etc\/passwd": not a directory: found a file, want a folder; .*/,
    ],
    [
      "no source",
      /error during container init: error mounting "\/no\/such" .*: no such file or directory/,
      /mount config\.json#\/mounts\/7: no such file or directory: source \/no\/such, first missing element "no"; .*/,
    ],
    [
      "no namespace",
      /namespace path: lstat \/no\/such: no such file or directory/,
      /join network namespace: ENOENT: found no namespace at \/no\/such; .*/,
    ],
  ]),
];

function containerdCreate(rows: [string, RegExp, RegExp][]): typeof ERRORS {
  const before = "^ctr: failed to create shim task: OCI runtime create failed: ";
  const runc = (text: RegExp) => new RegExp(`${before}runc create failed: unable to [a-z ]*: ${text.source}: unknown$`);
  const ours = (text: RegExp) => new RegExp(`${before}${text.source}: unknown$`);
  return rows.map(([field, theirs, mine]) => [
    "containerd",
    "a container that cannot start",
    field,
    runc(theirs),
    ours(mine),
  ]);
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = ERRORS.map(([manager, scenario, field, runc, ours]) => ({
  manager,
  scenario,
  field,
  runc,
  ours,
  why: ERROR_WHY,
}));
