/** Reads a resource again and again while the tab is seen: what other processes do is not told by the events of this one. */

import { effect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Resource } from './resource.ts'
import { isVisible } from './visibility.ts'

/** Not while `isOn` is false. */
export function useReadingAgain(resource: Resource<unknown>, everyMs: number, isOn = true): void {
  useEffect(() => {
    if (!isOn) return
    return effect(() => {
      if (!isVisible.value) return
      const timer = setInterval(() => resource.reload(), everyMs)
      return () => clearInterval(timer)
    })
  }, [resource, everyMs, isOn])
}
