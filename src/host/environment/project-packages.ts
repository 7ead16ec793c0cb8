/**
 * Packages that `cloaca pip` installed for a project: `.cloaca/packages` in the folder where the search starts, or in
 * the nearest folder above it. Called when the settings of a process are read. A folder that other users can change is
 * not used, because Python runs its files.
 */

import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { distrust } from '../../settings/trusted-owner.ts'

/** The nearest folder for each place where one starts. `notice` hears of one that is not used, and why. */
export function projectPackages(places: readonly string[], notice: (message: string) => void): readonly string[] {
  const noticed = new Set<string>()
  const noticeOnce = (message: string) => {
    if (!noticed.has(message)) notice(message)
    noticed.add(message)
  }
  const found = places.map((place) => nearestPackages(place, noticeOnce))
  return [...new Set(found.filter((folder) => folder !== null))]
}

/** The folder, or what `staging.py` has left in its place when it was killed between two renames. */
function existingFolder(folder: string): string {
  const previous = `${folder}.previous`
  return !existsSync(folder) && existsSync(previous) ? previous : folder
}

function nearestPackages(start: string, notice: (message: string) => void): string | null {
  for (let place = start; ; place = dirname(place)) {
    const folder = existingFolder(join(place, '.cloaca', 'packages'))
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      const reason = distrust(folder)
      if (reason === null) return folder
      notice(`The package folder "${folder}" is not used: ${reason}`)
    }
    if (dirname(place) === place) return null
  }
}
