/** All mutants, by their file names. */

import { readdirSync } from 'node:fs'
import type { Mutant } from './mutant.ts'

const TOOLS: ReadonlySet<string> = new Set(['all.ts', 'hook.ts', 'mutant.ts', 'run.ts'])

export async function allMutants(): Promise<ReadonlyMap<string, Mutant>> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !TOOLS.has(file))
  const mutants = new Map<string, Mutant>()
  for (const file of files.sort()) {
    const { mutant } = (await import(`./${file}`)) as { readonly mutant: Mutant }
    mutants.set(file.slice(0, -3), mutant)
  }
  return mutants
}
