/** Cache of memory snapshots: its files, its owner and its modes. */

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compileCacheFolder } from '../../src/host/environment/cache-folder.ts'
import { findSnapshot, snapshotPlaceFor, storeSnapshot } from '../../src/host/environment/snapshot-cache.ts'
import { isOwnFile } from '../../src/host/environment/trusted-files.ts'

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

  it('finds a snapshot after it was stored, and not before', () => {
    expect(findSnapshot(place(), Date.now())).toBeNull()

    const path = storeSnapshot(place(), SNAPSHOT, Date.now())

    expect(findSnapshot(place(), Date.now())).toBe(path)
    expect(readdirSync(join(folder, 'cache'))).toEqual([basename(path)])
  })

  it.runIf(process.platform === 'linux')('rejects a folder in which no file can be created, such as /proc', () => {
    const inProc = { CLOACA_CACHE_DIR: '/proc/1/x' }

    expect(compileCacheFolder(inProc)).toBeNull()
    expect(() => storeSnapshot(snapshotPlaceFor(packageFolder, inProc), SNAPSHOT, Date.now())).toThrow('/proc/1/x')
  })

  it('does not find a truncated snapshot', () => {
    truncateSync(storeSnapshot(place(), SNAPSHOT, Date.now()), 999)

    expect(findSnapshot(place(), Date.now())).toBeNull()
  })

  it('does not find the snapshot of another version of the Python package', () => {
    storeSnapshot(place(), SNAPSHOT, Date.now())

    writeFileSync(join(packageFolder, 'cloaca', '__init__.py'), 'VERSION = 2\n')

    expect(findSnapshot(place(), Date.now())).toBeNull()
  })

  const placeOfVersion = (version: number) => {
    writeFileSync(join(packageFolder, 'cloaca', '__init__.py'), `VERSION = ${version}\n`)
    return place()
  }
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

  it('keeps the eight most recently used snapshots', () => {
    const places = Array.from({ length: 11 }, (_, version) => placeOfVersion(version))
    const paths = places.map((each, version) => {
      const path = storeSnapshot(each, SNAPSHOT, Date.now())
      utimesSync(path, daysAgo(20 - version), daysAgo(20 - version))
      return path
    })
    findSnapshot(places[3] as string, Date.now()) // was stored long ago, and is used now

    storeSnapshot(placeOfVersion(11), SNAPSHOT, Date.now())

    expect(readdirSync(join(folder, 'cache'))).toHaveLength(8)
    expect(findSnapshot(places[3] as string, Date.now())).toBe(paths[3])
    expect(findSnapshot(places[4] as string, Date.now())).toBeNull()
  })

  it('removes snapshots that were not used for 30 days', () => {
    const [kept, old] = [29, 31].map((days) => {
      const each = placeOfVersion(days)
      utimesSync(storeSnapshot(each, SNAPSHOT, Date.now()), daysAgo(days), daysAgo(days))
      return each
    }) as [string, string]

    storeSnapshot(placeOfVersion(0), SNAPSHOT, Date.now())

    expect(findSnapshot(old, Date.now())).toBeNull()
    expect(findSnapshot(kept, Date.now())).not.toBeNull()
  })

  it('keeps the snapshots of four installations that are used in turn', () => {
    const installs = [1, 2, 3, 4].map(placeOfVersion)
    for (const install of installs) storeSnapshot(install, SNAPSHOT, Date.now())

    for (let turn = 0; turn < 3; turn++) {
      for (const install of installs) expect(findSnapshot(install, Date.now())).not.toBeNull()
    }
  })

  it('makes its folder and files accessible to their owner only', () => {
    const path = storeSnapshot(place(), SNAPSHOT, Date.now())

    expect(statSync(join(folder, 'cache')).mode & 0o777).toBe(0o700)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('removes the write permission of other users from its own folder', () => {
    const path = storeSnapshot(place(), SNAPSHOT, Date.now())
    chmodSync(join(folder, 'cache'), 0o777)

    expect(findSnapshot(place(), Date.now())).toBe(path)
    expect(statSync(join(folder, 'cache')).mode & 0o777).toBe(0o755)
  })

  it('does not find a snapshot that other users can write to, and reports that', () => {
    const path = storeSnapshot(place(), SNAPSHOT, Date.now())
    chmodSync(path, 0o622)
    const refusals: string[] = []

    expect(findSnapshot(place(), Date.now(), (message) => refusals.push(message))).toBeNull()
    expect(refusals).toEqual([expect.stringContaining(`"${path}" is ignored`)])
  })

  it.runIf(process.getuid?.() === 0)('does not use files and folders of another user', () => {
    process.seteuid?.(1_000)
    try {
      // Runs as a user who finds files of another user.
      expect(isOwnFile({ uid: 1_001 })).toBe(false)
    } finally {
      process.seteuid?.(0)
    }
    const path = storeSnapshot(place(), SNAPSHOT, Date.now())
    chownSync(path, 1_001, 1_001)
    expect(findSnapshot(place(), Date.now())).toBeNull()

    chownSync(path, 0, 0)
    chownSync(join(folder, 'cache'), 1_001, 1_001)
    for (const mode of [0o777, 0o755, 0o700]) {
      chmodSync(join(folder, 'cache'), mode)
      expect(() => findSnapshot(place(), Date.now())).toThrow(/another user owns the folder/)
      expect(() => storeSnapshot(place(), SNAPSHOT, Date.now())).toThrow(/another user owns the folder/)
      expect(compileCacheFolder({ CLOACA_CACHE_DIR: join(folder, 'cache') })).toBeNull()
    }
  })

  it('has a folder for compiled JavaScript that only its owner can write to', () => {
    const cache = join(folder, 'cache')

    expect(compileCacheFolder({ CLOACA_CACHE_DIR: cache })).toBe(join(cache, 'compiled'))
    expect(statSync(join(cache, 'compiled')).mode & 0o777).toBe(0o700)
    expect(compileCacheFolder({ CLOACA_CACHE_DIR: join(packageFolder, 'cloaca', '__init__.py') })).toBeNull()
  })

  it.each([
    [{ CLOACA_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg' }, '/own/snapshot-'],
    [{ CLOACA_CACHE_DIR: '', XDG_CACHE_HOME: '/xdg' }, '/xdg/cloaca/snapshot-'],
  ])('is in the folder that the environment variables name: %o', (environ, beginning) => {
    expect(snapshotPlaceFor(packageFolder, environ).startsWith(beginning)).toBe(true)
  })
})
