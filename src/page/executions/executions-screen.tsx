/** All executions: their number by state, a bar chart of the last day, and the list, which grows when scrolled. */

import { useEffect, useMemo } from 'preact/hooks'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { listenToEvents } from '../live/event-connection.ts'
import type { ServerEvent } from '../live/event-reader.ts'
import { usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { showProblem } from '../overlays/toasts.tsx'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { BulkActions } from './bulk.tsx'
import { ExecutionList } from './execution-list.ts'
import { ExecutionRows } from './execution-rows.tsx'
import { clearFilter, currentFilter, filterKey, isFiltered, withoutStatus } from './filter.ts'
import { Filters } from './filters.tsx'
import { Counts } from './status-counts.tsx'
import { TrendBars } from './trend.tsx'

const CHANGING: ReadonlySet<string> = new Set(['executionStarted', 'executionFinished', 'triggerFired', 'cronFired'])
/** Events of other processes do not arrive here. */
const LIST_EVERY_MS = 5_000
const COUNTS_EVERY_MS = 10_000
const HOUR_MS = 3_600_000

const concerns = ({ name }: ServerEvent): boolean => CHANGING.has(name)

export function ExecutionsScreen() {
  const counts = useResource(`counts ${filterKey(['workflow', 'trigger', 'since', 'until'])}`, {
    load: (signal) => read('/executions/counts', { query: { ...currentFilter(), status: undefined }, signal }),
    concerns,
  })
  const trend = useResource(`trend ${filterKey(['workflow', 'trigger'])}`, {
    load: (signal) =>
      read('/executions/trend', { query: { ...withoutStatus(currentFilter()), ...lastDay(), bars: 24 }, signal }),
    concerns,
  })
  usePolling(counts, COUNTS_EVERY_MS)
  usePolling(trend, COUNTS_EVERY_MS)
  return (
    <main class="executions-screen">
      <div class="title-row">
        <h1>Executions</h1>
        <TrendBars trend={trend.value.value} />
      </div>
      <div class="executions-head">
        <Counts counts={counts.value.value} />
        <Filters />
      </div>
      <Listed key={filterKey()} />
    </main>
  )
}

/** Returns the last day in whole hours, so that a selected bar does not move. */
function lastDay() {
  const untilAt = Math.ceil((engineNow() + 1) / HOUR_MS) * HOUR_MS
  return { since: new Date(untilAt - 24 * HOUR_MS).toISOString(), until: new Date(untilAt).toISOString() }
}

function Listed() {
  const list = useMemo(() => new ExecutionList(), [])
  const resource = useResource('executions', {
    load: async (signal) => {
      await list.loadNewest(signal)
      return list
    },
    concerns,
  })
  usePolling(resource, LIST_EVERY_MS)
  useEffect(() => listenToEvents((event) => list.heard(event)), [list])
  const more = (): void => {
    list.loadOlder().catch((thrown: unknown) => showProblem('Could not load older executions', thrown))
  }
  return (
    <Loaded resource={resource} what="executions">
      {() => {
        const rows = list.rows.value
        if (rows.length === 0) return <None />
        return (
          <>
            <BulkActions onDone={() => resource.reload()} />
            <ExecutionRows rows={rows} onNearEnd={more} />
          </>
        )
      }}
    </Loaded>
  )
}

function None() {
  if (isFiltered()) return <FilteredOut what="executions" onClear={clearFilter} />
  return (
    <EmptyList title="No executions yet">
      <p>
        An execution starts when a trigger fires, or with <code>cloaca workflow run NAME</code>
      </p>
    </EmptyList>
  )
}
