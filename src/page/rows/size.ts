/** Current size of an element. */

import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

export interface Size {
  readonly widthPx: number
  readonly heightPx: number
}

/** `before`: size until the first measurement. */
export function useSize(element: RefObject<HTMLElement | null>, before: Size): Size {
  const [size, setSize] = useState(before)
  useLayoutEffect(() => {
    const measured = element.current
    if (measured === null) return
    const observer = new ResizeObserver(() => {
      setSize({ widthPx: measured.clientWidth, heightPx: measured.clientHeight })
    })
    observer.observe(measured)
    return () => observer.disconnect()
  }, [])
  return size
}
