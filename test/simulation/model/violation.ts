/** Broken invariant. The first violation ends the run. */

export interface Violation {
  /** Stable name of the invariant, by which shrinking recognizes the same failure. */
  readonly invariant: string
  readonly message: string
  readonly at: number
}

/** Function that records a broken invariant. */
export type Report = (invariant: string, message: string) => void

/** Invariants that are checked without the model, which cannot follow a restored database. */
export const HOLD_AFTER_RESTORE: ReadonlySet<string> = new Set([
  'accepted-executions-end',
  'constraints-are-kept',
  'gauges-are-zero',
  'nothing-is-left',
  'processes-come-to-rest',
  'the-database-is-sound',
  'the-simulation-goes-on',
])
