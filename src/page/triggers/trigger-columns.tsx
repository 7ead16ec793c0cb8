/** Columns of the list of triggers, which contains polled triggers and cron triggers. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Trigger } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { now } from '../live/live-clock.ts'
import { useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { OutcomeBadge, outcomeReason } from '../parts/outcome-badge.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import type { Column } from '../rows/column-table.tsx'
import { cronInWords } from '../schedules/cron-words.ts'
import { type CronTrigger, LastRun } from './cron-trigger.tsx'
import { isNextPollShown, nextPollInWords } from './polling.ts'
import { Undeclared } from './removal.tsx'
import { Sparkline } from './sparkline.tsx'
import { TriggerSwitch } from './switching.tsx'
import { TickExecutions } from './ticks/tick-executions.tsx'

const HOUR_MS = 3_600_000
const BARS = 30
const BAR_MS = HOUR_MS / BARS

export type Listed = Trigger | CronTrigger

/**
 * Returns the columns. All rows have one line. The style sheet has the widths that depend on the width of the screen.
 * The column of the next poll is left out if no trigger has a next poll that a person could wait for.
 */
export function triggerColumns(shown: readonly Listed[], onChange: () => void): readonly Column<Listed>[] {
  return [
    { title: <span class="unseen">Enabled</span>, cell: (each) => <TriggerSwitch trigger={each} onDone={onChange} /> },
    { title: 'Trigger', class: 'name', isName: true, cell: Name, tip: description },
    {
      title: 'Workflow',
      class: 'wide-only',
      width: '12%',
      cell: ({ workflow }) => <Link to={addressFor('workflows', workflow)}>{workflow}</Link>,
    },
    { title: 'Interval', class: 'wide-only', width: '104px', cell: Interval },
    { title: 'Last poll', class: 'last', cell: (each) => <Last trigger={each} onChange={onChange} />, tip: lastReason },
    {
      title: 'Last fired',
      class: 'nowrap medium-only',
      width: '96px',
      cell: (each) => (each.kind === 'poll' ? <LastFired trigger={each} /> : <Time at={each.lastRunAt} />),
    },
    ...(shown.some(hasNext) ? [{ title: 'Next', class: 'nowrap medium-only', width: '100px', cell: Next }] : []),
    {
      title: 'Last hour',
      class: 'medium-only',
      width: '140px',
      cell: (each) => each.kind === 'poll' && <LastHour name={each.name} />,
    },
  ]
}

function Name(trigger: Listed) {
  const { name, enabled } = trigger
  const text = !enabled && 'note' in trigger && trigger.note !== null ? trigger.note : description(trigger)
  return (
    <div class="one-line">
      <Link to={trigger.kind === 'poll' ? addressFor('triggers', name) : addressFor('schedules', trigger.id)}>
        {name}
      </Link>
      {text !== null && <span class="small faint clamp">{text}</span>}
    </div>
  )
}

/** The first paragraph of the docstring of a polled trigger, or the times of a cron trigger. */
function description(trigger: Listed): string | null {
  if (trigger.kind !== 'poll') {
    return `${cronInWords(trigger.expression) ?? trigger.expression}, ${trigger.timezone}`
  }
  return trigger.description?.split('\n\n')[0]?.replaceAll('\n', ' ') ?? null
}

function Interval(trigger: Listed) {
  return trigger.kind === 'poll' ? shownDuration(trigger.pollIntervalMs) : <code>{trigger.expression}</code>
}

function hasNext(trigger: Listed): boolean {
  return trigger.kind !== 'poll' || isNextPollShown(trigger) || trigger.waitingExecutions > 0
}

function Next(trigger: Listed) {
  if (trigger.kind === 'poll') return hasNext(trigger) && nextPollInWords(trigger, now.value)
  return trigger.enabled ? <Time at={trigger.nextRuns[0] ?? null} never="" /> : 'disabled'
}

/** The last poll or firing, and why it did not start an execution; for an undeclared trigger, how to remove it. */
function Last({ trigger, onChange }: { readonly trigger: Listed; onChange(): void }) {
  const reason = lastReason(trigger)
  return (
    <div class="one-line">
      {trigger.undeclaredAt !== null && <Undeclared trigger={trigger} onDone={onChange} />}
      {trigger.kind === 'poll' ? <LastTick trigger={trigger} /> : <LastRun trigger={trigger} />}
      {reason !== null && <span class="small faint clamp">{reason}</span>}
    </div>
  )
}

/** The text is cut, because all rows have the same height, and is under the mouse in full. */
function lastReason(trigger: Listed): string | null {
  if (trigger.kind !== 'poll') return trigger.problem
  return trigger.lastTick === null ? null : outcomeReason(trigger.lastTick)
}

function LastTick({ trigger: { lastTick, failuresInRow } }: { readonly trigger: Trigger }) {
  if (lastTick === null) return <span class="faint">not polled yet</span>
  const { outcome, lastAt } = lastTick
  return (
    <>
      <OutcomeBadge outcome={outcome} />
      <span class="small faint">
        <Time at={lastAt} />
      </span>
      {failuresInRow > 1 && (
        <span class="small bad ellipsis" title={`${failuresInRow} failures in a row`}>
          {failuresInRow} in a row
        </span>
      )}
    </>
  )
}

function LastFired({ trigger: { name, lastFired } }: { readonly trigger: Trigger }) {
  if (lastFired === null) return <span class="faint">never</span>
  const time = <Time at={lastFired.lastAt} />
  const { executionId, firings } = lastFired
  return (
    <>
      {executionId === null && time}
      {firings > 1 && ' '}
      <TickExecutions name={name} tick={lastFired}>
        {time}
      </TickExecutions>
    </>
  )
}

/** The trend of the last hour, which is read when the row becomes visible, and again after each bar. */
function LastHour({ name }: { readonly name: string }) {
  const place = useRef<HTMLDivElement>(null)
  const isSeen = useIsSeen(place)
  const bar = Math.floor(now.value / BAR_MS)
  const trend = useResource(`trend ${name} ${isSeen}`, {
    load: async (signal) => {
      if (!isSeen) return null
      const until = (Math.floor(engineNow() / BAR_MS) + 1) * BAR_MS
      const query = { since: new Date(until - HOUR_MS).toISOString(), until: new Date(until).toISOString(), bars: BARS }
      return await read('/triggers/{name}/trend', { path: { name }, query, signal })
    },
    concerns: () => false,
  })
  useEffect(() => trend.reload(), [bar])
  return (
    <div ref={place}>
      <Sparkline trend={trend.value.value} />
    </div>
  )
}

function useIsSeen(place: { readonly current: HTMLElement | null }): boolean {
  const [isSeen, setSeen] = useState(false)
  useEffect(() => {
    if (place.current === null) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true))
    observer.observe(place.current)
    return () => observer.disconnect()
  }, [])
  return isSeen
}
