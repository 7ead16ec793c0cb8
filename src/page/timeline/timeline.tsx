/**
 * What the polls of a trigger came to, along time. Live it moves with time, and stands while the mouse is over it or a mark has the
 * focus; a range stands. Whatever it shows is some dozens of elements at most: see `marks.ts`.
 */

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { now } from '../live/clock.ts'
import { useMotion } from '../live/motion.ts'
import { clockTime, shortTime, zoneOffsetMs } from '../parts/zone.ts'
import { useSize } from '../rows/size.ts'
import { axisOf } from './axis.ts'
import { useHold } from './hold.ts'
import { MarkButton, Tip } from './mark-button.tsx'
import { type Mark, marksOf, type Scale } from './marks.ts'
import type { Ticks } from './ticks.ts'
import { LIVE_AFTER_MS, LIVE_BEFORE_MS, LIVE_MS, type Range } from './window.ts'

/** Beyond the edges, so that something is there when it moves into sight. */
const MARGIN_MS = 20_000
/** Pixels are counted from a round instant, so that most elements stay where they are between two drawings. */
const ORIGIN_EVERY_MS = 600_000

const UNKNOWN = { widthPx: 0, heightPx: 0 }

interface TimelineProps {
  readonly shown: Ticks | null
  /** Null: live. */
  readonly range: Range | null
  /** When the next poll is due; null where that is not known. */
  readonly nextAt: number | null
  onChoose(mark: Mark): void
}

export function Timeline({ shown, range, nextAt, onChoose }: TimelineProps) {
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
  const originAt = range?.fromAt ?? Math.floor(drawnAt / ORIGIN_EVERY_MS) * ORIGIN_EVERY_MS
  const scale: Scale = { originAt, pxPerMs }
  const shift = (): number => (isLive ? (originAt - (held.nowAt() - LIVE_BEFORE_MS)) * pxPerMs : 0)
  const place = (): void => {
    if (track.current !== null) track.current.style.transform = `translateX(${shift().toFixed(2)}px)`
  }
  useLayoutEffect(place)
  useMotion(isLive && !held.isHeld, place)
  const { bands, marks } = boxPx === 0 ? { bands: [], marks: [] } : marksOf(held.value.shown?.ticks ?? [], scale)
  const isSeen = (mark: Mark): boolean => mark.untilAt >= fromAt - MARGIN_MS && mark.fromAt <= untilAt + MARGIN_MS
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
          <Lines fromAt={fromAt - MARGIN_MS} untilAt={untilAt + MARGIN_MS} scale={scale} />
          {bands.filter(isSeen).map((mark) => (
            <MarkButton key={`b${mark.fromAt}`} mark={mark} isBand {...common} />
          ))}
          {marks.filter(isSeen).map((mark) => (
            <MarkButton key={`m${mark.fromAt}`} mark={mark} isBand={false} {...common} />
          ))}
          {isLive && next !== null && next > drawnAt && <NextMark at={next} scale={scale} />}
        </div>
        {isLive && <div class="now-line" />}
      </div>
      {pointed !== null && <Tip mark={pointed} leftPx={pointed.leftPx + shift()} boxPx={boxPx} />}
      {isLive && held.isHeld && <span class="held">paused</span>}
    </div>
  )
}

/** Out of sight where it is later than the timeline goes. */
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
  const { stepMs, instants } = axisOf(fromAt, untilAt, widthPx, zoneOffsetMs(fromAt))
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

/** The marks in the order of time, which is that of their places. */
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
  // The newest comes first: that is what one is after.
  const next = from < 0 ? placed.at(-1) : placed[from + step]
  next?.focus({ preventScroll: true })
}
