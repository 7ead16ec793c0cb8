/** Past runs of a schedule, and the times at which it started nothing. */

import type { ExecutionRow, ReadResponses, Schedule } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { now } from '../live/live-clock.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { type Resource, useResource } from '../live/resource.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { shownDuration } from '../parts/durations.ts'
import { Loaded } from '../parts/loaded.tsx'
import { errorWords, StateBadge, shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { executionSource } from './schedule-words.tsx'

const AT_MOST = 25

export function useRuns(source: string): Resource<ReadResponses['/executions']> {
  const runs = useResource(`runs ${source}`, {
    load: (signal) => read('/executions', { query: { trigger: source, limit: AT_MOST }, signal }),
    concerns: ({ name }) => /^(cronFired|executionStarted|executionFinished)$/.test(name),
  })
  usePolling(runs, OTHERS_EVERY_MS)
  return runs
}

interface PastRunsProps {
  readonly schedule: Schedule
  readonly runs: Resource<ReadResponses['/executions']>
}

export function PastRuns({ schedule, runs }: PastRunsProps) {
  const all = `/executions?trigger=${encodeURIComponent(executionSource(schedule))}`
  return (
    <section aria-label="Past runs">
      <div class="section-row">
        <h2>Past runs</h2>
        <Link to={all}>All executions</Link>
      </div>
      <Loaded resource={runs} what="the past runs">
        {({ items }) =>
          items.length === 0 ? (
            <p class="faint">This schedule has not started an execution yet.</p>
          ) : (
            <RunTable runs={items} />
          )
        }
      </Loaded>
      <EmptyFirings schedule={schedule} />
    </section>
  )
}

const COLUMNS: readonly Column<ExecutionRow>[] = [
  {
    title: 'Run',
    isName: true,
    class: 'nowrap',
    cell: ({ id }) => (
      <Link to={addressFor('executions', id)}>
        <code>{shortId(id)}</code>
      </Link>
    ),
  },
  { title: 'State', cell: State },
  { title: 'Created', class: 'nowrap', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { title: 'Duration', class: 'number', cell: Duration },
  { title: 'Cause', class: 'cut wide-cell medium-only', cell: Cause, tip: causeOf },
]

function RunTable({ runs }: { readonly runs: readonly ExecutionRow[] }) {
  const list = useRowKeys()
  return <Table class="past-runs" list={list} items={runs} columns={COLUMNS} keyOf={({ id }) => shortId(id)} />
}

/** On a narrow screen, the cause of a failure is below the state. */
function State(run: ExecutionRow) {
  return (
    <>
      <StateBadge state={run.status} />
      <div class="narrow-only small faint run-cause">{causeOf(run)}</div>
    </>
  )
}

function Duration({ startedAt, endedAt }: ExecutionRow) {
  if (startedAt === null) return <span class="faint">–</span>
  const end = endedAt === null ? now.value : Date.parse(endedAt)
  return <>{shownDuration(Math.max(0, end - Date.parse(startedAt)))}</>
}

function Cause(run: ExecutionRow) {
  const { origin } = run
  return (
    <span class="small faint">
      {origin.kind === 'backfill' && 'backfill '}
      {causeOf(run)}
    </span>
  )
}

function causeOf(run: ExecutionRow): string | null {
  const error = errorWords(run)
  return error === null ? null : withoutAnsi(error)
}

/** Firings among the newest that have no execution: a limit refused it, or no engine had the workflow. */
function EmptyFirings({ schedule: { id } }: Pick<PastRunsProps, 'schedule'>) {
  const firings = useResource(`firings ${id}`, {
    load: (signal) =>
      read('/schedules/{schedule}/firings', { path: { schedule: id }, query: { limit: AT_MOST }, signal }),
    concerns: ({ name }) => name === 'cronFired',
  })
  const empty = (firings.value.value?.items ?? []).filter(({ executionId }) => executionId === null)
  if (empty.length === 0) return null
  return (
    <>
      <h3 class="empty-firings">Times without a run</h3>
      <ul class="time-list">
        {empty.map(({ id: firing, scheduledAt, isLimited }) => (
          <li key={firing}>
            <Time at={scheduledAt} />{' '}
            <span class="small faint">
              {isLimited ? 'the limit of the workflow was reached' : 'no engine had the workflow'}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
