/** Environment of a database: the SQLite version that opens it, and the file system that contains it. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fileSystemWarning, readFileSystem } from '../../src/store/sqlite/file/file-system.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { assertSoundSqlite, hasLogResetFault } from '../../src/store/sqlite/file/sqlite-version.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

vi.mock('../../src/store/sqlite/file/sqlite-version.ts', { spy: true })

const NFS = 0x6969
const EXT4 = 0xef53

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

describe('the SQLite bug that loses commits when the log is reset', () => {
  test.each([
    ['3.7.17', true],
    ['3.44.5', true],
    ['3.44.6', false],
    ['3.44.10', false],
    ['3.45.3', true],
    ['3.49.2', true],
    ['3.50.6', true],
    ['3.50.7', false],
    ['3.50.12', false],
    ['3.51.0', true],
    ['3.51.2', true],
    ['3.51.3', false],
    ['3.52.0', false],
    ['3.54.1', false],
    ['3.100.0', false],
    ['4.0.0', false],
    ['3.44', true],
    ['unknown', true],
    ['', true],
  ])('affects SQLite "%s": %s', (version, expected) => {
    expect(hasLogResetFault(version)).toBe(expected)
  })

  test('keeps a database from being opened, with the installed and the fixed version in the error', () => {
    const open = () => assertSoundSqlite('/srv/jobs.db', '3.50.6')

    expect(open).toThrow(expect.objectContaining({ code: 'DATABASE_UNAVAILABLE', facts: { path: '/srv/jobs.db' } }))
    expect(open).toThrow(/3\.50\.6.*3\.51\.3/)
  })

  test('is checked for whenever a database is opened for writing', async () => {
    const path = folder.file('a.db')

    await (await openSqliteStore({ path, durability: 'normal', clock: new ManualClock() })).close()

    expect(assertSoundSqlite).toHaveBeenCalledWith(path, expect.stringMatching(/^3\.\d+\.\d+$/))
  })

  test('does not affect the installed SQLite', () => {
    const connection = new Connection(':memory:')
    const { version } = connection.one<{ version: string }>('SELECT sqlite_version() AS version') ?? { version: '' }
    connection.close()

    expect(hasLogResetFault(version)).toBe(false)
  })
})

describe('the warning about file systems that cannot share the log', () => {
  test.each([
    ['NFS', NFS],
    ['SMB', 0xff534d42],
    ['SMB', 0xff534d42 - 2 ** 32],
    ['SMB', 0xfe534d42],
    ['FUSE', 0x65735546],
    ['9P', 0x01021997],
    ['Ceph', 0x00c36400],
  ])('is given for %s, with that name', (name, type) => {
    const warning = fileSystemWarning('/mnt/share/jobs.db', () => type, 'linux')

    expect(warning).toContain(`"/mnt/share/jobs.db" is on ${name}`)
  })

  test.each([
    ['ext4', EXT4],
    ['XFS', 0x58465342],
    ['Btrfs', 0x9123683e],
    ['tmpfs', 0x01021994],
    ['overlayfs', 0x794c7630],
    ['ZFS', 0x2fc12fc1],
    ['F2FS', 0xf2f52010],
  ])('is not given for %s', (_, type) => {
    expect(fileSystemWarning('/srv/jobs.db', () => type, 'linux')).toBeNull()
  })

  test('is given for the path of a share on Windows, and not for the long path of a local disk', () => {
    const warn = (path: string) => fileSystemWarning(path, () => NFS, 'win32')

    expect(warn('\\\\server\\share\\jobs.db')).toContain('a network share')
    expect(warn('C:\\jobs\\jobs.db')).toBeNull()
    expect(warn('\\\\?\\C:\\jobs\\jobs.db')).toBeNull()
    expect(warn('\\\\?\\UNC\\server\\share\\jobs.db')).toContain('a network share')
  })

  test('is not given if the type of the file system cannot be read', () => {
    const read = () => {
      throw new Error('ENOSYS')
    }

    expect(fileSystemWarning('/srv/jobs.db', read, 'linux')).toBeNull()
  })

  test.skipIf(process.platform !== 'linux')('depends on the file system of the folder of the database', () => {
    expect(fileSystemWarning('/proc/jobs.db', (path) => (path === '/proc' ? NFS : EXT4))).toContain('NFS')
    expect(readFileSystem('/proc')).toBe(0x9fa0)
  })

  test('is given once, and the database is opened', async () => {
    const notices: string[] = []
    const options = {
      durability: 'normal',
      clock: new ManualClock(),
      notice: (text: string) => notices.push(text),
    } as const

    const store = await openSqliteStore({ ...options, path: folder.file('a.db'), readFileSystem: () => NFS })
    await store.saveWorkflows([], 0)
    await store.close()

    expect(notices).toEqual(process.platform === 'linux' ? [expect.stringContaining('is on NFS')] : [])
    await (await openSqliteStore({ ...options, path: folder.file('b.db') })).close()
    expect(notices.length).toBeLessThan(2)
  })
})
