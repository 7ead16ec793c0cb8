/** Periods of a timeline in which its trigger was disabled: hatched spans, and a list for readers without a mouse. */

import type { DisabledSpan } from '../api/answer-types.ts'
import { shownDuration } from '../parts/durations.ts'
import { dateAndTime, exactTime } from '../parts/zone.ts'
import type { Scale } from './marks.ts'

/** Maximum number of periods in the list; the newest are kept. */
const MAX_LISTED = 5

interface DisabledSpansProps {
  readonly periods: readonly DisabledSpan[]
  /** Edges of the drawn part of the timeline. */
  readonly fromAt: number
  readonly untilAt: number
  readonly scale: Scale
}

export function DisabledSpans({ periods, fromAt, untilAt, scale: { originAt, pxPerMs } }: DisabledSpansProps) {
  return (
    <>
      {periods.map((period) => {
        // A span ends at the edges, because browsers do not draw elements of millions of pixels.
        const from = Math.max(fromAt, Date.parse(period.since))
        const until = Math.min(untilAt, period.until === null ? untilAt : Date.parse(period.until))
        if (until <= from) return null
        const place = { left: `${(from - originAt) * pxPerMs}px`, width: `${Math.max(2, (until - from) * pxPerMs)}px` }
        return <span key={period.since} class="disabled-span" title={periodInWords(period)} style={place} />
      })}
    </>
  )
}

export function DisabledList({ periods }: { readonly periods: readonly DisabledSpan[] }) {
  if (periods.length === 0) return null
  const listed = periods.slice(-MAX_LISTED).toReversed()
  return (
    <ul class="disabled-list small faint" aria-label="Periods in which the trigger was disabled">
      {listed.map((period) => (
        <li key={period.since} title={exactTime(Date.parse(period.since))}>
          {periodInWords(period)}
        </li>
      ))}
      {periods.length > listed.length && <li>and {periods.length - listed.length} earlier periods</li>}
    </ul>
  )
}

/** `Disabled from 2026-01-31 08:15:00 for 5 min (http): maintenance` */
function periodInWords({ since, until, source, note }: DisabledSpan): string {
  const from = Date.parse(since)
  const length = until === null ? '' : ` for ${shownDuration(Date.parse(until) - from)}`
  const by = source === null ? '' : source === 'engine' ? ' by the engine' : ` (${source})`
  return `Disabled from ${dateAndTime(from)}${length}${by}${note === null ? '' : `: ${note}`}`
}
