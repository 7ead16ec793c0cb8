/** Databases opened only for reading: their files stay unchanged, need no write permission, and reject writes. */

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { StoreError } from '../../src/errors.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { declaration, FIRST_PAGE, firedTick, newExecution, START } from '../support/store-builders.ts'
import { startStoreProcess } from '../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let path: string

beforeEach(() => {
  folder = temporaryFolder()
  mkdirSync(folder.file('data'))
  path = folder.file('data/workflows.db')
})
afterEach(() => folder[Symbol.dispose]())

const open = (readOnly: boolean) =>
  openSqliteStore({ path, durability: 'normal', clock: new ManualClock(START), readOnly })

async function refusal(opening: Promise<Store>): Promise<StoreError> {
  try {
    await (await opening).close()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
  throw new Error(`"${path}" was opened`)
}

/** Creates and closes a database with a trigger that has fired once. */
async function makeDatabase(): Promise<void> {
  const store = await open(false)
  await store.saveTriggers([declaration()], START)
  await store.recordFired(firedTick())
  await store.close()
}

const files = () =>
  readdirSync(folder.file('data')).map((name) => {
    const at = folder.file(`data/${name}`)
    return [name, statSync(at).mtimeMs, readFileSync(at).toString('base64')]
  })

const names = async (store: Store) =>
  (await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).map((row) => row.name)

describe('a database opened for reading', () => {
  test('returns its rows, and leaves the file and its folder unchanged', async () => {
    await makeDatabase()
    const before = files()

    const store = await open(true)
    const read = [
      await names(store),
      (await store.listFirings('inbox', FIRST_PAGE)).length,
      (await store.listTicks('inbox', FIRST_PAGE)).length,
      (await store.listExecutions(FIRST_PAGE)).length,
    ]
    await store.close()

    expect(read).toEqual([['inbox'], 1, 1, 1])
    expect(files()).toEqual(before)
  })

  test('returns the rows in the log of another process, and leaves the file and that log unchanged', async () => {
    const writing = await open(false)
    await writing.saveTriggers([declaration()], START)
    const before = files().filter(([name]) => name !== 'workflows.db-shm')

    const store = await open(true)
    const read = await names(store)
    await store.close()

    expect(read).toEqual(['inbox'])
    expect(files().filter(([name]) => name !== 'workflows.db-shm')).toEqual(before)
    await writing.close()
  })

  test.each(['BEGIN IMMEDIATE', 'BEGIN EXCLUSIVE'])('does not wait for the lock of %s', async (begin) => {
    await makeDatabase()
    const another = new Connection(path)
    another.script(`${begin}; UPDATE triggers SET name = 'changed'`)

    const store = await open(true)
    const read = await names(store)
    await store.close()

    expect(read).toEqual(['inbox'])
    another.rollback()
    another.close()
  })

  test('rejects each call that would write, and names the file in the error', async () => {
    await makeDatabase()
    const store = await open(true)

    const calls = [
      store.setTriggerEnabled('inbox', false, null, START),
      store.createExecution(newExecution(), { kind: 'call' }, START),
      store.openInstance('instance', START),
    ]

    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'DATABASE_FAILED', facts: { path } })
    await store.close()
  })

  test('is rejected if the file does not exist, and the file is not created', async () => {
    const error = await refusal(open(true))

    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', facts: { path } })
    expect(error.message).toContain('does not exist')
    expect(existsSync(path)).toBe(false)
  })

  test('is rejected if its schema is older, and stays unchanged', async () => {
    await makeDatabase()
    const connection = new Connection(path)
    connection.script('UPDATE cloaca_schema SET version = 11')
    connection.close()
    const before = files()

    const error = await refusal(open(true))

    expect(error).toMatchObject({ code: 'DATABASE_TOO_OLD', facts: { path } })
    expect(error.message).toContain('schema version 11')
    expect(files()).toEqual(before)
  })

  test('is rejected if the file is empty, and stays empty', async () => {
    writeFileSync(path, '')

    const error = await refusal(open(true))

    expect(error.code).toBe('DATABASE_UNAVAILABLE')
    expect(error.message).toContain('contains no tables of cloaca')
    expect(statSync(path).size).toBe(0)
  })
})

describe('reading without write permission', () => {
  // Without write permission on the folder, only root could remove its files after the test.
  afterEach(() => chmodSync(folder.file('data'), 0o755))

  const readUnprivileged = async (): Promise<string> => {
    chmodSync(folder.path, 0o755)
    await using reader = startStoreProcess(
      path,
      `await becomeUnprivileged()
       try {
         const store = await openSqliteStore({ path: process.argv[1], durability: 'normal', clock, readOnly: true })
         const rows = await store.listTriggers({ limit: 9, offset: 0, enabledOnly: false })
         await say(JSON.stringify(rows.map((row) => row.name)))
         await store.close()
       } catch (error) {
         await say(error.code + ' ' + error.message)
       }`,
    )
    return (await reader.lines.next()).value as string
  }

  test.each([
    ['a read-only file', 0o444, 0o777],
    ['a file in a read-only folder', 0o666, 0o555],
    ['a read-only file in a read-only folder', 0o444, 0o555],
  ])('%s can be read, and no other file is created', async (_, fileMode, folderMode) => {
    await makeDatabase()
    chmodSync(path, fileMode)
    chmodSync(folder.file('data'), folderMode)

    expect(await readUnprivileged()).toBe('["inbox"]')
    expect(readdirSync(folder.file('data'))).toEqual(['workflows.db'])
  })

  test('a database that another user has open can be read, including the rows in its log', async () => {
    const writing = await open(false)
    await writing.saveTriggers([declaration()], START)
    for (const name of readdirSync(folder.file('data'))) chmodSync(folder.file(`data/${name}`), 0o644)
    chmodSync(folder.file('data'), 0o755)

    expect(await readUnprivileged()).toBe('["inbox"]')
    await writing.close()
  })

  test('a log that was left in a read-only folder is named in the error, with the missing permission', async () => {
    const writing = await open(false)
    await writing.saveTriggers([declaration()], START)
    copyFileSync(path, folder.file('copy.db'))
    copyFileSync(`${path}-wal`, folder.file('copy.db-wal'))
    await writing.close()
    rmSync(path)
    copyFileSync(folder.file('copy.db'), path)
    copyFileSync(folder.file('copy.db-wal'), `${path}-wal`)
    chmodSync(folder.file('data'), 0o555)

    const said = await readUnprivileged()

    expect(said).toMatch(/^DATABASE_UNAVAILABLE /)
    expect(said).toContain(`reading the log "${path}-wal" requires write access to the folder`)
  })

  test('a file without read permission is rejected with "permission denied"', async () => {
    await makeDatabase()
    chmodSync(path, 0o000)

    expect(await readUnprivileged()).toMatch(/^DATABASE_UNAVAILABLE .*permission denied/)
  })
})
