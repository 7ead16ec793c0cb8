/** Executions by the hour of their creation in the last day, and by their present state. A bar selects its hour. */

import type { ReadResponses } from '../api/answer-types.ts'
import { EXECUTION_STATUSES, stateTone } from '../parts/states.tsx'
import { dateAndTime } from '../parts/zone.ts'
import { query, setQuery } from '../routing/location.ts'

type Trend = ReadResponses['/executions/trend']
type Bar = Trend['items'][number]

/** Order in a bar, from below: successful states, active states, failures. */
const STACK = ['Completed', 'Cancelled', 'Pending', 'Running', 'Paused', 'Failed'] as const

export function TrendBars({ trend }: { readonly trend: Trend | null }) {
  if (trend === null) return <div class="trend-box" />
  const highest = Math.max(1, ...trend.items.map(totalOf))
  const ends = [...trend.items.slice(1).map(({ at }) => at), trend.until]
  const sum = trend.items.reduce((count, bar) => count + totalOf(bar), 0)
  const isEstimate = trend.items.some((bar) => bar.isEstimate)
  return (
    <div class="trend-box">
      <fieldset class="trend" aria-label="Executions per hour in the last 24 hours">
        {trend.items.map((bar, index) => (
          <TrendBar key={index} bar={bar} until={ends[index] ?? trend.until} highest={highest} />
        ))}
      </fieldset>
      <p class="trend-foot faint small">
        <span>Last 24 hours</span>
        <span>
          {isEstimate && 'about '}
          {sum.toLocaleString('en')}
        </span>
      </p>
    </div>
  )
}

interface TrendBarProps {
  readonly bar: Bar
  readonly until: string
  readonly highest: number
}

function TrendBar({ bar, until, highest }: TrendBarProps) {
  const isChosen = query.value.get('since') === isoOf(bar.at) && query.value.get('until') === isoOf(until)
  const choose = (): void =>
    setQuery(isChosen ? { since: null, until: null } : { since: isoOf(bar.at), until: isoOf(until), sel: null })
  const text = wordsOf(bar, until)
  return (
    <button type="button" class="trend-bar" aria-pressed={isChosen} title={text} aria-label={text} onClick={choose}>
      {STACK.toReversed().map((status) => {
        const count = bar.counts[status] ?? 0
        if (count === 0) return null
        const share = Math.max(3, (100 * count) / highest)
        return <span key={status} class={`fill ${stateTone(status)}`} style={{ height: `${share}%` }} />
      })}
    </button>
  )
}

function totalOf({ counts }: Bar): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function wordsOf(bar: Bar, until: string): string {
  const parts = EXECUTION_STATUSES.flatMap((status) => {
    const count = bar.counts[status] ?? 0
    return count === 0 ? [] : `${bar.isEstimate ? 'about ' : ''}${count.toLocaleString('en')} ${status}`
  })
  const when = `${dateAndTime(Date.parse(bar.at))} to ${dateAndTime(Date.parse(until)).slice(11)}`
  return `${when}: ${parts.length === 0 ? 'none' : parts.join(', ')}`
}

function isoOf(at: string): string {
  return new Date(at).toISOString()
}
