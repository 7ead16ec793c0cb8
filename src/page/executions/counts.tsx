/** How many there are in each state: each is a switch that shows only those. */

import type { Reads } from '../api/answers.ts'
import { EXECUTION_STATUSES, toneOf } from '../parts/states.tsx'
import { query, setQuery } from '../routing/location.ts'

export function Counts({ counts }: { readonly counts: Reads['/executions/counts'] | null }) {
  const chosen = query.value.get('status')
  return (
    <fieldset class="counts" aria-label="Executions by state">
      {EXECUTION_STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          class={counts?.counts[status] ? `count is-${toneOf(status)}` : 'count'}
          aria-pressed={chosen === status}
          onClick={() => setQuery({ status: chosen === status ? null : status, sel: null })}
        >
          <strong>{counts === null ? '–' : shown(counts, status)}</strong> {status}
        </button>
      ))}
    </fieldset>
  )
}

function shown({ counts, atLeast }: Reads['/executions/counts'], status: (typeof EXECUTION_STATUSES)[number]): string {
  const count = (counts[status] ?? 0).toLocaleString('en')
  return atLeast.includes(status) ? `${count}+` : count
}
