/** Seeds that `npm test` runs each time: at least one for each defect that the simulation ever found. */

export const FIXED_SEEDS: readonly number[] = [
  ...[1, 2, 3, 4, 5, 11, 13, 17, 24, 29, 34, 38, 41, 53, 69, 97, 101, 126, 153, 185, 199, 217, 225, 243, 244, 261, 275],
  ...[331, 332, 383, 414, 429, 434, 450, 451, 596, 733, 1004, 1037, 1049, 1052, 1859, 2250, 2514, 2668],
]
