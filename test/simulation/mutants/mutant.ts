/** A defect that is put into the engine, so that the simulation can be tested: it has to find it. */

export interface Mutant {
  /** File of the defect, from the root of the checkout. */
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly find: string
  /** Text that takes its place. */
  readonly replace: string
  /** The invariant that it breaks, in one line. */
  readonly breaks: string
}
