/** Group commit, observed in the write-ahead log of the database file, which shows the number of commits. */

import { readFileSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StoreCounters } from '../../src/metrics/store-counters.ts'
import { DatabaseWatch } from '../../src/store/sqlite/file/database-watch.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { StepQueue } from '../../src/store/sqlite/file/step-queue.ts'
import type { StepNeed } from '../../src/store/store-session.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const INSERT = 'INSERT INTO notes (text) VALUES (?)'

/** Watch of a file that stays in its place; `replaced.test.ts` covers the other cases. */
const IN_PLACE = { assertInPlace: () => {}, assertInPlaceLately: () => {}, suspect: () => {} }

let folder: TemporaryFolder
let connection: Connection
let queue: StepQueue
let clock: ManualClock

beforeEach(() => {
  folder = temporaryFolder()
  connection = new Connection(folder.file('notes.db'))
  connection.script('CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT')
  clock = new ManualClock()
  queue = new StepQueue(connection, {
    clock,
    syncs: true,
    watch: IN_PLACE,
    afterCommit: () => {},
    counters: new StoreCounters(),
  })
})
afterEach(() => {
  connection.close()
  folder[Symbol.dispose]()
})

const note = (text: string, need: StepNeed = 'write') => queue.add(need, () => connection.run(INSERT, text))
const notes = () => connection.all<{ text: string }>('SELECT text FROM notes ORDER BY rowid').map((row) => row.text)

describe('group commit', () => {
  test('steps of one turn of the event loop share a commit, and a step of the next turn has another', async () => {
    const before = commits()

    await Promise.all([note('a'), note('b'), note('c')])
    const afterOneTurn = commits()
    await note('d')

    expect(afterOneTurn - before).toBe(1)
    expect(commits() - before).toBe(2)
    expect(notes()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('steps that only read commit nothing', async () => {
    const before = commits()

    const count = await queue.add('read', () => notes().length)

    expect(count).toBe(0)
    expect(commits()).toBe(before)
  })

  test('a commit is rejected if the file was removed before it', async () => {
    connection.opened()
    const watch = new DatabaseWatch(connection, clock, () => {})
    queue = new StepQueue(connection, {
      clock,
      syncs: true,
      watch,
      afterCommit: () => {},
      counters: new StoreCounters(),
    })

    const accepted = queue.add('accept', () => {
      connection.run(INSERT, 'a')
      rmSync(folder.file('notes.db'))
    })

    await expect(accepted).rejects.toMatchObject({ code: 'DATABASE_REPLACED' })
    watch.stop()
  })

  test('if one step of a batch fails, its other steps run again and are stored once', async () => {
    const results = await Promise.allSettled([note('a'), note('a'), note('b')])

    expect(results).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: { code: 'DATABASE_FAILED', cause: { code: 'SQLITE_CONSTRAINT_UNIQUE' } } },
      { status: 'fulfilled', value: 1 },
    ])
    expect(notes()).toEqual(['a', 'b'])
  })

  test('the writes of a failed step are not stored', async () => {
    const halfway = queue.add('write', () => {
      connection.run(INSERT, 'half')
      throw new Error('stopped halfway')
    })

    await expect(halfway).rejects.toMatchObject({ code: 'DATABASE_FAILED', cause: { message: 'stopped halfway' } })
    await note('next')
    expect(notes()).toEqual(['next'])
  })

  test('steps wait in their order while another process locks the database', async () => {
    const { release } = lockedByAnother()
    const first = note('first')
    await settle()
    const second = note('second')
    await clock.advance(5_000)
    const duringLock = notes()

    release()
    await clock.advance(200)

    expect(duringLock).toEqual([])
    await Promise.all([first, second])
    expect(notes()).toEqual(['first', 'second'])
  })

  test('all queued steps fail after a lock of 15 s by another process, and later steps are stored', async () => {
    const { release } = lockedByAnother()

    const waiting = Promise.allSettled([note('a'), note('b')])
    await clock.advance(15_200)
    release()
    await note('c')

    const [refusal, other] = await waiting
    expect(refusal).toMatchObject({ reason: { code: 'DATABASE_FAILED', cause: { code: 'SQLITE_BUSY' } } })
    expect(other.status).toBe('rejected')
    expect(notes()).toEqual(['c'])
  })

  test('a lock by another process while a failed batch runs again neither reorders nor loses steps', {
    tags: ['proof'],
  }, async () => {
    let release = () => {}
    let runs = 0
    const watching = queue.add('read', () => {
      runs += 1
      // The second run is alone in its transaction, which only reads, so another process can take the lock.
      if (runs === 2) release = lockedByAnother().release
    })
    const faulty = queue.add('write', () => {
      throw new Error('faulty')
    })
    const rest = [faulty, note('first'), note('second')]
    const results = Promise.allSettled([watching, ...rest])
    await settle()
    const third = note('third')

    release()
    await clock.advance(100)
    await third

    expect((await results).map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(notes()).toEqual(['first', 'second', 'third'])
  })

  test('if the disk is full, the large step of a batch fails and its small steps are stored', async () => {
    const pages = connection.one<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
    connection.script(`PRAGMA max_page_count = ${pages + 3}`)

    const results = await Promise.allSettled([note('small'), note('x'.repeat(100_000)), note('small too')])

    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { code: 'DATABASE_FAILED', cause: { code: 'SQLITE_FULL' } } })
    expect(notes()).toEqual(['small', 'small too'])
  })

  test('closing the queue completes earlier steps and rejects later ones', async () => {
    const before = note('before')
    queue.close()
    const after = note('after')

    await expect(after).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    await before
    expect(notes()).toEqual(['before'])
  })
})

describe('durability', () => {
  const synchronous = (need: StepNeed) =>
    queue.add(need, () => connection.one<{ synchronous: number }>('PRAGMA synchronous')?.synchronous)
  const NORMAL = 1
  const FULL = 2

  test('a commit that accepts an execution is synced, and other commits are not', async () => {
    expect(await synchronous('accept')).toBe(FULL)
    expect(await synchronous('write')).toBe(NORMAL)
    expect(await synchronous('accept')).toBe(FULL)
  })

  test('a batch is synced if one of its steps accepts an execution', async () => {
    const [beside] = await Promise.all([synchronous('write'), note('accepted', 'accept')])

    expect(beside).toBe(FULL)
  })

  test('no commit is synced with durability "normal"', async () => {
    queue = new StepQueue(connection, {
      clock,
      syncs: false,
      watch: IN_PLACE,
      afterCommit: () => {},
      counters: new StoreCounters(),
    })

    expect(await synchronous('accept')).toBe(NORMAL)
  })
})

function lockedByAnother(): { readonly release: () => void } {
  connection.opened()
  const another = new Connection(folder.file('notes.db'))
  another.beginWrite('kept')
  return {
    release: () => {
      another.rollback()
      another.close()
    },
  }
}

/** Counts the frames of the log that end a transaction. Only these have the new database size in their header. */
function commits(): number {
  const log = readFileSync(folder.file('notes.db-wal'))
  const headerBytes = 32
  const frameBytes = 24 + log.readUInt32BE(8)
  let count = 0
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes)
    if (log.readUInt32BE(at + 4) > 0) count += 1
  return count
}
