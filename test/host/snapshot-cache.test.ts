/** The files of memory snapshots: complete or not there, and named by what they depend on. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findSnapshot, snapshotPlaceFor, storeSnapshot } from '../../src/host/snapshot-cache.ts'

const SNAPSHOT = new Uint8Array(1_000).fill(7)

describe('the cache of memory snapshots', () => {
  let folder: string
  let packageFolder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-snapshots-'))
    packageFolder = join(folder, 'python')
    mkdirSync(join(packageFolder, 'cloaca'), { recursive: true })
    writeFileSync(join(packageFolder, 'cloaca', '__init__.py'), 'VERSION = 1\n')
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  const place = () => snapshotPlaceFor(packageFolder, { CLOACA_CACHE_DIR: join(folder, 'cache') })

  it('finds what was stored, and nothing before', () => {
    expect(findSnapshot(place())).toBeNull()

    const path = storeSnapshot(place(), SNAPSHOT)

    expect(findSnapshot(place())).toBe(path)
    expect(readdirSync(join(folder, 'cache'))).toEqual([basename(path)])
  })

  it('does not find one that was cut short', () => {
    truncateSync(storeSnapshot(place(), SNAPSHOT), 999)

    expect(findSnapshot(place())).toBeNull()
  })

  it('does not find that of another version of the Python package', () => {
    storeSnapshot(place(), SNAPSHOT)

    writeFileSync(join(packageFolder, 'cloaca', '__init__.py'), 'VERSION = 2\n')

    expect(findSnapshot(place())).toBeNull()
  })

  it('keeps the three newest', () => {
    const paths = [1, 2, 3, 4, 5].map((version) => {
      writeFileSync(join(packageFolder, 'cloaca', '__init__.py'), `VERSION = ${version}\n`)
      const path = storeSnapshot(place(), SNAPSHOT)
      utimesSync(path, version, version)
      return basename(path)
    })

    expect(readdirSync(join(folder, 'cache')).sort()).toEqual(paths.slice(-3).sort())
  })

  it.each([
    [{ CLOACA_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg' }, '/own/snapshot-'],
    [{ CLOACA_CACHE_DIR: '', XDG_CACHE_HOME: '/xdg' }, '/xdg/cloaca/snapshot-'],
  ])('is in the folder that the environment names: %o', (environ, beginning) => {
    expect(snapshotPlaceFor(packageFolder, environ).startsWith(beginning)).toBe(true)
  })
})
