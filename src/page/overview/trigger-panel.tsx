/** Triggers with their last result, those with problems first. */

import type { Trigger } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { now } from '../live/live-clock.ts'
import { OutcomeBadge } from '../parts/outcome-badge.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { type CronTrigger, readCronTriggers } from '../triggers/cron-trigger.tsx'
import { nextPollInWords } from '../triggers/polling.ts'

const AT_MOST = 1_000
const SHOWN = 20

type PanelTrigger = Trigger | CronTrigger

export async function readPanelTriggers(signal: AbortSignal): Promise<readonly PanelTrigger[]> {
  const [polled, crons] = await Promise.all([
    read('/triggers', { query: { limit: AT_MOST }, signal }),
    readCronTriggers(signal),
  ])
  return [...polled.items, ...crons].sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1))
}

function isFailing(trigger: PanelTrigger): boolean {
  return trigger.kind === 'poll' ? trigger.failuresInRow > 0 : trigger.problem !== null
}

/** Failing triggers first, disabled ones last. */
function rank(trigger: PanelTrigger): number {
  if (!trigger.enabled) return 2
  return isFailing(trigger) ? 0 : 1
}

const COLUMNS: readonly Column<PanelTrigger>[] = [
  { title: 'Trigger', class: 'name', isName: true, cell: Name },
  {
    title: 'Workflow',
    class: 'cut wide-only',
    width: '24%',
    cell: ({ workflow }) => <Link to={addressFor('workflows', workflow)}>{workflow}</Link>,
    tip: ({ workflow }) => workflow,
  },
  { title: 'Last result', class: 'last-result nowrap', cell: LastResult },
  { title: 'Last fired', class: 'nowrap medium-only', width: '110px', cell: LastFired },
  { title: 'Next', class: 'nowrap medium-only', width: '110px', cell: Next },
]

export function TriggerPanel({ triggers }: { readonly triggers: readonly PanelTrigger[] }) {
  return (
    <>
      <Table
        class="panel-triggers"
        items={triggers.slice(0, SHOWN)}
        columns={COLUMNS}
        keyOf={({ name }) => `trigger ${name}`}
        rowClass={({ enabled }) => (enabled ? '' : 'off')}
      />
      {triggers.length > SHOWN && (
        <p class="panel-more">
          {SHOWN} of {triggers.length.toLocaleString('en')} triggers. <Link to="/triggers">All triggers</Link>
        </p>
      )}
    </>
  )
}

function Name(trigger: PanelTrigger) {
  const { name } = trigger
  return (
    <Link
      to={trigger.kind === 'poll' ? addressFor('triggers', name) : addressFor('schedules', trigger.id)}
      title={name}
    >
      {name}
    </Link>
  )
}

function LastResult(trigger: PanelTrigger) {
  if (trigger.kind !== 'poll') {
    if (trigger.problem !== null) return <span class="badge failed">broken</span>
    return trigger.lastRunAt === null ? <span class="faint">not fired yet</span> : <OutcomeBadge outcome="fired" />
  }
  const { lastTick, failuresInRow } = trigger
  if (lastTick === null) return <span class="faint">not polled yet</span>
  return (
    <>
      <OutcomeBadge outcome={lastTick.outcome} />{' '}
      <span class="small faint">
        <Time at={lastTick.lastAt} />
      </span>
      {failuresInRow > 1 && <span class="small bad"> · {failuresInRow} in a row</span>}
    </>
  )
}

function LastFired(trigger: PanelTrigger) {
  return <Time at={trigger.kind === 'poll' ? (trigger.lastFired?.lastAt ?? null) : trigger.lastRunAt} />
}

function Next(trigger: PanelTrigger) {
  if (trigger.kind === 'poll') return nextPollInWords(trigger, now.value)
  return trigger.enabled ? <Time at={trigger.nextRuns[0] ?? null} /> : 'disabled'
}
