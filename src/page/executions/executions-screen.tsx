/** All executions: how many in each state, the last day in bars, and the list, which goes on as it is scrolled. */

import { useEffect, useMemo } from 'preact/hooks'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { listen } from '../live/connection.ts'
import type { ServerEvent } from '../live/event-reader.ts'
import { useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { tellProblem } from '../parts/toasts.tsx'
import { BulkActions } from './bulk.tsx'
import { Counts } from './counts.tsx'
import { ExecutionList } from './execution-list.ts'
import { ExecutionRows } from './execution-rows.tsx'
import { clearFilter, currentFilter, filterKey, isFiltered, scopeOf } from './filter.ts'
import { Filters } from './filters.tsx'
import { TrendBars } from './trend.tsx'

const CHANGING: ReadonlySet<string> = new Set(['executionStarted', 'executionFinished', 'triggerFired', 'cronFired'])
/** What other processes run is not told here. */
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
      read('/executions/trend', { query: { ...scopeOf(currentFilter()), ...lastDay(), bars: 24 }, signal }),
    concerns,
  })
  useReadingAgain(counts, COUNTS_EVERY_MS)
  useReadingAgain(trend, COUNTS_EVERY_MS)
  return (
    <main>
      <div class="title-row">
        <h1>Executions</h1>
        <TrendBars trend={trend.value.value} />
      </div>
      <Counts counts={counts.value.value} />
      <Filters />
      <Listed key={filterKey()} />
    </main>
  )
}

/** Whole hours: a bar that is chosen stays one. */
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
  useReadingAgain(resource, LIST_EVERY_MS)
  useEffect(() => listen((event) => list.heard(event)), [list])
  const more = (): void => {
    list.loadOlder().catch((thrown: unknown) => tellProblem('Could not load older executions', thrown))
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
  if (isFiltered()) return <AllHidden what="executions" onClear={clearFilter} />
  return (
    <NothingYet title="No executions yet">
      <p>
        An execution starts when a trigger fires, or with <code>cloaca workflow run NAME</code>
      </p>
    </NothingYet>
  )
}
