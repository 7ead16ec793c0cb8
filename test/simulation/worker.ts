/** Process that runs seeds: receives their numbers from `seeds.ts`, and sends back the results. */

import type { Program, StoreKind } from './program.ts'
import { runSeed } from './seeds.ts'

const store = process.argv[2] as StoreKind

process.on('message', (seed) => {
  void runSeed(seed as number | Program, store).then((result) => process.send?.(result))
})
