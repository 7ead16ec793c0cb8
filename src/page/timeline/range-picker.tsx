/** Selects the period of a timeline: live, the last hour or day, or a range. */

import { fieldTime, parseFieldTime } from '../parts/zone.ts'
import { range, shiftRange, showLast, showLive, showRange, zoomRange } from './window.ts'

const HOUR_MS = 3_600_000

const LASTS: readonly (readonly [string, number])[] = [
  ['1 h', HOUR_MS],
  ['6 h', 6 * HOUR_MS],
  ['24 h', 24 * HOUR_MS],
  ['7 d', 7 * 24 * HOUR_MS],
]

export function RangePicker() {
  const shown = range.value
  return (
    <div class="range-picker">
      <div class="segments">
        <button type="button" aria-pressed={shown === null} onClick={showLive}>
          Live
        </button>
        {LASTS.map(([name, ms]) => (
          <button key={name} type="button" title={`Last ${name}`} onClick={() => showLast(ms)}>
            {name}
          </button>
        ))}
      </div>
      {shown !== null && (
        <>
          <div class="segments">
            <button type="button" title="Earlier" aria-label="Earlier" onClick={() => shiftRange(shown, -0.5)}>
              ←
            </button>
            <button type="button" title="Zoom in" aria-label="Zoom in" onClick={() => zoomRange(shown, 0.5)}>
              +
            </button>
            <button type="button" title="Zoom out" aria-label="Zoom out" onClick={() => zoomRange(shown, 2)}>
              −
            </button>
            <button type="button" title="Later" aria-label="Later" onClick={() => shiftRange(shown, 0.5)}>
              →
            </button>
          </div>
          <div class="instants">
            <Instant
              label="From"
              at={shown.fromAt}
              onChange={(at) => showRange(at, Math.max(at + 1_000, shown.untilAt))}
            />
            <span aria-hidden="true">–</span>
            <Instant
              label="To"
              at={shown.untilAt}
              onChange={(at) => showRange(Math.min(shown.fromAt, at - 1_000), at)}
            />
          </div>
        </>
      )}
    </div>
  )
}

interface InstantProps {
  readonly label: string
  readonly at: number
  onChange(at: number): void
}

function Instant({ label, at, onChange }: InstantProps) {
  return (
    <input
      type="datetime-local"
      step={1}
      aria-label={label}
      value={fieldTime(at)}
      onChange={({ currentTarget }) => {
        const chosen = parseFieldTime(currentTarget.value)
        if (chosen !== null) onChange(chosen)
      }}
    />
  )
}
