/** Freezes a timeline while the visitor examines a part of it. */

import { useRef, useState } from 'preact/hooks'
import { engineNow } from '../api/engine-time.ts'

export interface HeldValue<Value> {
  readonly value: Value
  /** Returns the time that the timeline shows as now. */
  nowAt(): number
  readonly isHeld: boolean
  hold(): void
  release(): void
}

export function useHold<Value>(value: Value): HeldValue<Value> {
  const [held, setHeld] = useState<{ readonly value: Value; readonly at: number } | null>(null)
  const latest = useRef(value)
  latest.current = value
  return {
    value: held === null ? value : held.value,
    nowAt: () => held?.at ?? engineNow(),
    isHeld: held !== null,
    hold: () => setHeld((before) => before ?? { value: latest.current, at: engineNow() }),
    release: () => setHeld(null),
  }
}
