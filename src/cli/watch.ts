/**
 * Tells which files changed of those that served scripts are made of, once for the burst of events that an editor's save
 * makes. Used by `serve --watch`. chokidar knows the ways in which editors save, by renaming too, and goes on when a file or
 * folder that it watches is gone.
 */

import { once } from 'node:events'
import { statSync } from 'node:fs'
import { watch } from 'chokidar'

const QUIET_MS = 100

export interface FileWatch {
  /** Watches these, too. What changed after `since`, an instant before they were read, counts as changed. */
  add(files: readonly string[], since: number): void
  close(): Promise<void>
}

/**
 * Calls back with the Python files that changed, when nothing changed for a moment; never again before that has ended.
 * Settles when it watches: what changed between `since` and then counts as changed.
 */
export async function watchFiles(
  paths: readonly string[],
  since: number,
  onChange: (files: readonly string[]) => Promise<void>,
): Promise<FileWatch> {
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let isBusy = false
  const tell = async (): Promise<void> => {
    if (isBusy || changed.size === 0) return
    isBusy = true
    const files = [...changed]
    changed.clear()
    await onChange(files).finally(() => {
      isBusy = false
    })
    await tell()
  }
  const note = (file: string): void => {
    if (!file.endsWith('.py')) return
    changed.add(file)
    clearTimeout(timer)
    timer = setTimeout(() => void tell(), QUIET_MS)
  }
  const watcher = watch([...paths], { ignoreInitial: true })
  watcher.on('all', (_event, file) => note(file))
  await once(watcher, 'ready')
  for (const file of paths) if (hasChanged(file, since)) note(file)
  return {
    add(files, addedSince) {
      watcher.add([...files])
      for (const file of files) if (hasChanged(file, addedSince)) note(file)
    },
    async close() {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}

function hasChanged(file: string, since: number): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > since
}
