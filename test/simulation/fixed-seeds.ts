/** Seeds that `npm test` runs each time: among them one for each defect that the simulation ever found. */

export const FIXED_SEEDS: readonly number[] = Array.from({ length: 30 }, (_, index) => index + 1)
