/** Metrics of limits by key. Values of `per` are not labels, because there may be any number of them. */

import { NamedCounters } from '../../metrics/named-counters.ts'
import type { LimitRow } from '../../model/limits/limits.ts'
import type { Labels } from './exposition.ts'

interface LimitFamily {
  readonly name: string
  readonly help: string
  readonly samples: readonly (readonly [labels: Labels, value: number])[]
}

/** Returns gauges. The limits after the first 500 share the name `other`, as in other metrics. */
export function limitFamilies(limits: readonly LimitRow[]): readonly LimitFamily[] {
  return [
    {
      name: 'cloaca_limit_slots',
      help: 'Maximum number of slots of a limit, for each value of per. Missing for a limit with only a rate.',
      samples: sampled(limits, ({ maxActive }) => maxActive),
    },
    {
      name: 'cloaca_limit_slots_used',
      help: 'Slots of a limit in use in the database, over all values of per.',
      samples: sampled(limits, ({ used }) => used),
    },
    {
      name: 'cloaca_limit_waiting',
      help: 'Tasks or executions in the database that wait for a slot of a limit.',
      samples: sampled(limits, ({ waiting }) => waiting),
    },
  ]
}

function sampled(limits: readonly LimitRow[], read: (limit: LimitRow) => number | null): LimitFamily['samples'] {
  const sums = new NamedCounters(() => ({ value: 0 }))
  for (const limit of limits) {
    const value = read(limit)
    if (value !== null) sums.of(limit.name).value += value
  }
  return [...sums].map(([limit, { value }]) => [{ limit }, value] as const)
}
