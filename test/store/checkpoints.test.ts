/** Checkpoints and length of the write-ahead log of a database file, observed from another connection. */

import { statSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { CHECKPOINT_PAGES } from '../../src/store/sqlite/file/checkpoints.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { newExecution, START } from '../support/store-builders.ts'
import { startStoreProcess } from '../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let path: string
let store: Store
let other: Connection
let notices: string[]

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  notices = []
  const notice = (message: string) => void notices.push(message)
  store = await openSqliteStore({ path, durability: 'normal', clock: new ManualClock(START), notice })
  other = new Connection(path)
})
afterEach(async () => {
  other.close()
  await store.close()
  folder[Symbol.dispose]()
})

/** Accepts an execution whose context fills about `pages` database pages. */
const accept = (pages: number) =>
  store.createExecution(newExecution({ inputText: `{"text":"${'x'.repeat(pages * 4_096)}"}` }), { kind: 'call' }, START)
const log = () => other.checkpoint('NOOP')

describe('the write-ahead log', () => {
  test('is copied into the database file after the commit that makes it too long, not during it', async () => {
    await accept(CHECKPOINT_PAGES + 100)
    const atTheAnswer = log()
    await settle()

    expect(atTheAnswer).toMatchObject({ checkpointed: 0 })
    expect(atTheAnswer?.log).toBeGreaterThan(CHECKPOINT_PAGES)
    expect(log()).toMatchObject({ checkpointed: atTheAnswer?.log })
  })

  test('is not copied into the database file while it is short', async () => {
    await accept(100)
    await settle()

    expect(log()).toMatchObject({ checkpointed: 0 })
  })

  test('stays shorter than twice the checkpoint threshold during many commits', async () => {
    for (let count = 0; count < 60; count++) {
      await accept(200)
      await settle()
    }

    expect(statSync(`${path}-wal`).size).toBeLessThan(2 * CHECKPOINT_PAGES * 4_120)
  })

  test('stays bounded while another process has short read transactions all the time', {
    tags: ['night'],
  }, async () => {
    await using readers = startStoreProcess(
      path,
      `const { Connection } = await import(${JSON.stringify(import.meta.resolve('../../src/store/sqlite/file/sqlite-connection.ts'))})
       const two = [new Connection(process.argv[1]), new Connection(process.argv[1])]
       const read = (reader) => {
         reader.rollback()
         reader.beginRead()
         reader.all('SELECT count(*) FROM executions')
       }
       for (const reader of two) read(reader)
       await say('reading')
       for (let turn = 0; ; turn++) {
         read(two[turn % 2])
         await new Promise((resolve) => setImmediate(resolve))
       }`,
    )
    await readers.lines.next()
    // A restart of the log ends when the readers move on. On a busy machine, they may get no processor within 200 ms.
    const { checkpoint } = Connection.prototype
    const patient = vi.spyOn(Connection.prototype, 'checkpoint').mockImplementation(function (
      this: Connection,
      mode,
      waitMs,
    ) {
      return checkpoint.call(this, mode, waitMs === undefined ? waitMs : 100 * waitMs)
    })
    onTestFinished(() => patient.mockRestore())

    for (let count = 0; count < 100; count++) {
      await accept(200)
      await settle()
    }

    expect(statSync(`${path}-wal`).size).toBeLessThan(8 * CHECKPOINT_PAGES * 4_120)
    expect(notices).toEqual([])
  })

  test('is reported once if a long read keeps it from shrinking, and shrinks after that read', async () => {
    other.beginRead()
    other.all('SELECT count(*) FROM executions')
    for (let count = 0; count < 12; count++) {
      await accept(2_000)
      await settle()
    }
    const whileReading = [...notices]

    other.rollback()
    for (let count = 0; count < 3; count++) {
      await accept(1_500)
      await settle()
    }

    expect(whileReading).toEqual([expect.stringContaining(`The write-ahead log "${path}-wal" has`)])
    expect(log()?.log).toBeLessThan(3 * CHECKPOINT_PAGES)
    expect(notices).toHaveLength(1)
  })
})
