/** What the settings of a project grant to scripts. Used by `project-options.ts`. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UsageError } from '../../errors.ts'
import type { Restriction } from '../../host/restriction/restriction.ts'
import type { GrantedSettings } from '../../settings/grants-by-place.ts'
import type { Settings } from '../../settings/settings.ts'

const GRANTS = ['allow-read', 'allow-write', 'allow-net', 'allow-env'] as const
/** Values of settings that grant nothing. */
const NOTHING: ReadonlySet<unknown> = new Set([null, false])

/** Null where nothing is restricted. Throws `INVALID_SETTINGS` where something is granted all the same: whoever grants means to restrict. */
export function restrictionOf(settings: Settings): Restriction | null {
  const granted = [...GRANTS, 'allow-ffi' as const].find((key) => !NOTHING.has(settings.get(key)))
  if (settings.get('restrict')) {
    const paths = (key: (typeof GRANTS)[number]) =>
      (settings.get(key) ?? []).map((path) => resolve(settings.folderOf(key), path))
    return {
      read: paths('allow-read'),
      write: paths('allow-write'),
      net: settings.get('allow-net') ?? [],
      env: settings.get('allow-env') ?? [],
      ffi: settings.get('allow-ffi'),
    }
  }
  if (granted === undefined) return null
  throw new UsageError(
    'INVALID_SETTINGS',
    `"${granted}" is set, but "restrict" is not, so scripts would not be restricted. Set "restrict" too (--restrict), or remove "${granted}".`,
    { path: granted },
  )
}

/** Paths count from the folder of the file in which they stand. */
export function restrictionsByPlace(settings: Settings): Readonly<Record<string, Restriction | null>> {
  const folder = settings.folderOf('restrict-for')
  const entries = Object.entries(settings.get('restrict-for') ?? {}).map(([place, granted]) => {
    const path = join(folder, place)
    return [existsSync(path) ? path : place, granted === false ? null : wholePaths(granted, folder)] as const
  })
  return Object.fromEntries(entries)
}

function wholePaths({ read, write, ...others }: GrantedSettings, folder: string): Restriction {
  return {
    ...others,
    ...(read && { read: read.map((path) => resolve(folder, path)) }),
    ...(write && { write: write.map((path) => resolve(folder, path)) }),
  }
}
