/** What is around a database: the SQLite that opens it, and the file system that it lies on. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Connection } from '../../src/store/sqlite/file/connection.ts'
import { fileSystemWarning, readFileSystem } from '../../src/store/sqlite/file/file-system.ts'
import { assertSoundSqlite, hasLogResetFault } from '../../src/store/sqlite/file/sqlite-version.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

vi.mock('../../src/store/sqlite/file/sqlite-version.ts', { spy: true })

const NFS = 0x6969
const EXT4 = 0xef53

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

describe('the fault of SQLite that loses what was committed when the log begins anew', () => {
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
  ])('SQLite %s: %s', (version, expected) => {
    expect(hasLogResetFault(version)).toBe(expected)
  })

  test('is a reason not to open a database, with both versions', () => {
    const open = () => assertSoundSqlite('/srv/jobs.db', '3.50.6')

    expect(open).toThrow(expect.objectContaining({ code: 'DATABASE_UNAVAILABLE', facts: { path: '/srv/jobs.db' } }))
    expect(open).toThrow(/3\.50\.6.*3\.51\.3/)
  })

  test('is looked for each time that a database is opened to be written', async () => {
    const path = folder.file('a.db')

    await (await openSqliteStore({ path, durability: 'normal', clock: new FakeClock() })).close()

    expect(assertSoundSqlite).toHaveBeenCalledWith(path, expect.stringMatching(/^3\.\d+\.\d+$/))
  })

  test('is not in the SQLite that is installed here', () => {
    const connection = new Connection(':memory:')
    const { version } = connection.one<{ version: string }>('SELECT sqlite_version() AS version') ?? { version: '' }
    connection.close()

    expect(hasLogResetFault(version)).toBe(false)
  })
})

describe('a file system on which the log must not be shared', () => {
  test.each([
    ['NFS', NFS],
    ['SMB', 0xff534d42],
    ['SMB', 0xff534d42 - 2 ** 32],
    ['SMB', 0xfe534d42],
    ['FUSE', 0x65735546],
    ['9P', 0x01021997],
    ['Ceph', 0x00c36400],
  ])('%s is warned of by its name', (name, type) => {
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
  ])('%s is not warned of', (_, type) => {
    expect(fileSystemWarning('/srv/jobs.db', () => type, 'linux')).toBeNull()
  })

  test('on Windows a share is known by its path, and a long path of a local disk is none', () => {
    const warn = (path: string) => fileSystemWarning(path, () => NFS, 'win32')

    expect(warn('\\\\server\\share\\jobs.db')).toContain('a network share')
    expect(warn('C:\\jobs\\jobs.db')).toBeNull()
    expect(warn('\\\\?\\C:\\jobs\\jobs.db')).toBeNull()
    expect(warn('\\\\?\\UNC\\server\\share\\jobs.db')).toContain('a network share')
  })

  test('one that does not tell what it is is not warned of', () => {
    const read = () => {
      throw new Error('ENOSYS')
    }

    expect(fileSystemWarning('/srv/jobs.db', read, 'linux')).toBeNull()
  })

  test.skipIf(process.platform !== 'linux')('is asked for the folder of the database', () => {
    expect(fileSystemWarning('/proc/jobs.db', (path) => (path === '/proc' ? NFS : EXT4))).toContain('NFS')
    expect(readFileSystem('/proc')).toBe(0x9fa0)
  })

  test('is told to whoever opens the database, once, and it is opened', async () => {
    const notices: string[] = []
    const options = {
      durability: 'normal',
      clock: new FakeClock(),
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
