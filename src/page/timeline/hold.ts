/** Stops a timeline while somebody looks at a place of it: what is shown stays as it is, whatever comes meanwhile. */

import { useRef, useState } from 'preact/hooks'
import { engineNow } from '../api/engine-time.ts'

export interface Held<Value> {
  readonly value: Value
  /** What it shows as now. */
  nowAt(): number
  readonly isHeld: boolean
  hold(): void
  release(): void
}

export function useHold<Value>(value: Value): Held<Value> {
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
