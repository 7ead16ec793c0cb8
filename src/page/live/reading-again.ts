/** Reads something again and again while the tab is seen: what other processes do is not told by the events of this one. */

import { useEffect } from 'preact/hooks'
import { after } from './clock.ts'
import type { Resource } from './resource.ts'
import { isVisible } from './visibility.ts'

/** How often, where another process may be the one that does it. */
export const OTHERS_EVERY_MS = 3_000

/** Not while `isOn` is false. */
export function useReadingAgain(resource: Pick<Resource<unknown>, 'reload'>, everyMs: number, isOn = true): void {
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
    await after(everyMs, stop)
    if (stop.aborted) return
    if (isVisible.peek()) resource.reload()
  }
}
