/** All cron schedules and cron triggers, with their times in words and their next runs. */

import { signal } from '@preact/signals'
import type { Schedule } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { BackfillDialog } from '../batches/backfill-dialog.tsx'
import { BackfillTable, useBackfills } from '../batches/batch-table.tsx'
import { matchesSearch, Search } from '../fields/search.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { focusedRow, useRowKeys } from '../keyboard/row-keys.ts'
import { useResource } from '../live/resource.ts'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { dateAndTime, exactTime } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { addressFor, setQuery } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { cronInWords } from './cron-words.ts'
import { ScheduleSwitch, shownName, toggle, When } from './schedule-words.tsx'

/** Schedule of the open dialog, or null. */
const backfilled = signal<Schedule | null>(null)

export function SchedulesScreen() {
  const schedules = useResource('schedules', {
    load: (signal) => read('/schedules', { query: { limit: 1_000 }, signal }),
    concerns: ({ name }) => name === 'cronFired',
  })
  const backfills = useBackfills()
  return (
    <main>
      <div class="title-row">
        <h1>Schedules</h1>
        <Search what="schedules" />
      </div>
      <Loaded resource={schedules} what="schedules">
        {({ items }) => <Schedules schedules={items} onChange={() => schedules.reload()} />}
      </Loaded>
      <BackfillTable backfills={backfills} />
      {backfilled.value !== null && (
        <BackfillDialog
          schedule={backfilled.value}
          name={shownName(backfilled.value)}
          onDone={() => backfills.reload()}
          onClose={() => {
            backfilled.value = null
          }}
        />
      )}
    </main>
  )
}

interface SchedulesProps {
  readonly schedules: readonly Schedule[]
  onChange(): void
}

function Schedules({ schedules, onChange }: SchedulesProps) {
  const list = useRowKeys()
  const press = (): void => {
    const schedule = schedules.find(({ id }) => id === focusedRow(list))
    if (schedule !== undefined) void toggle(schedule, onChange)
  }
  useKeys([{ key: 'e', does: 'enable or disable the schedule of the current row', press }])
  const shown = schedules.filter((each) => matchesSearch(`${shownName(each)} ${each.workflow} ${each.expression}`))
  if (schedules.length === 0) return <NoSchedules />
  if (shown.length === 0) return <FilteredOut what="schedules" onClear={() => setQuery({ q: null })} />
  return (
    <Table
      class="schedules"
      list={list}
      items={shown}
      columns={columnsOf(onChange)}
      keyOf={({ id }) => id}
      rowClass={({ enabled }) => (enabled ? '' : 'off')}
    />
  )
}

function columnsOf(onChange: () => void): readonly Column<Schedule>[] {
  return [
    {
      title: <span class="unseen">Enabled</span>,
      cell: (schedule) => <ScheduleSwitch schedule={schedule} onChange={onChange} />,
    },
    { title: 'Schedule', isName: true, cell: Name },
    {
      title: 'Workflow',
      class: 'wide-only',
      cell: ({ workflow }) => <Link to={addressFor('workflows', workflow)}>{workflow}</Link>,
    },
    { title: 'Times', class: 'medium-only', cell: When },
    { title: 'Next', cell: Next },
    { title: 'Last', class: 'nowrap medium-only', cell: ({ lastRunAt }) => <Time at={lastRunAt} /> },
    { title: <span class="unseen">Actions</span>, class: 'medium-only', cell: BackfillButton },
  ]
}

function BackfillButton(schedule: Schedule) {
  const open = (): void => {
    backfilled.value = schedule
  }
  return (
    <button
      type="button"
      aria-label={`Backfill ${shownName(schedule)}`}
      disabled={schedule.problem !== null}
      onClick={open}
    >
      Backfill …
    </button>
  )
}

function Name(schedule: Schedule) {
  return (
    <>
      <Link to={addressFor('schedules', schedule.id)}>{shownName(schedule)}</Link>
      <div class="small faint">{schedule.kind}</div>
      <div class="small faint narrow-only">runs {schedule.workflow}</div>
      <div class="small faint narrow-only">{cronInWords(schedule.expression) ?? schedule.expression}</div>
    </>
  )
}

/** Returns the next time and those after it, or why a cron trigger with a wrong expression or zone has none. */
function Next({ problem, enabled, nextRuns: [next, ...others] }: Schedule) {
  if (problem !== null) {
    return (
      <>
        <span class="badge failed">broken</span>
        <div class="small faint">{problem}</div>
      </>
    )
  }
  if (!enabled) return <span class="faint nowrap">disabled</span>
  if (next === undefined) return <span class="faint nowrap">no further runs</span>
  return (
    <details class="next nowrap">
      <summary>
        <Time at={next} />
      </summary>
      <ol>
        {[next, ...others].map((at) => (
          <li key={at} class="small faint" title={exactTime(Date.parse(at))}>
            {dateAndTime(Date.parse(at))}
          </li>
        ))}
      </ol>
    </details>
  )
}

function NoSchedules() {
  return (
    <EmptyList title="No schedules yet">
      <p>
        Declare a trigger with <code>cron=</code>, or create a schedule:
      </p>
      <pre>cloaca schedule create WORKFLOW '0 2 * * *'</pre>
    </EmptyList>
  )
}
