/** Broken invariant. The first violation ends the run. */

export interface Violation {
  /** Stable name of the invariant, by which shrinking recognizes the same failure. */
  readonly invariant: string
  readonly message: string
  readonly at: number
}

/** Function that records a broken invariant. */
export type Report = (invariant: string, message: string) => void
