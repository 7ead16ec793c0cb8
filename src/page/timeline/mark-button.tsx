/** A mark, a bar of several, or a band of skips; and what is said of the one under the mouse. */

import { countsInWords, outcomeName, whyOf } from '../parts/outcomes.tsx'
import { clockTime, exactTime } from '../parts/zone.ts'
import { type Mark, shownCount } from './marks.ts'

/** A band has room for its count from here on. */
const COUNT_PX = 44

interface MarkButtonProps {
  readonly mark: Mark
  readonly isBand: boolean
  /** Null: no more. */
  onPoint(mark: Mark | null): void
  onChoose(mark: Mark): void
}

export function MarkButton({ mark, isBand, onPoint, onChoose }: MarkButtonProps) {
  const { leftPx, widthPx, count, worst } = mark
  const hasLabel = count > 1 && (!isBand || widthPx >= COUNT_PX)
  return (
    <button
      type="button"
      class={`mark ${worst}${isBand ? ' band' : ''}`}
      tabIndex={-1}
      style={{ left: `${leftPx}px`, width: `${widthPx}px` }}
      aria-label={labelOf(mark)}
      onPointerEnter={() => onPoint(mark)}
      onFocus={() => onPoint(mark)}
      onBlur={() => onPoint(null)}
      onClick={() => onChoose(mark)}
    >
      {hasLabel ? (isBand ? count.toLocaleString('en') : shownCount(count)) : ''}
    </button>
  )
}

function labelOf({ fromAt, untilAt, count, counts, worst, tick }: Mark): string {
  const when = count === 1 ? exactTime(fromAt) : `${exactTime(fromAt)} to ${clockTime(untilAt)}`
  const what = count === 1 ? outcomeName(worst) : `${count} polls: ${countsInWords(counts)}`
  const why = whyOf(tick)
  return `${when}, ${what}${why === null ? '' : `: ${why.slice(0, 200)}`}`
}

const TIP_PX = 260

/** `leftPx`: of the mark, within the box. */
export function Tip({ mark, leftPx, boxPx }: { readonly mark: Mark; readonly leftPx: number; readonly boxPx: number }) {
  const { fromAt, untilAt, count, counts, worst, tick } = mark
  const why = whyOf(tick)
  const middle = leftPx + mark.widthPx / 2
  const left = Math.max(0, Math.min(boxPx - TIP_PX, middle - TIP_PX / 2))
  return (
    <div class="tip" role="tooltip" style={{ left: `${left}px`, width: `${TIP_PX}px` }}>
      <strong>{count === 1 ? outcomeName(worst) : countsInWords(counts)}</strong>
      <div>
        {exactTime(fromAt)}
        {untilAt > fromAt && ` – ${clockTime(untilAt)}`}
      </div>
      {why !== null && <div class="why">{why}</div>}
    </div>
  )
}
