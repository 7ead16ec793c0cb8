/** Number of executions by state. Each number is a switch that filters the list. */

import type { ReadResponses } from '../api/answer-types.ts'
import { EXECUTION_STATUSES, stateTone } from '../parts/states.tsx'
import { query, setQuery } from '../routing/location.ts'

export function Counts({ counts }: { readonly counts: ReadResponses['/executions/counts'] | null }) {
  const chosen = query.value.get('status')
  return (
    <fieldset class="counts" aria-label="Executions by state">
      {EXECUTION_STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          class={counts?.counts[status] ? `count is-${stateTone(status)}` : 'count'}
          aria-pressed={chosen === status}
          onClick={() => setQuery({ status: chosen === status ? null : status, sel: null })}
        >
          <strong>{counts === null ? '–' : shown(counts, status)}</strong> {status}
        </button>
      ))}
    </fieldset>
  )
}

function shown(
  { counts, atLeast }: ReadResponses['/executions/counts'],
  status: (typeof EXECUTION_STATUSES)[number],
): string {
  const count = (counts[status] ?? 0).toLocaleString('en')
  return atLeast.includes(status) ? `${count}+` : count
}
