/**
 * Outcomes of the polls of a trigger along time. The live view moves with time, and stops under the mouse or while a
 * mark has the focus; a range does not move. It has a few dozen elements at most: see `marks.ts`.
 */

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { DisabledSpan } from '../api/answer-types.ts'
import { now } from '../live/live-clock.ts'
import { useMotion } from '../live/motion.ts'
import { clockTime, shortTime, zoneOffsetMs } from '../parts/zone.ts'
import { useSize } from '../rows/size.ts'
import { timeAxis } from './axis.ts'
import { DisabledSpans } from './disabled-spans.tsx'
import { useHold } from './hold.ts'
import { MarkButtons, Tip } from './mark-button.tsx'
import { type Mark, type Scale, tickMarks } from './marks.ts'
import type { Ticks } from './tick-windows.ts'
import { LIVE_AFTER_MS, LIVE_BEFORE_MS, LIVE_MS, type Range } from './window.ts'

/** Ticks beyond the edges are drawn before they move into sight. */
const MARGIN_MS = 20_000
/** The origin is a round time, so that most elements keep their places between two drawings. */
const ORIGIN_EVERY_MS = 600_000

const UNKNOWN = { widthPx: 0, heightPx: 0 }

interface TimelineProps {
  readonly shown: Ticks | null
  readonly range: Range | null
  /** Time of the next poll; null if unknown. */
  readonly nextAt: number | null
  /** Periods in which the trigger was disabled. */
  readonly disabled: readonly DisabledSpan[]
  onChoose(mark: Mark): void
}

export function Timeline({ shown, range, nextAt, disabled, onChoose }: TimelineProps) {
  const box = useRef<HTMLDivElement>(null)
  const track = useRef<HTMLDivElement>(null)
  const { widthPx: boxPx } = useSize(box, UNKNOWN)
  const held = useHold({ shown, nextAt })
  const [pointed, setPointed] = useState<Mark | null>(null)
  const isLive = range === null
  const next = held.value.nextAt
  const pxPerMs = boxPx / (range === null ? LIVE_MS : range.untilAt - range.fromAt)
  const drawnAt = held.isHeld ? held.nowAt() : isLive ? now.value : 0
  const fromAt = range?.fromAt ?? drawnAt - LIVE_BEFORE_MS
  const untilAt = range?.untilAt ?? drawnAt + LIVE_AFTER_MS
  const drawn = { fromAt: fromAt - MARGIN_MS, untilAt: untilAt + MARGIN_MS }
  const originAt = range?.fromAt ?? Math.floor(drawnAt / ORIGIN_EVERY_MS) * ORIGIN_EVERY_MS
  const scale: Scale = { originAt, pxPerMs }
  const shift = (): number => (isLive ? (originAt - (held.nowAt() - LIVE_BEFORE_MS)) * pxPerMs : 0)
  const place = (): void => {
    if (track.current !== null) track.current.style.transform = `translateX(${shift().toFixed(2)}px)`
  }
  useLayoutEffect(place)
  useMotion(isLive && !held.isHeld, place)
  const { bands, marks } = boxPx === 0 ? { bands: [], marks: [] } : tickMarks(held.value.shown?.ticks ?? [], scale)
  const isSeen = (mark: Mark): boolean => mark.untilAt >= drawn.fromAt && mark.fromAt <= drawn.untilAt
  const release = (): void => {
    held.release()
    setPointed(null)
  }
  const common = { onPoint: setPointed, onChoose }
  return (
    <div
      ref={box}
      class={isLive ? 'timeline live' : 'timeline'}
      role="toolbar"
      aria-label="Timeline of polls: use the arrow keys to move between polls"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: from here the arrow keys go to the marks
      tabIndex={0}
      onPointerEnter={held.hold}
      onPointerLeave={release}
      onFocusIn={({ target, currentTarget }) => target !== currentTarget && held.hold()}
      onFocusOut={release}
      onKeyDown={moveFocus}
    >
      <div class="clip">
        <div class="track" ref={track}>
          <DisabledSpans {...drawn} periods={disabled} scale={scale} />
          <Lines {...drawn} scale={scale} />
          <MarkButtons marks={bands.filter(isSeen)} isBand {...common} />
          <MarkButtons marks={marks.filter(isSeen)} isBand={false} {...common} />
          {isLive && next !== null && next > drawnAt && <NextMark at={next} scale={scale} />}
        </div>
        {isLive && <div class="now-line" />}
      </div>
      {pointed !== null && <Tip mark={pointed} leftPx={pointed.leftPx + shift()} boxPx={boxPx} />}
      {isLive && held.isHeld && <span class="held">paused</span>}
    </div>
  )
}

/** Hidden if the next poll is after the end of the timeline. */
function NextMark({ at, scale }: { readonly at: number; readonly scale: Scale }) {
  return <span class="next-mark" title={`next poll: ${clockTime(at)}`} style={leftOf(at, scale)} />
}

function Lines({
  fromAt,
  untilAt,
  scale,
}: {
  readonly fromAt: number
  readonly untilAt: number
  readonly scale: Scale
}) {
  if (scale.pxPerMs === 0) return null
  const widthPx = (untilAt - fromAt) * scale.pxPerMs
  const { stepMs, instants } = timeAxis(fromAt, untilAt, widthPx, zoneOffsetMs(fromAt))
  return (
    <>
      {instants.map((at) => (
        <span key={at} class="line" style={leftOf(at, scale)}>
          {shortTime(at, stepMs)}
        </span>
      ))}
    </>
  )
}

function leftOf(at: number, { originAt, pxPerMs }: Scale) {
  return { left: `${(at - originAt) * pxPerMs}px` }
}

/** Moves the focus by time, which is the order of the marks' places. */
function moveFocus(event: KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return
  event.preventDefault()
  const edges = event.currentTarget.getBoundingClientRect()
  const placed = [...event.currentTarget.querySelectorAll<HTMLElement>('.mark')]
    .map((mark) => ({ mark, at: mark.getBoundingClientRect() }))
    .filter(({ at }) => at.right > edges.left && at.left < edges.right)
    .sort((one, other) => one.at.left - other.at.left)
    .map(({ mark }) => mark)
  const from = placed.indexOf(document.activeElement as HTMLElement)
  const next = from < 0 ? placed.at(-1) : placed[from + step]
  next?.focus({ preventScroll: true })
}
