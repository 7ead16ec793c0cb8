/** A database file that is removed, replaced or overwritten while it is open: real files, as a user's shell changes them. */

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
import type { Store, StoreChange } from '../../src/engine/ports.ts'
import { Connection } from '../../src/store/sqlite/file/connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
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
let clock: FakeClock
let store: Store
let changes: StoreChange[]

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  aside = folder.file('aside.db')
  clock = new FakeClock(START)
  store = await openSqliteStore({ path, durability: 'normal', clock })
  changes = []
  store.onDatabaseChange((change) => void changes.push(change))
})
afterEach(async () => {
  await store.close().catch(() => {}) // of a database that a test has removed
  folder[Symbol.dispose]()
})

const accept = async (id = crypto.randomUUID()): Promise<string> => {
  await store.createExecution(newExecution({ id }), { kind: 'call' }, START)
  return id
}
/** Accepts an execution as soon as the file that replaced the database can be opened: its writer may hold the lock. */
const acceptedAgain = async (): Promise<string> => {
  for (let tries = 0; tries < 60; tries++) {
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

/** A database of ours that was closed, with one execution in it. */
async function makeDatabase(at: string): Promise<string> {
  const made = await openSqliteStore({ path: at, durability: 'normal', clock })
  const execution = newExecution()
  await made.createExecution(execution, { kind: 'call' }, START)
  await made.close()
  return execution.id
}

/** The tasks of the execution that the instance takes. */
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
  test('accepts nothing more, and says why and what to do', async () => {
    rmSync(path)

    await expect(accept()).rejects.toMatchObject({ ...REPLACED, facts: { path } })
    await expect(store.recordFired(firedTick())).rejects.toMatchObject(REPLACED)
    await expect(store.heartbeat('instance', START)).rejects.toMatchObject(REPLACED)
    await expect(store.listExecutions(FIRST_PAGE)).rejects.toMatchObject(REPLACED)
    expect(kinds()).toEqual(['lost'])
    expect(existsSync(path)).toBe(false)
  })

  test('takes the progress of an execution for some milliseconds, and no end of one', async () => {
    const executionId = await accept()
    await store.openInstance('instance', START)
    const [task = ''] = await take('instance')
    const running = change(task, { status: 'Running', attempts: 1, startedAt: START })
    const progress = (): Promise<void> => store.settle(settlement(executionId, { changes: [running] }))
    const end = { status: 'Failed', endedAt: START, finalText: '{}', errorMessage: 'no' } as const
    rmSync(path)

    await progress()
    await expect(store.settle(settlement(executionId, { end }))).rejects.toMatchObject(REPLACED)
    await expect(progress()).rejects.toMatchObject(REPLACED)
  })

  test('takes no progress of an execution either once it was not looked at for a moment', async () => {
    const executionId = await accept()
    await store.openInstance('instance', START)
    await take('instance')
    rmSync(path)
    await clock.advance(10)

    await expect(store.settle(settlement(executionId))).rejects.toMatchObject(REPLACED)
  })

  test('is missed within half a second by whoever listens for changes of others, without a step', async () => {
    store.onForeignChange(() => {})

    rmSync(path)
    await clock.advance(500)

    expect(kinds()).toEqual(['lost'])
  })

  test('is begun anew in an empty file of its name, with the instances that are open', async () => {
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

  test('has the leases that it says it has in an older copy, where others were held', async () => {
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

  test('is begun anew in the database that another process makes, whose log stays its own', async () => {
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
  test('by an atomic rename is read from the new file, and the new file gets nothing of the old log', async () => {
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

  test('is opened, however busily another process writes to it', async () => {
    const busy = await openSqliteStore({ path: aside, durability: 'normal', clock })
    const { ino } = statSync(aside)
    renameSync(aside, path)
    for (const ending of ['-wal', '-shm']) renameSync(aside + ending, path + ending)
    await expect(accept()).rejects.toMatchObject(REPLACED)

    for (let at = 1; at <= 5; at++) {
      utimesSync(path, at, at) // as a checkpoint each second does
      await clock.advance(1_000)
    }
    const id = await accept()

    expect(kinds()).toEqual(['lost', 'found'])
    expect(statSync(path).ino).toBe(ino)
    expect((await store.getExecution(id))?.id).toBe(id)
    await busy.close().catch(() => {}) // it lost its path
  })

  test('by something that is no database accepts nothing until one is there', async () => {
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
  test('lose nothing that was accepted, and damage neither file', async () => {
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
    /** Until a process has said so many ids, after a word. */
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
    await store.close().catch(() => {}) // it was not asked for anything since

    const stored = new Set([...executionsIn(old), ...executionsIn(path)])
    expect(accepted.filter((id) => !stored.has(id))).toEqual([])
    expect([integrityOf(old), integrityOf(path)]).toEqual([{ integrity_check: 'ok' }, { integrity_check: 'ok' }])
  })
})

describe('a database that was overwritten in place', () => {
  test.each([
    ['its header', () => overwrite(Buffer.alloc(4_096, 'x'))],
    ['all of it, cut short', () => truncateSync(path, 0)],
    ['by a copy of another one', () => copyFileSync(aside, path)],
  ])('%s: the watch for changes by others throws nothing, and steps are refused or stored', async (_, damage) => {
    await makeDatabase(aside)
    store.onForeignChange(() => {})
    for (let count = 0; count < 50; count++) await accept()
    await clock.advance(1_000)

    damage()
    await clock.advance(1_000)
    const settled = await Promise.allSettled([accept(), store.listExecutions(FIRST_PAGE), store.heartbeat('i', START)])
    await clock.advance(70_000)

    const refusals = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    for (const reason of refusals) expect(reason.code).toMatch(/^DATABASE_(FAILED|REPLACED)$/)
  })

  test('is opened anew when SQLite finds it damaged, and used again once a sound file is there without the log of the other', async () => {
    await makeDatabase(aside)
    await accept()
    const other = new Connection(path)
    other.script('PRAGMA wal_checkpoint(TRUNCATE); CREATE TABLE notes (text TEXT)')

    overwrite(Buffer.alloc(statSync(path).size, 'x'))
    other.script('INSERT INTO notes VALUES (1)') // so that nothing is read from memory any more
    await expect(store.listExecutions(FIRST_PAGE)).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    await expect(accept()).rejects.toMatchObject(REPLACED)
    rmSync(path)
    other.close()
    renameSync(aside, path)
    await clock.advance(5_000)
    const whileLogIsThere = changes.at(-1)
    rmSync(`${path}-wal`)
    await clock.advance(5_000)

    // It has what was accepted last, and would damage the file that was restored.
    expect(whileLogIsThere).toMatchObject({ kind: 'lost', error: { cause: { code: 'DATABASE_UNAVAILABLE' } } })
    expect((whileLogIsThere as { readonly error: Error }).error.message).toContain(
      `"${path}-wal" is the write-ahead log of`,
    )
    expect(kinds().at(0)).toBe('lost')
    expect(kinds().at(-1)).toBe('found')
    await accept()
  })
})

/** As a program does that takes the file for its own. */
function overwrite(bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
}
