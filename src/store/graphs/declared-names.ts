/** What an instance declares, as the names that its row has: each behind its kind. */

import type { DeclaredGraphs } from '../../engine/ports.ts'
import type { Accumulation } from '../../model/graphs/definitions.ts'

export function declaredNames({ sources, reactors, graphs }: DeclaredGraphs): readonly string[] {
  return [
    ...sources.map(({ name }) => `source ${name}`),
    ...listedNames(reactors).map((name) => `listed ${name}`),
    ...reactors.map(({ name }) => `reactor ${name}`),
    ...graphs.map(({ name }) => `graph ${name}`),
  ]
}

/** Sources that reactors list. */
export function listedNames(reactors: DeclaredGraphs['reactors']): readonly string[] {
  return [...new Set(reactors.flatMap(({ sources }) => sources))]
}

/** The positions in a stream mean nothing in another one. */
export function isOtherStream(stored: string | null, declared: Accumulation): boolean {
  const before = stored === null ? null : (JSON.parse(stored) as Accumulation)
  if (before?.kind !== 'stream') return false
  return declared.kind !== 'stream' || before.type !== declared.type || before.topic !== declared.topic
}
