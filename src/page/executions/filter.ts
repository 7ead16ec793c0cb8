/** What the visitor wants to see of the executions. It stands in the URL. */

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

/** How far back, as the URL has it: from now on, whenever that is. */
export const SPANS: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
}

/** A span moves with time; a minute is exact enough, and lets an answer be asked for again. */
const STEP_MS = 60_000

export function currentFilter(): Filter {
  const given = (name: string): string | undefined => query.value.get(name) ?? undefined
  const status = EXECUTION_STATUSES.find((each) => each === given('status'))
  const span = SPANS[given('since') ?? '']
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

/** Names a filter as the visitor has chosen it: a span stays the same while time goes on. */
export function filterKey(parts: readonly (typeof PARTS)[number][] = PARTS): string {
  return JSON.stringify(parts.map((name) => query.value.get(name)))
}

export function clearFilter(): void {
  setQuery({ status: null, workflow: null, trigger: null, since: null, until: null })
}

/** What of the filter counts and bars have, too: all but the status. */
export function scopeOf({ workflow, trigger }: Filter) {
  return { workflow, trigger }
}

function instant(text: string | undefined): string | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
