/** A list of rows of equal height. A fixed pool of elements shows the visible rows of long lists, too. */

import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useSize } from './size.ts'

/** Rows above and below the visible ones. */
const SPARE = 6
const UNMEASURED = { widthPx: 0, heightPx: 600 }

export interface RowsHandle {
  show(index: number, where?: 'nearest' | 'center'): void
}

interface VirtualRowsProps {
  readonly count: number
  readonly rowPx: number
  /** Name of the list for screen readers. */
  readonly label: string
  readonly class?: string
  readonly handle?: RefObject<RowsHandle | null>
  /** Whether it stays at its end when rows are added. */
  readonly follows?: boolean
  /** Called when the list was scrolled to its end, or away from it by the visitor. */
  onScrolled?(isAtEnd: boolean): void
  /** Element that stays above the rows. */
  readonly head?: ComponentChildren
  /** Called near the end. */
  onNearEnd?(): void
  row(index: number): ComponentChildren
  /** Element over the rows that scrolls with them. */
  readonly overlay?: ComponentChildren
}

export function VirtualRows(props: VirtualRowsProps) {
  const { count, rowPx, label, handle, follows = false, row, overlay } = props
  const box = useRef<HTMLDivElement>(null)
  const [first, setFirst] = useState(0)
  const lastTop = useRef(0)
  const { heightPx } = useSize(box, UNMEASURED)
  const latest = useRef(props)
  latest.current = props

  useLayoutEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = count * rowPx
  }, [follows, count, heightPx])

  useEffect(() => {
    if (handle === undefined) return
    handle.current = { show: (index, where = 'nearest') => showRow(box.current, index, rowPx, where) }
    return () => {
      handle.current = null
    }
  }, [handle, rowPx])

  const scrolled = (): void => {
    const element = box.current
    if (element === null) return
    setFirst(Math.floor(element.scrollTop / rowPx))
    const left = element.scrollHeight - element.scrollTop - element.clientHeight
    const isAway = element.scrollTop < lastTop.current && left >= rowPx
    lastTop.current = element.scrollTop
    if (left < rowPx || isAway) latest.current.onScrolled?.(!isAway)
    if (left < 10 * rowPx) latest.current.onNearEnd?.()
  }

  const pool = Math.ceil(heightPx / rowPx) + 2 * SPARE
  const from = Math.max(0, Math.min(first - SPARE, count - pool))
  const seen = Array.from({ length: Math.min(pool, count) }, (_, offset) => from + offset)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: visitors without a mouse scroll it
    <section class={`rows ${props.class ?? ''}`} ref={box} aria-label={label} tabIndex={0} onScroll={scrolled}>
      {props.head !== undefined && <div class="rows-head">{props.head}</div>}
      <div class="rows-all" style={{ height: `${count * rowPx}px` }}>
        {seen.map((index) => (
          <div
            key={index % pool}
            class="rows-row"
            style={{ transform: `translateY(${index * rowPx}px)`, height: `${rowPx}px` }}
          >
            {row(index)}
          </div>
        ))}
        {overlay}
      </div>
    </section>
  )
}

function showRow(box: HTMLElement | null, index: number, rowPx: number, where: 'nearest' | 'center'): void {
  if (box === null) return
  const headPx = box.querySelector('.rows-head')?.clientHeight ?? 0
  const seenPx = box.clientHeight - headPx
  const top = index * rowPx
  if (top >= box.scrollTop && top + rowPx <= box.scrollTop + seenPx) return
  if (where === 'center') box.scrollTop = top - seenPx / 2
  else box.scrollTop = top < box.scrollTop ? top : top + rowPx - seenPx
}
