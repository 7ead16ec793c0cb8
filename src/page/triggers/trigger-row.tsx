/** A trigger in the list. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Trigger } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { now } from '../live/clock.ts'
import { useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { OutcomeBadge, whyOf } from '../parts/outcomes.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { nextPollInWords } from './polling.ts'
import { Sparkline } from './sparkline.tsx'
import { TriggerSwitch } from './switching.tsx'

const HOUR_MS = 3_600_000
const BARS = 30
const BAR_MS = HOUR_MS / BARS

export function TriggerRow({ trigger, onChange }: { readonly trigger: Trigger; onChange(): void }) {
  const { name, workflow, pollIntervalMs, enabled, description, note } = trigger
  return (
    <tr data-row={name} class={enabled ? '' : 'off'}>
      <td>
        <TriggerSwitch trigger={trigger} onDone={onChange} />
      </td>
      <th scope="row" class="name">
        <Link to={addressFor('triggers', name)}>{name}</Link>
        <Described text={description} />
        {!enabled && note !== null && <div class="small faint clamp">{note}</div>}
      </th>
      <td class="wide-only">
        <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
      </td>
      <td class="wide-only nowrap">{shownDuration(pollIntervalMs)}</td>
      <td class="last">
        <LastTick trigger={trigger} />
      </td>
      <td class="nowrap medium-only">
        <LastFired trigger={trigger} />
      </td>
      <td class="nowrap medium-only">{nextPollInWords(trigger, now.value)}</td>
      <td class="medium-only">
        <LastHour name={name} />
      </td>
    </tr>
  )
}

/** Its first paragraph, and commands to try where it has some: lines that stand in by themselves. */
function Described({ text }: { readonly text: string | null }) {
  if (text === null) return null
  const [first = ''] = text.split('\n\n')
  const [, commands] = /\n\n((?: {2,}\S.*(?:\n|$)){1,3})/.exec(text) ?? []
  return (
    <>
      <div class="small faint clamp">{first.replaceAll('\n', ' ')}</div>
      {commands !== undefined && <code class="command">{commands.replace(/^ +/gm, '').trim()}</code>}
    </>
  )
}

function LastTick({ trigger: { lastTick, failuresInRow } }: { readonly trigger: Trigger }) {
  if (lastTick === null) return <span class="faint">not polled yet</span>
  const { outcome, lastAt } = lastTick
  const why = whyOf(lastTick)
  return (
    <>
      <OutcomeBadge outcome={outcome} />{' '}
      <span class="small faint">
        <Time at={lastAt} />
      </span>
      {failuresInRow > 1 && <span class="small bad"> · {failuresInRow} failures in a row</span>}
      {why !== null && <div class="small faint clamp">{why}</div>}
    </>
  )
}

/** With the execution that it started. */
function LastFired({ trigger: { lastFired } }: { readonly trigger: Trigger }) {
  if (lastFired === null) return <span class="faint">never</span>
  const time = <Time at={lastFired.lastAt} />
  if (lastFired.executionId === null) return time
  return <Link to={addressFor('executions', lastFired.executionId)}>{time}</Link>
}

/** Read once the row is seen, and once a bar more is over. */
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
