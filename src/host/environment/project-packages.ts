/**
 * What `cloaca pip` installed for a project: `.cloaca/packages` in the folder where one starts, or in the nearest above it.
 * Called when a process's settings are read. What is in it is run, so that a folder above, as /tmp/.cloaca is for whatever
 * is started below /tmp, must not be somebody else's.
 */

import { existsSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isOpenToAll, isOwn } from './trusted-files.ts'

/** The nearest folder for each place where one starts. `notice` hears of one that is not used, and why. */
export function projectPackages(places: readonly string[], notice: (message: string) => void): readonly string[] {
  const noticed = new Set<string>()
  const noticeOnce = (message: string) => {
    if (!noticed.has(message)) notice(message)
    noticed.add(message)
  }
  const found = places.map((place) => nearestPackages(place, statSync(place, { throwIfNoEntry: false }), noticeOnce))
  return [...new Set(found.filter((folder) => folder !== null))]
}

/** The folder, or what `staging.py` has left in its place when it was killed between two renames. */
function existingFolder(folder: string): string {
  const previous = `${folder}.previous`
  return !existsSync(folder) && existsSync(previous) ? previous : folder
}

function nearestPackages(start: string, started: Stats | undefined, notice: (message: string) => void): string | null {
  for (let place = start; ; place = dirname(place)) {
    const outer = join(place, '.cloaca')
    const folder = existingFolder(join(outer, 'packages'))
    const status = statSync(folder, { throwIfNoEntry: false })
    if (status?.isDirectory()) {
      // Whoever owns the folder where one starts owns the scripts there, which are trusted.
      const isTrusted = [statSync(outer), status].every(
        (each) => (isOwn(each) || each.uid === started?.uid) && !isOpenToAll(each),
      )
      if (place === start || isTrusted) return folder
      notice(`The packages in "${folder}" are not used: another user owns that folder or may write into it.`)
    }
    if (dirname(place) === place) return null
  }
}
