/** Tells when files of the served places change, once for the burst of events that an editor's save makes. */

import { type FSWatcher, watch } from 'node:fs'

const QUIET_MS = 100

/** Calls back after each change of a Python file, when nothing changed for a moment. */
export function watchPlaces(places: readonly string[], onChange: () => Promise<void>): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  const changed = (_event: string, file: string | null) => {
    if (file !== null && !file.endsWith('.py')) return
    clearTimeout(timer)
    timer = setTimeout(() => void onChange(), QUIET_MS)
  }
  const watchers = places.flatMap((place): FSWatcher[] => {
    try {
      return [watch(place, changed)]
    } catch {
      return [] // a module's name: where its file is, Python alone knows
    }
  })
  return {
    close() {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}
