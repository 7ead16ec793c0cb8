/** `npm run simulate -- --mutants`: checks that the simulation finds every mutant. */

import { fileURLToPath } from 'node:url'
import { FIXED_SEEDS } from '../fixed-seeds.ts'
import { runSeeds, type SeedResult } from '../seeds.ts'
import { allMutants } from './all.ts'
import type { Mutant } from './mutant.ts'

const HOOK = fileURLToPath(new URL('hook.ts', import.meta.url))
/** Maximum number of new seeds after the fixed seeds. */
const MAX_NEW_SEEDS = 20

/** Prints one line per mutant, and returns 1 if a mutant was not found. */
export async function runMutants(jobs: number): Promise<number> {
  const waiting = [...(await allMutants())]
  let missed = 0
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, mutant] = next
      const { found, seeds } = await runMutant(mutant)
      if (found === null) missed += 1
      const by = mutant.program === undefined ? `seed ${found?.seed}` : 'its program'
      const result = found === null ? 'NOT FOUND' : `found by ${by} (${found.violation?.invariant})`
      console.log(`${name}: ${result}, ${seeds} seeds`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  console.log(missed === 0 ? 'All mutants are found.' : `${missed} mutants are not found: an assertion is missing.`)
  return missed === 0 ? 0 : 1
}

async function runMutant(mutant: Mutant): Promise<{ readonly found: SeedResult | null; readonly seeds: number }> {
  const { seeds: first = [], program, ...defect } = mutant
  const others = [...FIXED_SEEDS, ...Array.from({ length: MAX_NEW_SEEDS }, (_, index) => index + 1_000)]
  const seeds = program === undefined ? [...first, ...others] : [program]
  let found: SeedResult | null = null
  let count = 0
  await runSeeds({
    store: 'sqlite',
    jobs: 1,
    execArgv: ['--import', HOOK],
    env: { CLOACA_SIMULATION_MUTANT: JSON.stringify(defect) },
    next: () => (found === null ? (seeds[count++] ?? null) : null),
    ended: (result) => {
      if (result.violation !== null) found ??= result
    },
  })
  return { found, seeds: count }
}
