/** The screen of one schedule or cron trigger: next times, past runs, backfills and actions. */

import { useState } from 'preact/hooks'
import { ActionList } from '../actions/action-list.tsx'
import type { Schedule } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { BackfillDialog } from '../batches/backfill-dialog.tsx'
import { BackfillTable } from '../batches/batch-table.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Fact } from '../parts/fact.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { PastRuns, useRuns } from './past-runs.tsx'
import { RunScheduleDialog } from './run-now-dialog.tsx'
import { executionSource, ScheduleSwitch, shownName, toggle, When } from './schedule-words.tsx'
import { TimeList } from './time-list.tsx'
import { TimingDialog } from './timing-dialog.tsx'

type Opened = 'run' | 'backfill' | 'edit' | null

export function ScheduleScreen({ params: [name = ''] }: ScreenProps) {
  const schedule = useResource(`schedule ${name}`, {
    load: (signal) => read('/schedules/{schedule}', { path: { schedule: name }, signal }),
    concerns: (event) => event.name === 'cronFired',
  })
  usePolling(schedule, OTHERS_EVERY_MS)
  return (
    <main>
      <p class="crumbs">
        <Link to="/schedules">Schedules</Link>
      </p>
      <Loaded resource={schedule} what="the schedule">
        {(value) => <Shown schedule={value} onChange={() => schedule.reload()} />}
      </Loaded>
    </main>
  )
}

interface ShownProps {
  readonly schedule: Schedule
  onChange(): void
}

function Shown({ schedule, onChange }: ShownProps) {
  const { id } = schedule
  const [opened, setOpened] = useState<Opened>(null)
  const runs = useRuns(executionSource(schedule))
  const backfills = useResource(`backfills ${id}`, {
    load: (signal) => read('/schedules/{schedule}/backfills', { path: { schedule: id }, query: { limit: 20 }, signal }),
    concerns: ({ name }) => name === 'executionStarted' || name === 'executionFinished',
  })
  usePolling(backfills, OTHERS_EVERY_MS)
  const actions = useResource(`actions ${id}`, {
    load: (signal) => read('/schedules/{schedule}/actions', { path: { schedule: id }, signal }),
    concerns: () => false,
  })
  usePolling(actions, OTHERS_EVERY_MS)
  const changed = (): void => {
    onChange()
    for (const each of [runs, backfills, actions]) each.reload()
  }
  useKeys([
    { key: 'r', does: 'run the schedule now', press: () => setOpened('run') },
    { key: 'e', does: 'enable or disable the schedule', press: () => void toggle(schedule, changed) },
  ])
  const close = (): void => setOpened(null)
  return (
    <>
      <Head schedule={schedule} onChange={changed} onOpen={setOpened} />
      <Facts schedule={schedule} />
      <NextTimes schedule={schedule} />
      <PastRuns schedule={schedule} runs={runs} />
      <BackfillTable backfills={backfills} />
      <ActionList actions={actions} />
      {opened === 'run' && <RunScheduleDialog schedule={schedule} onDone={changed} onClose={close} />}
      {opened === 'edit' && <TimingDialog schedule={schedule} onDone={changed} onClose={close} />}
      {opened === 'backfill' && (
        <BackfillDialog schedule={schedule} name={shownName(schedule)} onDone={changed} onClose={close} />
      )}
    </>
  )
}

interface HeadProps extends ShownProps {
  onOpen(opened: Opened): void
}

function Head({ schedule, onChange, onOpen }: HeadProps) {
  const { enabled, problem, kind, workflow } = schedule
  const isTrigger = kind === 'cron trigger'
  return (
    <div class="title-row">
      <div class="title">
        <ScheduleSwitch schedule={schedule} onChange={onChange} />
        <h1>{shownName(schedule)}</h1>
        {kind === 'schedule' && <span class="faint medium-only">schedule of {workflow}</span>}
        {!enabled && <span class="state quiet">disabled</span>}
        {problem !== null && <span class="state bad">broken</span>}
      </div>
      <div class="actions">
        <button type="button" class="primary" onClick={() => onOpen('run')}>
          Run now …
        </button>
        <button type="button" disabled={problem !== null} onClick={() => onOpen('backfill')}>
          Backfill …
        </button>
        {!isTrigger && (
          <button type="button" onClick={() => onOpen('edit')}>
            Edit …
          </button>
        )}
      </div>
      {isTrigger && (
        <p class="small faint whole-row">
          A script declares the times of this cron trigger. Change them in the script.
        </p>
      )}
    </div>
  )
}

function Facts({ schedule }: Pick<ShownProps, 'schedule'>) {
  const { workflow, kind, lastRunAt, createdAt, undeclaredAt } = schedule
  return (
    <dl class="fact-grid schedule-facts">
      <Fact name="Times">
        <When {...schedule} />
      </Fact>
      <Fact name="Workflow">
        <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
      </Fact>
      <Fact name="Last firing">
        <Time at={lastRunAt} />
      </Fact>
      <Fact name="Kind">
        {kind}
        {undeclaredAt !== null && (
          <div class="small faint">
            not declared by any script since <Time at={undeclaredAt} />
          </div>
        )}
      </Fact>
      <Fact name="Created">
        <Time at={createdAt} />
      </Fact>
    </dl>
  )
}

function NextTimes({ schedule: { nextRuns, enabled, problem } }: Pick<ShownProps, 'schedule'>) {
  return (
    <section aria-label="Next times">
      <div class="section-row">
        <h2>Next times</h2>
      </div>
      {problem !== null && <p class="problem-words">{problem}</p>}
      {problem === null && !enabled && <p class="faint">The schedule is disabled, and does not fire.</p>}
      {problem === null && enabled && nextRuns.length === 0 && <p class="faint">No time is left.</p>}
      <TimeList times={nextRuns} />
    </section>
  )
}
