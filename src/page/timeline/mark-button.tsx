/** A mark, a bar of several marks, or a band of skips, and the description under the mouse. */

import { countsInWords, outcomeName, outcomeReason } from '../parts/outcome-badge.tsx'
import { clockTime, exactTime } from '../parts/zone.ts'
import { type Mark, shownCount } from './marks.ts'

/** Minimum width of a band that shows its number of skips. */
const COUNT_PX = 44

interface MarkButtonProps {
  readonly mark: Mark
  readonly isBand: boolean
  onPoint(mark: Mark | null): void
  onChoose(mark: Mark): void
}

interface MarkButtonsProps extends Omit<MarkButtonProps, 'mark'> {
  readonly marks: readonly Mark[]
}

export function MarkButtons({ marks, ...props }: MarkButtonsProps) {
  return (
    <>
      {marks.map((mark) => (
        <MarkButton key={mark.fromAt} mark={mark} {...props} />
      ))}
    </>
  )
}

function MarkButton({ mark, isBand, onPoint, onChoose }: MarkButtonProps) {
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
  const why = outcomeReason(tick)
  return `${when}, ${what}${why === null ? '' : `: ${why.slice(0, 200)}`}`
}

const TIP_PX = 260

export function Tip({ mark, leftPx, boxPx }: { readonly mark: Mark; readonly leftPx: number; readonly boxPx: number }) {
  const { fromAt, untilAt, count, counts, worst, tick } = mark
  const why = outcomeReason(tick)
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
