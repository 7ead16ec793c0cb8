/**
 * Packages that `cloaca pip` installed for a project: `.cloaca/packages` in the start folder or the nearest folder
 * above. Called when the settings of a process are read. Skips folders that other users can change, because Python runs
 * the files.
 */

import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { distrustReason } from '../../settings/trusted-owner.ts'

/** Returns the nearest folder for each start. Calls `notice` with the reason for each folder that is skipped. */
export function projectPackages(places: readonly string[], notice: (message: string) => void): readonly string[] {
  const noticed = new Set<string>()
  const noticeOnce = (message: string) => {
    if (!noticed.has(message)) notice(message)
    noticed.add(message)
  }
  const found = places.map((place) => nearestPackages(place, noticeOnce))
  return [...new Set(found.filter((folder) => folder !== null))]
}

/** Returns the folder, or the previous one if `staging.py` was killed between two renames. */
function existingFolder(folder: string): string {
  const previous = `${folder}.previous`
  return !existsSync(folder) && existsSync(previous) ? previous : folder
}

function nearestPackages(start: string, notice: (message: string) => void): string | null {
  for (let place = start; ; place = dirname(place)) {
    const folder = existingFolder(join(place, '.cloaca', 'packages'))
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      const reason = distrustReason(folder)
      if (reason === null) return folder
      notice(`The package folder "${folder}" is not used: ${reason}`)
    }
    if (dirname(place) === place) return null
  }
}
