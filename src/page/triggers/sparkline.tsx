/** Outcomes of the polls of the last hour, in bars of two minutes. */

import type { Trend } from '../api/answer-types.ts'
import { countsInWords } from '../parts/outcome-badge.tsx'
import { clockTime } from '../parts/zone.ts'
import { BY_BADNESS } from '../timeline/badness.ts'

const HEIGHT_PX = 24
const BAR_PX = 3
const APART_PX = 4
/** Minimum height of a bar. */
const MIN_PX = 3

export function Sparkline({ trend }: { readonly trend: Trend | null }) {
  const bars = trend?.items ?? []
  const most = Math.max(1, ...bars.map(({ counts }) => total(counts)))
  return (
    <svg
      class="sparkline"
      width={30 * APART_PX}
      height={HEIGHT_PX}
      role="img"
      aria-label={trend === null ? 'Loading the last hour' : labelOf(trend)}
    >
      {bars.map(({ at, counts }, index) => (
        <Bar key={at} left={index * APART_PX} at={at} counts={counts} most={most} />
      ))}
    </svg>
  )
}

type Counts = Trend['items'][number]['counts']

interface BarProps {
  readonly left: number
  readonly at: string
  readonly counts: Counts
  readonly most: number
}

/** Skips are frequent and matter little, so they are low, at the bottom. Other outcomes are above, by their number. */
function Bar({ left, at, counts, most }: BarProps) {
  const all = total(counts)
  if (all === 0) return <rect class="none" x={left} y={HEIGHT_PX - 1} width={BAR_PX} height={1} />
  const worst = BY_BADNESS.findLast((outcome) => (counts[outcome] ?? 0) > 0) ?? 'skipped'
  const share = Math.log(1 + total({ ...counts, skipped: 0 })) / Math.log(1 + most)
  const height = worst === 'skipped' ? MIN_PX : MIN_PX + 3 + share * (HEIGHT_PX - MIN_PX - 3)
  return (
    <rect class={worst} x={left} y={HEIGHT_PX - height} width={BAR_PX} height={height} rx={1}>
      <title>{`${clockTime(Date.parse(at))}: ${countsInWords(counts)}`}</title>
    </rect>
  )
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((sum: number, count) => sum + (count ?? 0), 0)
}

function labelOf({ items }: Trend): string {
  const sums = Object.fromEntries(
    BY_BADNESS.map((outcome) => [outcome, items.reduce((sum, { counts }) => sum + (counts[outcome] ?? 0), 0)]),
  )
  return `Polls in the last hour: ${countsInWords(sums) || 'none'}`
}
