import type { Program } from '../program.ts'

/** Defect that is put into the engine to test that the simulation finds it. */

export interface Mutant {
  /** Path of the changed file, relative to the root of the repository. */
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly find: string
  /** Replacement for that text. */
  readonly replace: string
  /** Broken invariant, in one line. */
  readonly breaks: string
  /** Seeds to try before the fixed seeds, which find it within seconds. Default: none. */
  readonly seeds?: readonly number[]
  /** Program that finds it, in place of seeds. Without the defect, it breaks no invariant. Default: none. */
  readonly program?: Program
}
