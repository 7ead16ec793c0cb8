/** Polls while the tab is visible, because events do not cover the work of other processes. */

import { useEffect } from 'preact/hooks'
import { delay } from './live-clock.ts'
import type { Resource } from './resource.ts'
import { isVisible } from './visibility.ts'

export const OTHERS_EVERY_MS = 3_000

/** Polls while `isOn` is true. */
export function usePolling(resource: Pick<Resource<unknown>, 'reload'>, everyMs: number, isOn = true): void {
  useEffect(() => {
    if (!isOn) return
    const stopping = new AbortController()
    void readAgain(resource, everyMs, stopping.signal)
    return () => stopping.abort()
  }, [resource, everyMs, isOn])
}

async function readAgain(
  resource: Pick<Resource<unknown>, 'reload'>,
  everyMs: number,
  stop: AbortSignal,
): Promise<void> {
  for (;;) {
    await delay(everyMs, stop)
    if (stop.aborted) return
    if (isVisible.peek()) resource.reload()
  }
}
