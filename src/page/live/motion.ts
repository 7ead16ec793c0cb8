/** Animates an element as time passes, at most as often as is visible, and not while the tab is hidden. */

import { useEffect, useRef } from 'preact/hooks'
import { isVisible } from './visibility.ts'

/** Interval of animations that move a few pixels a second. */
const EVERY_MS = 50
/** Interval for visitors who prefer reduced motion. */
const CALM_EVERY_MS = 1_000

const calm = matchMedia('(prefers-reduced-motion: reduce)')

export function useMotion(isMoving: boolean, move: () => void): void {
  const latest = useRef(move)
  latest.current = move
  const isSeen = isVisible.value
  useEffect(() => {
    if (!isMoving || !isSeen) return
    let lastAt = 0
    let frame = 0
    const step = (at: number): void => {
      if (at - lastAt >= (calm.matches ? CALM_EVERY_MS : EVERY_MS)) {
        lastAt = at
        latest.current()
      }
      frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [isMoving, isSeen])
}
