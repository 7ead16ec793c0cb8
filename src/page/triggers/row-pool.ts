/**
 * Which rows of a long list are drawn: those that are seen and some around them, so that ten thousand cost what fifty do. All rows
 * are equally high.
 */

import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** Shorter lists are drawn as they are. */
const ALL_UP_TO = 60
/** Above and below what is seen; the part moves by half of it. */
const AROUND = 20
const STEP = AROUND / 2

export interface RowPool {
  /** Of the rows that are drawn. */
  readonly from: number
  readonly until: number
  /** The heights of what stands for the others. */
  readonly abovePx: number
  readonly belowPx: number
}

/** `list`: what contains the rows and nothing else. */
export function useRowPool(list: RefObject<HTMLElement | null>, count: number, rowPx: number): RowPool {
  const [first, setFirst] = useState(0)
  const isWhole = count <= ALL_UP_TO
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
