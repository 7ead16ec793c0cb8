/** How the log gets into the database file: between commits, and how long it gets. Seen from another connection. */

import { statSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import { CHECKPOINT_PAGES } from '../../src/store/sqlite/file/checkpoints.ts'
import { Connection } from '../../src/store/sqlite/file/connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
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
  store = await openSqliteStore({ path, durability: 'normal', clock: new FakeClock(START), notice })
  other = new Connection(path)
})
afterEach(async () => {
  other.close()
  await store.close()
  folder[Symbol.dispose]()
})

/** Accepts an execution whose context takes so many pages, and a few beside. */
const accept = (pages: number) =>
  store.createExecution(newExecution({ inputText: `{"text":"${'x'.repeat(pages * 4_096)}"}` }), { kind: 'call' }, START)
const log = () => other.checkpoint('NOOP')

describe('the log', () => {
  test('goes into the file after the commit that makes it long, and not within it', async () => {
    await accept(CHECKPOINT_PAGES + 100)
    const atTheAnswer = log()
    await settle()

    expect(atTheAnswer).toMatchObject({ checkpointed: 0 })
    expect(atTheAnswer?.log).toBeGreaterThan(CHECKPOINT_PAGES)
    expect(log()).toMatchObject({ checkpointed: atTheAnswer?.log })
  })

  test('of few commits stays as it is', async () => {
    await accept(100)
    await settle()

    expect(log()).toMatchObject({ checkpointed: 0 })
  })

  test('stays about as long as the threshold, however much is written', async () => {
    for (let count = 0; count < 60; count++) {
      await accept(200)
      await settle()
    }

    expect(statSync(`${path}-wal`).size).toBeLessThan(2 * CHECKPOINT_PAGES * 4_120)
  })

  test('stays bounded while another process always has some reader, each for a short time', async () => {
    await using readers = startStoreProcess(
      path,
      `const { Connection } = await import(${JSON.stringify(import.meta.resolve('../../src/store/sqlite/file/connection.ts'))})
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

    for (let count = 0; count < 100; count++) {
      await accept(200)
      await settle()
    }

    expect(statSync(`${path}-wal`).size).toBeLessThan(8 * CHECKPOINT_PAGES * 4_120)
    expect(notices).toEqual([])
  })

  test('that a reader keeps from getting shorter is reported once, and is short again when the reader has gone', async () => {
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
