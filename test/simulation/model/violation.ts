/** A broken invariant. The first one of a run ends it. */

export interface Violation {
  /** Name of the invariant: stable, so that a shrinker looks for the same one. */
  readonly invariant: string
  readonly message: string
  readonly at: number
}

/** Collects broken invariants. */
export type Report = (invariant: string, message: string) => void
