/** Log pieces in a database file that is replaced by an older copy, to which other tasks have written since. */

import { renameSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newExecution, START } from '../support/store-builders.ts'
import { temporaryFolder } from '../support/store-sites.ts'

test('a store keeps the log pieces of other tasks in the older copy that replaced its file', async () => {
  using folder = temporaryFolder()
  const [path, older] = [folder.file('workflows.db'), folder.file('older.db')]
  const clock = new ManualClock(START)
  const store = await openSqliteStore({ path, durability: 'normal', clock })
  const execution = newExecution({ tasks: ['ours', 'theirs'] })
  await store.createExecution(execution, { kind: 'call' }, START)
  const made = new Connection(path)
  made.run(`VACUUM INTO '${older}'`)
  made.close()
  append(store, 'ours')
  await list(store)
  const copy = await openSqliteStore({ path: older, durability: 'normal', clock })
  append(copy, 'theirs')
  await copy.close()

  for (const ending of ['', '-wal', '-shm']) rmSync(path + ending)
  renameSync(older, path)
  await expect(list(store)).rejects.toMatchObject({ code: 'DATABASE_REPLACED' })
  await clock.advance(3_000)
  append(store, 'ours')

  expect((await list(store)).filter(({ taskId }) => taskId === 'theirs')).toHaveLength(4)
  await store.close()

  /** Appends four pieces. */
  function append(to: Store, taskId: string): void {
    const piece = { text: `${'x'.repeat(99)}\n`, bytes: 100, records: 1, cutRecords: 0, cutBytes: 0 }
    const attempt = { executionId: execution.id, taskId, attempt: 1 }
    for (let count = 0; count < 4; count++) to.logs.append(attempt, piece, 400)
  }
  function list(of: Store) {
    return of.logs.list({ executionId: execution.id, limit: 100 })
  }
})
