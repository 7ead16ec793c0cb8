/** A database file that is moved away and back while it is open. */

import { existsSync, renameSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, newExecution, START } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const REPLACED = { code: 'DATABASE_REPLACED' }

let folder: TemporaryFolder
let path: string
let aside: string
let clock: ManualClock
let store: Store
/** Kinds of the reported database changes, in order. */
let changes: string[]

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  aside = folder.file('aside.db')
  clock = new ManualClock(START)
  store = await openSqliteStore({ path, durability: 'normal', clock })
  changes = []
  store.onDatabaseChange(({ kind }) => void changes.push(kind))
})
afterEach(async () => {
  await store.close().catch(() => {}) // rejects if the test has moved the file away
  folder[Symbol.dispose]()
})

const accept = async (id: string = crypto.randomUUID()): Promise<string> => {
  await store.createExecution(newExecution({ id }), { kind: 'call' }, START)
  return id
}

/** Returns the ids of the executions in a database file, and the result of SQLite's integrity check. */
function contentOf(file: string): { readonly ids: readonly unknown[]; readonly check: unknown } {
  const connection = new Connection(file)
  try {
    const ids = connection
      .all<{ id: string }>('SELECT id FROM active_executions ORDER BY execution_seq')
      .map(({ id }) => id)
    return { ids, check: connection.one('PRAGMA integrity_check') }
  } finally {
    connection.close()
  }
}

describe('a database that was moved away', () => {
  test('contains every accepted execution at its new path, and leaves no log at the old path', {
    tags: ['proof'],
  }, async () => {
    const ids = [await accept(), await accept()]

    renameSync(path, aside)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    expect(contentOf(aside).ids).toEqual(ids)
    expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([false, false])
  })

  test('is used again after it was moved back, with every accepted execution', { tags: ['proof'] }, async () => {
    const before = await accept()
    renameSync(path, aside)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    renameSync(aside, path)
    await clock.advance(3_000)
    const after = await accept()

    expect(changes).toEqual(['lost', 'found'])
    expect((await store.listExecutions(FIRST_PAGE)).map(({ id }) => id)).toEqual([after, before])
  })
})

describe('a database that was moved away and back between two checks of its file', () => {
  test('is opened again if another process has removed its log, and keeps later commits', async () => {
    const other = await openSqliteStore({ path, durability: 'normal', clock })
    const acceptThere = (id: string) => other.createExecution(newExecution({ id }), { kind: 'call' }, START)
    const before = await accept()
    renameSync(path, aside)
    await expect(acceptThere('refused')).rejects.toMatchObject(REPLACED)
    renameSync(aside, path)

    await expect(accept()).rejects.toMatchObject(REPLACED)
    await clock.advance(3_000)
    await acceptThere('by-the-other')
    const after = await accept()
    await other.close()

    expect(changes).toEqual(['lost', 'found'])
    expect(contentOf(path)).toEqual({ ids: [before, 'by-the-other', after], check: { integrity_check: 'ok' } })
  })
})
