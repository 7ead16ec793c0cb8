/** All cron schedules and cron triggers: when, in words, and when next. */

import { useRef } from 'preact/hooks'
import type { Schedule } from '../api/answers.ts'
import { read, write } from '../api/client.ts'
import { useKeys } from '../keyboard/keys.ts'
import { focusedRow, useRowKeys } from '../keyboard/row-keys.ts'
import { useResource } from '../live/resource.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { matches, Search } from '../parts/search.tsx'
import { Time } from '../parts/time.tsx'
import { attempt, tell } from '../parts/toasts.tsx'
import { dateAndTime, exactTime } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { addressFor, setQuery } from '../routing/location.ts'
import { cronInWords } from './cron-words.ts'

export function SchedulesScreen() {
  const schedules = useResource('schedules', {
    load: (signal) => read('/schedules', { query: { limit: 1_000 }, signal }),
    concerns: ({ name }) => name === 'cronFired',
  })
  return (
    <main>
      <div class="title-row">
        <h1>Schedules</h1>
        <Search what="schedules" />
      </div>
      <Loaded resource={schedules} what="schedules">
        {({ items }) => <Schedules schedules={items} onChange={() => schedules.reload()} />}
      </Loaded>
    </main>
  )
}

interface SchedulesProps {
  readonly schedules: readonly Schedule[]
  onChange(): void
}

function Schedules({ schedules, onChange }: SchedulesProps) {
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
  const press = (): void => {
    const schedule = schedules.find(({ id }) => id === focusedRow(list))
    if (schedule !== undefined) void toggle(schedule, onChange)
  }
  useKeys([{ key: 'e', does: 'enable or disable the schedule of the current row', press }])
  const shown = schedules.filter((each) => matches(`${nameOf(each)} ${each.workflow} ${each.expression}`))
  if (schedules.length === 0) return <NoSchedules />
  if (shown.length === 0) return <AllHidden what="schedules" onClear={() => setQuery({ q: null })} />
  return (
    <div class="scroll">
      <table class="schedules">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Enabled</span>
            </th>
            <th scope="col">Schedule</th>
            <th scope="col" class="wide-only">
              Workflow
            </th>
            <th scope="col">When</th>
            <th scope="col">Next</th>
            <th scope="col" class="medium-only">
              Last
            </th>
          </tr>
        </thead>
        <tbody ref={list}>
          {shown.map((schedule) => (
            <Row key={schedule.id} schedule={schedule} onChange={onChange} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ schedule, onChange }: { readonly schedule: Schedule; onChange(): void }) {
  const { id, workflow, expression, timezone, kind, enabled, nextRuns, lastRunAt, catchup, problem } = schedule
  const words = cronInWords(expression)
  return (
    <tr data-row={id} class={enabled ? '' : 'off'}>
      <td>
        <button
          type="button"
          role="switch"
          class="switch"
          data-open
          aria-checked={enabled}
          aria-label={`${nameOf(schedule)} is enabled`}
          onClick={() => void toggle(schedule, onChange)}
        />
      </td>
      <th scope="row">
        {nameOf(schedule)}
        <div class="small faint">{kind}</div>
      </th>
      <td class="wide-only">
        <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
      </td>
      <td>
        {words ?? <code>{expression}</code>}
        <div class="small faint">
          {words !== null && <code>{expression}</code>} {timezone}
          {catchup !== 'skip' && `, missed runs: ${catchup}`}
        </div>
      </td>
      {problem === null ? (
        <td class="nowrap">{enabled ? <Next instants={nextRuns} /> : <span class="faint">disabled</span>}</td>
      ) : (
        <td>
          <Broken problem={problem} />
        </td>
      )}
      <td class="nowrap medium-only">
        <Time at={lastRunAt} />
      </td>
    </tr>
  )
}

/** A cron trigger whose expression or zone is wrong. */
function Broken({ problem }: { readonly problem: string }) {
  return (
    <>
      <span class="badge failed">broken</span>
      <div class="small faint">{problem}</div>
    </>
  )
}

/** The next one, and those after it. */
function Next({ instants: [next, ...others] }: { readonly instants: readonly string[] }) {
  if (next === undefined) return <span class="faint">no further runs</span>
  return (
    <details class="next">
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

function nameOf({ triggerName, instanceName, id }: Schedule): string {
  return triggerName ?? instanceName ?? id.slice(0, 8)
}

async function toggle(schedule: Schedule, onChange: () => void): Promise<void> {
  const { id, enabled } = schedule
  const path = enabled ? '/schedules/{schedule}/disable' : '/schedules/{schedule}/enable'
  await attempt(`Could not ${enabled ? 'disable' : 'enable'} "${nameOf(schedule)}"`, async () => {
    await write(path, { path: { schedule: id } }, {})
    tell(`"${nameOf(schedule)}" is ${enabled ? 'disabled' : 'enabled'}`)
    onChange()
  })
}

function NoSchedules() {
  return (
    <NothingYet title="No schedules yet">
      <p>
        Declare a trigger with <code>cron=</code>, or create a schedule:
      </p>
      <pre>cloaca schedule create WORKFLOW '0 2 * * *'</pre>
    </NothingYet>
  )
}
