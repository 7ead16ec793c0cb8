/** Chooses the rows of a long table that become elements: the visible rows and some around them. */

import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** All rows of shorter tables become elements. */
const ALL_UP_TO = 60
/** Number of rows above and below the visible rows. The chosen rows move in steps of half of it. */
const AROUND = 20
const STEP = AROUND / 2

export interface RowPool {
  /** Indexes of the first chosen row, and of the first row after the chosen rows. */
  readonly from: number
  readonly until: number
  readonly abovePx: number
  readonly belowPx: number
}

/** `list`: the parent of the rows. `rowPx`: the height of each row, or 0 to choose all rows. */
export function useRowPool(list: RefObject<HTMLElement | null>, count: number, rowPx: number): RowPool {
  const [first, setFirst] = useState(0)
  const isWhole = rowPx === 0 || count <= ALL_UP_TO
  useLayoutEffect(() => {
    if (isWhole) return
    const look = (): void => {
      const top = list.current?.getBoundingClientRect().top ?? 0
      const seen = Math.floor(Math.max(0, -top) / rowPx)
      setFirst(Math.max(0, Math.floor(seen / STEP) * STEP - AROUND))
    }
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [isWhole, rowPx])
  if (isWhole) return { from: 0, until: count, abovePx: 0, belowPx: 0 }
  const from = Math.min(first, Math.max(0, count - AROUND))
  const until = Math.min(count, from + Math.ceil(innerHeight / rowPx) + 2 * AROUND + STEP)
  return { from, until, abovePx: from * rowPx, belowPx: (count - until) * rowPx }
}
