/** Syncs of the write-ahead log after commits. */

import { existsSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { declaration, newExecution, START } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let path: string
let clock: ManualClock
let synced: string[]
let notices: string[]
/** Called by each sync. */
let sync: () => Promise<void>
let store: Store

const open = (durability: 'full' | 'normal', file = path) =>
  openSqliteStore({
    ...{ path: file, durability, clock, notice: (message: string) => void notices.push(message) },
    syncFile: async (log) => {
      synced.push(log)
      await sync()
    },
  })
const accept = (to: Store = store) => to.createExecution(newExecution(), { kind: 'call' }, START)

beforeEach(() => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  clock = new ManualClock(START)
  synced = []
  notices = []
  sync = async () => {}
})
afterEach(async () => {
  await store.close()
  folder[Symbol.dispose]()
})

describe('the log of a database with durability "normal"', () => {
  beforeEach(async () => {
    store = await open('normal')
  })

  test('is synced once within a second of several commits, and not again without a commit', async () => {
    for (let commits = 0; commits < 3; commits++) await accept()
    await settle()
    const atTheAnswer = [...synced]
    await clock.advance(999)
    const first = [...synced]
    await clock.advance(60_000)

    expect(atTheAnswer).toEqual([])
    expect(first).toEqual([`${path}-wal`])
    expect(synced).toHaveLength(1)
  })

  test('is synced again after a commit during a slow sync', async () => {
    let ends = () => {}
    sync = () => new Promise((resolve) => (ends = resolve))
    await accept()
    await clock.advance(500)
    await accept()
    await clock.advance(5_000)
    const during = synced.length
    ends()
    await settle()
    await clock.advance(999)
    sync = async () => {}
    ends()

    expect([during, synced.length]).toEqual([1, 2])
  })

  test('is synced again after a failed sync, with one notice', async () => {
    sync = async () => Promise.reject(new Error('EIO: i/o error, fdatasync'))
    await accept()
    await clock.advance(3_000)
    const failed = synced.length
    sync = async () => {}
    await clock.advance(3_000)

    expect(failed).toBeGreaterThan(2)
    expect(synced).toHaveLength(failed + 1)
    expect(notices).toEqual([
      `Cannot sync the write-ahead log "${path}-wal": EIO: i/o error, fdatasync. A power cut may lose recent writes.`,
    ])
  })

  test('is synced when the database is closed after a commit', async () => {
    const own = await open('normal', folder.file('own.db'))
    await accept(own)
    await own.close()

    expect(synced).toEqual([folder.file('own.db-wal')])
  })

  test('needs no sync in memory', async () => {
    const memory = await open('normal', ':memory:')
    await accept(memory)
    await clock.advance(1_000)
    await memory.close()

    expect(synced).toEqual([])
  })

  test('is not missed while the database is moved away', async () => {
    const notice = (message: string) => void notices.push(message)
    const own = await openSqliteStore({ path: folder.file('own.db'), durability: 'normal', clock, notice })
    await accept(own)
    const hadLog = existsSync(folder.file('own.db-wal'))
    rmSync(folder.file('own.db-wal'))
    await clock.advance(1_000)
    const cannotSync = notices.filter((notice) => notice.includes('sync'))
    await own.close().catch(() => {})

    expect([hadLog, cannotSync]).toEqual([true, []])
  })
})

test('with durability "full", the log is synced by SQLite for accepted work, and later for other writes', async () => {
  store = await open('full')
  await accept()
  await clock.advance(2_000)
  const accepted = synced.length
  await store.saveTriggers([declaration()], START)
  await clock.advance(1_000)

  expect([accepted, synced.length]).toEqual([0, 1])
})
