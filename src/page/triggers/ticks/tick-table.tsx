/** List of the ticks of a trigger, newest first. If the timeline shows a range, the list shows the same range. */

import type { Tick } from '../../api/answer-types.ts'
import { read } from '../../api/client.ts'
import { useRowKeys } from '../../keyboard/row-keys.ts'
import { concernsTrigger } from '../../live/concerns.ts'
import { OTHERS_EVERY_MS, usePolling } from '../../live/reading-again.ts'
import { useResource } from '../../live/resource.ts'
import { shownDuration } from '../../parts/durations.ts'
import { EmptyList, FilteredOut } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { OutcomeBadge, outcomeName, outcomeReason } from '../../parts/outcome-badge.tsx'
import { Time } from '../../parts/time.tsx'
import { query, setQuery } from '../../routing/location.ts'
import { type Column, Table } from '../../rows/column-table.tsx'
import { BY_BADNESS } from '../../timeline/badness.ts'
import { range } from '../../timeline/window.ts'
import { TickDialog, tickInUrl } from './tick-dialog.tsx'
import { firingsInWords, TickExecutions } from './tick-executions.tsx'

const ROWS = 50

export function TickTable({ name }: { readonly name: string }) {
  const [outcome, after] = ['outcome', 'after'].map((part) => query.value.get(part) ?? undefined)
  const shown = range.value
  const since = shown === null ? undefined : new Date(shown.fromAt).toISOString()
  const until = shown === null ? undefined : new Date(shown.untilAt).toISOString()
  const ticks = useResource(`ticks ${name} ${outcome} ${after} ${since} ${until}`, {
    load: (signal) =>
      read('/triggers/{name}/ticks', {
        path: { name },
        query: { outcome, cursor: after, since, until, limit: ROWS },
        signal,
      }),
    concerns: (event) => after === undefined && concernsTrigger(event, name),
  })
  usePolling(ticks, OTHERS_EVERY_MS, after === undefined)
  return (
    <section aria-label="Polls">
      <div class="section-row">
        <h2>Polls</h2>
        <OutcomeFilter chosen={outcome} />
      </div>
      <Loaded resource={ticks} what="polls">
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 ? (
              <NoTicks isFiltered={Boolean(outcome ?? since ?? after)} />
            ) : (
              <Rows name={name} ticks={items} />
            )}
            <div class="pager">
              {after !== undefined && (
                <button type="button" onClick={() => setQuery({ after: null })}>
                  Newest
                </button>
              )}
              {nextCursor !== null && (
                <button type="button" onClick={() => setQuery({ after: nextCursor })}>
                  Older
                </button>
              )}
            </div>
          </>
        )}
      </Loaded>
      <TickDialog name={name} />
    </section>
  )
}

function OutcomeFilter({ chosen }: { readonly chosen: string | undefined }) {
  const outcomes = chosen?.split(',') ?? []
  const toggle = (outcome: string): void => {
    const next = outcomes.includes(outcome) ? outcomes.filter((each) => each !== outcome) : [...outcomes, outcome]
    setQuery({ outcome: next.join(',') || null, after: null })
  }
  return (
    <div class="chips">
      {BY_BADNESS.map((outcome) => (
        <button
          key={outcome}
          type="button"
          class="chip"
          aria-pressed={outcomes.includes(outcome)}
          onClick={() => toggle(outcome)}
        >
          {outcomeName(outcome)}
        </button>
      ))}
    </div>
  )
}

function NoTicks({ isFiltered }: { readonly isFiltered: boolean }) {
  if (!isFiltered) return <EmptyList title="No polls yet" />
  return <FilteredOut what="polls" onClear={() => setQuery({ outcome: null, after: null, from: null, to: null })} />
}

const columns = (name: string): readonly Column<Tick>[] => [
  { title: 'Time', class: 'nowrap', cell: Open },
  { title: 'Outcome', class: 'nowrap', cell: Result },
  { title: 'Reason or error', class: 'cut', width: '60%', cell: outcomeReason, tip: outcomeReason },
  { title: 'Lateness', class: 'number medium-only', cell: ({ latenessMs }) => durationOf(latenessMs) },
  { title: 'Duration', class: 'number medium-only', cell: ({ durationMs }) => durationOf(durationMs) },
  {
    title: 'Execution',
    class: 'nowrap medium-only',
    cell: (tick) => (
      <TickExecutions name={name} tick={tick}>
        {tick.executionId?.slice(0, 8)}
      </TickExecutions>
    ),
  },
  { title: <span class="unseen">Details</span>, class: 'number', cell: Parts },
]

function Rows({ name, ticks }: { readonly name: string; readonly ticks: readonly Tick[] }) {
  return <Table class="ticks" list={useRowKeys()} items={ticks} columns={columns(name)} keyOf={({ id }) => id} />
}

function Result(tick: Tick) {
  const { outcome, count } = tick
  const firings = firingsInWords(tick)
  return (
    <>
      <OutcomeBadge outcome={outcome} />
      {firings !== '' && <span class="small faint"> {firings}</span>}
      {count > 1 && <span class="small faint"> × {count.toLocaleString('en')}</span>}
    </>
  )
}

function Open(tick: Tick) {
  return (
    <button type="button" class="quiet in-row" data-open onClick={() => setQuery(tickInUrl(tick))}>
      <Time at={tick.lastAt} />
    </button>
  )
}

/** Opens the tick, too, if it has more than the row shows; the text names these parts. */
function Parts(tick: Tick) {
  const { errorMessage, changesState, hasLog } = tick
  const parts = [errorMessage !== null && 'error', changesState && 'state', hasLog && 'log'].filter((part) => part)
  if (parts.length === 0) return null
  const text = parts.join(', ')
  return (
    <button type="button" class="quiet in-row" onClick={() => setQuery(tickInUrl(tick))}>
      {text.charAt(0).toUpperCase() + text.slice(1)}
    </button>
  )
}

function durationOf(ms: number | null): string {
  return ms === null ? '' : shownDuration(ms)
}
