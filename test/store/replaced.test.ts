/** Database files that are removed, replaced or overwritten while they are open, as a user does in a shell. */

import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store, StoreChange } from '../../src/engine/store.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  change,
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  START,
  settlement,
} from '../support/store-builders.ts'
import { type StoreProcess, startStoreProcess } from '../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let path: string
let aside: string
let clock: ManualClock
let store: Store
let changes: StoreChange[]

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  aside = folder.file('aside.db')
  clock = new ManualClock(START)
  store = await openSqliteStore({ path, durability: 'normal', clock })
  changes = []
  store.onDatabaseChange((change) => void changes.push(change))
})
afterEach(async () => {
  await store.close().catch(() => {}) // rejects if the test has removed the file
  folder[Symbol.dispose]()
})

const accept = async (id = crypto.randomUUID()): Promise<string> => {
  await store.createExecution(newExecution({ id }), { kind: 'call' }, START)
  return id
}
/** Accepts an execution as soon as the file that replaced the database can be opened. Its writer may lock it first. */
const acceptedAgain = async (): Promise<string> => {
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; ) {
    await clock.advance(1_000)
    try {
      return await accept()
    } catch (error) {
      expect(error).toMatchObject(REPLACED)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  throw new Error('the file that replaced the database was not opened')
}
const kinds = () => changes.map((change) => change.kind)
const REPLACED = { code: 'DATABASE_REPLACED' }

/** Creates and closes a database with one execution. Returns the id of the execution. */
async function makeDatabase(at: string): Promise<string> {
  const made = await openSqliteStore({ path: at, durability: 'normal', clock })
  const execution = newExecution()
  await made.createExecution(execution, { kind: 'call' }, START)
  await made.close()
  return execution.id
}

/** Acquires an execution for an engine. Returns the ids of its tasks. */
async function take(instanceId: string): Promise<readonly string[]> {
  const acquisition = { instanceId, workflows: ['ingest'], at: START, limit: 1, recover: false }
  const [taken] = await store.acquireExecutions(acquisition)
  return (taken?.tasks ?? []).map(({ taskId }) => taskId)
}

function executionsIn(at: string): readonly unknown[] {
  const connection = new Connection(at)
  try {
    return connection.all<{ id: string }>('SELECT id FROM active_executions ORDER BY execution_seq').map(({ id }) => id)
  } finally {
    connection.close()
  }
}

function integrityOf(at: string): unknown {
  const connection = new Connection(at)
  try {
    return connection.one('PRAGMA integrity_check')
  } finally {
    connection.close()
  }
}

describe('a database that was removed', () => {
  test('rejects reads and writes with an error that names its path, and is not created again', async () => {
    rmSync(path)

    await expect(accept()).rejects.toMatchObject({ ...REPLACED, facts: { path } })
    await expect(store.recordFired(firedTick())).rejects.toMatchObject(REPLACED)
    await expect(store.heartbeat('instance', START)).rejects.toMatchObject(REPLACED)
    await expect(store.listExecutions(FIRST_PAGE)).rejects.toMatchObject(REPLACED)
    expect(kinds()).toEqual(['lost'])
    expect(existsSync(path)).toBe(false)
  })

  test('accepts progress of an execution for a few more milliseconds, but not its end', async () => {
    const executionId = await accept()
    await store.openInstance('instance', START)
    const [task = ''] = await take('instance')
    const running = change(task, { status: 'Running', attempts: 1, startedAt: START })
    const progress = () => store.settle(settlement(executionId, { changes: [running] }))
    const end = { status: 'Failed', endedAt: START, finalText: '{}', errorMessage: 'no' } as const
    rmSync(path)

    await progress()
    await expect(store.settle(settlement(executionId, { end }))).rejects.toMatchObject(REPLACED)
    await expect(progress()).rejects.toMatchObject(REPLACED)
  })

  test('rejects progress of an execution if the last check of the file was 10 ms ago', async () => {
    const executionId = await accept()
    await store.openInstance('instance', START)
    await take('instance')
    rmSync(path)
    await clock.advance(10)

    await expect(store.settle(settlement(executionId))).rejects.toMatchObject(REPLACED)
  })

  test('is reported as lost within 500 ms without a call, if the store listens for foreign changes', async () => {
    store.onForeignChange(() => {})

    rmSync(path)
    await clock.advance(500)

    expect(kinds()).toEqual(['lost'])
  })

  test('is created again in an empty file at its path, and includes the open engines', async () => {
    await store.openInstance('instance', START)
    await accept()
    rmSync(path)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    writeFileSync(path, '')
    await clock.advance(3_000)

    expect(kinds()).toEqual(['lost', 'found'])
    await store.saveTriggers([declaration()], clock.now())
    expect(await store.leaseTriggers('instance', ['inbox'])).toMatchObject({ held: [{ trigger: 'inbox' }] })
    const id = await accept()
    await store.close()
    expect(executionsIn(path)).toEqual([id])
  })

  test('grants and stores leases after an older copy with other leases has replaced it', async () => {
    await store.saveTriggers([declaration({ name: 'a' }), declaration({ name: 'b' })], START)
    await store.openInstance('instance', START)
    await store.leaseTriggers('instance', ['a'])
    const other = new Connection(path)
    other.run(`VACUUM INTO '${aside}'`)
    other.close()
    await store.leaseTriggers('instance', ['b'])

    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending)
    renameSync(aside, path)
    await expect(accept()).rejects.toMatchObject(REPLACED)
    await clock.advance(3_000)
    const leases = await store.leaseTriggers('instance', ['b'])

    const found = new Connection(path)
    const held = found.all('SELECT name FROM triggers WHERE lease_seq IS NOT NULL')
    found.close()
    expect(leases.held).toMatchObject([{ trigger: 'b' }])
    expect(held).toContainEqual({ name: 'b' })
  })

  test('is opened again if another process creates a new one, and does not damage its log', async () => {
    await accept()
    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending)
    await using other = startStoreProcess(
      path,
      `const store = await open()
       const execution = builders.newExecution()
       await store.createExecution(execution, { kind: 'call' }, 1)
       await say(execution.id)
       setInterval(() => {}, 1000)`,
    )
    const theirs = (await other.lines.next()).value as string

    await expect(accept()).rejects.toMatchObject(REPLACED)
    const ours = await acceptedAgain()
    await other.kill()
    await store.close()

    expect(executionsIn(path)).toEqual([theirs, ours])
    expect(integrityOf(path)).toEqual({ integrity_check: 'ok' })
  })
})

describe('a database that was replaced', () => {
  test('by an atomic rename is read from the new file, which receives nothing from the old log', async () => {
    const restored = await makeDatabase(aside)
    await accept()

    renameSync(aside, path)
    await expect(accept()).rejects.toMatchObject(REPLACED)
    await clock.advance(3_000)
    const after = await accept()

    expect((await store.listExecutions(FIRST_PAGE)).map(({ id }) => id).sort()).toEqual([restored, after].sort())
    await store.close()
    expect(integrityOf(path)).toEqual({ integrity_check: 'ok' })
  })

  test('is not opened while a copy is still being written', async () => {
    await makeDatabase(aside)
    rmSync(path)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    const file = openSync(path, 'w')
    for (let part = 0; part < 5; part++) {
      writeSync(file, Buffer.alloc(4_096))
      await clock.advance(1_000)
    }
    closeSync(file)
    const whileWriting = kinds()
    copyFileSync(aside, path)
    await clock.advance(3_000)

    expect(whileWriting).toEqual(['lost'])
    expect(kinds()).toEqual(['lost', 'found'])
  })

  test('is opened even if another process writes to the new file every second', async () => {
    const busy = await openSqliteStore({ path: aside, durability: 'normal', clock })
    const { ino } = statSync(aside)
    renameSync(aside, path)
    for (const ending of ['-wal', '-shm']) renameSync(aside + ending, path + ending)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    for (let at = 1; at <= 5; at++) {
      utimesSync(path, at, at) // imitates a checkpoint every second
      await clock.advance(1_000)
    }
    const id = await accept()

    expect(kinds()).toEqual(['lost', 'found'])
    expect(statSync(path).ino).toBe(ino)
    expect((await store.getExecution(id))?.id).toBe(id)
    await busy.close().catch(() => {}) // may reject, because its file was renamed
  })

  test('by a text file rejects executions until a database takes its place', async () => {
    await makeDatabase(aside)
    rmSync(path)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    writeFileSync(path, 'These are my notes, and no database.\n'.repeat(100))
    await clock.advance(10_000)
    const whileNotes = [...changes]
    await expect(accept()).rejects.toMatchObject({ ...REPLACED, cause: { code: 'DATABASE_UNAVAILABLE' } })
    renameSync(aside, path)
    await clock.advance(3_000)

    expect(whileNotes.map(({ kind }) => kind)).toEqual(['lost', 'lost'])
    expect(kinds()).toEqual(['lost', 'lost', 'found'])
    await accept()
  })
})

describe('several processes on a database that is replaced while they write', () => {
  test('lose no accepted execution, and damage neither the old file nor the new one', { tags: ['proof'] }, async () => {
    await makeDatabase(aside)
    const old = folder.file('old.db')
    const program = `const store = await open()
      store.onForeignChange(() => {})
      store.onDatabaseChange((change) => say(change.kind))
      for (;;) {
        const execution = builders.newExecution({ inputText: JSON.stringify({ text: 'x'.repeat(3000) }) })
        const isAccepted = await store.createExecution(execution, { kind: 'call' }, 1).then(() => true, () => false)
        if (isAccepted) await say(execution.id)
        else await new Promise((resolve) => setTimeout(resolve, 10))
      }`
    await using one = startStoreProcess(path, program)
    await using other = startStoreProcess(path, program)
    const accepted: string[] = []
    /** Collects the ids that a process prints, until it has printed `count` ids after the line `after`. */
    const listen = async (process: StoreProcess, count: number, after: string | null) => {
      let isHeard = after === null
      for (let left = count; left > 0; ) {
        const line = (await process.lines.next()).value as string
        if (line === after) isHeard = true
        if (line === 'lost' || line === 'found') continue
        accepted.push(line)
        if (isHeard) left -= 1
      }
    }
    await Promise.all([listen(one, 20, null), listen(other, 20, null)])

    linkSync(path, old)
    renameSync(aside, path)
    await Promise.all([listen(one, 20, 'found'), listen(other, 20, 'found')])
    await Promise.all([one.kill(), other.kill()])
    await store.close().catch(() => {}) // may reject, because it was not used after the replacement

    const stored = new Set([...executionsIn(old), ...executionsIn(path)])
    expect(accepted.filter((id) => !stored.has(id))).toEqual([])
    expect([integrityOf(old), integrityOf(path)]).toEqual([{ integrity_check: 'ok' }, { integrity_check: 'ok' }])
  })
})

describe('a database that was overwritten in place', () => {
  test.each([
    ['with garbage in its header', () => overwrite(Buffer.alloc(4_096, 'x'))],
    ['with an empty file', () => truncateSync(path, 0)],
    ['with a copy of another database', () => copyFileSync(aside, path)],
  ])('%s stores or rejects each call, and its watch for foreign changes does not throw', async (_, damage) => {
    await makeDatabase(aside)
    store.onForeignChange(() => {})
    for (let count = 0; count < 50; count++) await accept()
    await clock.advance(1_000)

    damage()
    await clock.advance(1_000)
    const settled = await Promise.allSettled([accept(), store.listExecutions(FIRST_PAGE), store.heartbeat('i', START)])
    await clock.advance(70_000)

    const refusals = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(settled).toHaveLength(3)
    for (const reason of refusals) expect(reason.code).toMatch(/^DATABASE_(FAILED|REPLACED)$/)
  })

  test('is used again after damage once a sound file is in its place and the old log is removed', async () => {
    await makeDatabase(aside)
    await accept()
    const other = new Connection(path)
    other.script('PRAGMA wal_checkpoint(TRUNCATE); CREATE TABLE notes (text TEXT)')

    overwrite(Buffer.alloc(statSync(path).size, 'x'))
    other.script('INSERT INTO notes VALUES (1)') // invalidates the pages that the store has in memory
    await expect(store.listExecutions(FIRST_PAGE)).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    await expect(accept()).rejects.toMatchObject(REPLACED)
    rmSync(path)
    other.close()
    renameSync(aside, path)
    await clock.advance(5_000)
    const whileLogIsThere = changes.at(-1)
    rmSync(`${path}-wal`)
    await clock.advance(5_000)

    // The old log contains the last accepted execution, and would damage the restored file.
    expect(whileLogIsThere).toMatchObject({ kind: 'lost', error: { cause: { code: 'DATABASE_UNAVAILABLE' } } })
    expect((whileLogIsThere as { readonly error: Error }).error.message).toContain(
      `"${path}-wal" is the write-ahead log of`,
    )
    expect(kinds().at(0)).toBe('lost')
    expect(kinds().at(-1)).toBe('found')
    await accept()
  })
})

/** Overwrites the beginning of the database file, as another program would that uses the same path. */
function overwrite(bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
}
