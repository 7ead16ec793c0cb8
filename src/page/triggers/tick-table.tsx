/** The ticks of a trigger as a list, the newest first; those of the range that the timeline shows, where it shows one. */

import { useRef } from 'preact/hooks'
import type { Tick } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { isOfTrigger } from '../live/concerns.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { OutcomeBadge, outcomeName, whyOf } from '../parts/outcomes.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'
import { BY_BADNESS } from '../timeline/badness.ts'
import { range } from '../timeline/window.ts'
import { TickDialog, tickInUrl } from './tick-dialog.tsx'

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
    // What lies behind a cursor does not change.
    concerns: (event) => after === undefined && isOfTrigger(event, name),
  })
  useReadingAgain(ticks, OTHERS_EVERY_MS, after === undefined)
  return (
    <section aria-label="Polls">
      <div class="section-row">
        <h2>Polls</h2>
        <OutcomeFilter chosen={outcome} />
      </div>
      <Loaded resource={ticks} what="polls">
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 ? <NoTicks isFiltered={Boolean(outcome ?? since ?? after)} /> : <Rows ticks={items} />}
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
  if (!isFiltered) return <NothingYet title="No polls yet" />
  return <AllHidden what="polls" onClear={() => setQuery({ outcome: null, after: null, from: null, to: null })} />
}

function Rows({ ticks }: { readonly ticks: readonly Tick[] }) {
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
  return (
    <div class="scroll">
      <table class="ticks">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="rest">
              Reason or error
            </th>
            <th scope="col" class="number medium-only">
              Lateness
            </th>
            <th scope="col" class="number medium-only">
              Duration
            </th>
            <th scope="col" class="medium-only">
              Execution
            </th>
            <th scope="col">
              <span class="unseen">Details</span>
            </th>
          </tr>
        </thead>
        <tbody ref={list}>
          {ticks.map((tick) => (
            <Row key={tick.id} tick={tick} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ tick }: { readonly tick: Tick }) {
  const { id, outcome, lastAt, count, latenessMs, durationMs, executionId } = tick
  const why = whyOf(tick)
  return (
    <tr data-row={id}>
      <td class="nowrap">
        <Time at={lastAt} />
      </td>
      <td class="nowrap">
        <OutcomeBadge outcome={outcome} />
        {count > 1 && <span class="small faint"> × {count.toLocaleString('en')}</span>}
      </td>
      <td class="rest cut" title={why ?? ''}>
        {why}
      </td>
      <td class="number medium-only">{latenessMs === null ? '' : shownDuration(latenessMs)}</td>
      <td class="number medium-only">{durationMs === null ? '' : shownDuration(durationMs)}</td>
      <td class="nowrap medium-only">
        {executionId !== null && <Link to={addressFor('executions', executionId)}>{executionId.slice(0, 8)}</Link>}
      </td>
      <td class="number">
        <button type="button" class="quiet small" data-open onClick={() => setQuery(tickInUrl(tick))}>
          Log
        </button>
      </td>
    </tr>
  )
}
