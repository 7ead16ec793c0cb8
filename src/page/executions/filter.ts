/** Filter of the executions, which is in the URL. */

import { engineNow } from '../api/engine-time.ts'
import { EXECUTION_STATUSES } from '../parts/states.tsx'
import { query, setQuery } from '../routing/location.ts'

export interface Filter {
  readonly status: string | undefined
  readonly workflow: string | undefined
  readonly trigger: string | undefined
  /** RFC 3339. */
  readonly since: string | undefined
  readonly until: string | undefined
}

/** Lengths of time before now, by their names in the URL. */
export const PERIODS_MS: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
}

/** Rounding of the start of a period, so that requests within a minute are equal. */
const STEP_MS = 60_000

export function currentFilter(): Filter {
  const given = (name: string): string | undefined => query.value.get(name) ?? undefined
  const status = EXECUTION_STATUSES.find((each) => each === given('status'))
  const span = PERIODS_MS[given('since') ?? '']
  const from = span === undefined ? Number.NaN : Math.floor((engineNow() - span) / STEP_MS) * STEP_MS
  return {
    status,
    workflow: given('workflow'),
    trigger: given('trigger'),
    since: Number.isNaN(from) ? instant(given('since')) : new Date(from).toISOString(),
    until: instant(given('until')),
  }
}

const PARTS = ['status', 'workflow', 'trigger', 'since', 'until'] as const

export function isFiltered(): boolean {
  return PARTS.some((name) => query.value.has(name))
}

/** Returns a key for a filter as the visitor has chosen it: a span keeps its key while time passes. */
export function filterKey(parts: readonly (typeof PARTS)[number][] = PARTS): string {
  return JSON.stringify(parts.map((name) => query.value.get(name)))
}

export function clearFilter(): void {
  setQuery({ status: null, workflow: null, trigger: null, since: null, until: null })
}

/** Returns the part of the filter that also applies to counts and bars: all but the status. */
export function withoutStatus({ workflow, trigger }: Filter) {
  return { workflow, trigger }
}

function instant(text: string | undefined): string | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
