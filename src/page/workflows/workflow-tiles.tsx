/** Tiles with the figures of the newest executions of a workflow. */

import type { WorkflowStats } from '../api/answer-types.ts'
import { shownDuration } from '../parts/durations.ts'
import { EXECUTION_STATUSES, stateTone } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { shownRate, successRate } from '../runs/summary-words.ts'

export function WorkflowTiles({ stats }: { readonly stats: WorkflowStats }) {
  const { executions, byStatus, duration, workflow } = stats
  const rate = successRate(stats)
  if (executions === 0) return <p class="faint summary">No executions yet.</p>
  return (
    <dl class="tiles">
      <Tile name="Success">{rate === null ? '–' : shownRate(rate)}</Tile>
      <Tile name="Median">{shown(duration.p50Ms)}</Tile>
      <Tile name="p95">{shown(duration.p95Ms)}</Tile>
      <Tile name={executions === 1 ? 'Last run' : `Last ${executions.toLocaleString('en')} runs`}>
        <span class="progress">
          {EXECUTION_STATUSES.flatMap((status) => {
            const count = byStatus[status] ?? 0
            if (count === 0) return []
            return (
              <Link
                key={status}
                to={`${addressFor('executions')}?workflow=${encodeURIComponent(workflow)}&status=${status}`}
              >
                <span class={`dot ${stateTone(status)}`} />
                {count} {status.toLowerCase()}
              </Link>
            )
          })}
        </span>
      </Tile>
    </dl>
  )
}

function Tile({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div class="tile">
      <dt class="faint small">{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function shown(ms: number | null): string {
  return ms === null ? '–' : shownDuration(ms)
}
