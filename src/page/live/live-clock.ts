/** The current time on the screen, and waiting. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { engineNow } from '../api/engine-time.ts'
import { isVisible } from './visibility.ts'

const TICK_MS = 1_000

const second = signal(engineNow())

/** Epoch milliseconds by the engine's clock. Updated once a second while the tab is visible. */
export const now: ReadonlySignal<number> = second

effect(() => {
  if (!isVisible.value) return
  second.value = engineNow()
  const timer = setInterval(() => {
    second.value = engineNow()
  }, TICK_MS)
  return () => clearInterval(timer)
})

/** Settles after a while, or immediately when aborted. */
export function delay(ms: number, abort?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (abort?.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    abort?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
