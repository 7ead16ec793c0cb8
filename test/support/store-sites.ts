/** Databases for store tests with SQLite: in memory, or in a file in a temporary folder. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from './manual-clock.ts'
import { START } from './store-builders.ts'
import type { StoreFactory, StoreSite } from './store-contract.ts'

export interface TemporaryFolder extends Disposable {
  readonly path: string
  file(name: string): string
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'cloaca-store-'))
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export const memoryStores: StoreFactory = {
  cannotShare: 'a database in memory belongs to one store object',
  create: async () => site(':memory:', () => {}),
}

export const fileStores: StoreFactory = {
  cannotShare: null,
  create: async () => {
    const folder = temporaryFolder()
    const path = folder.file('workflows.db')
    return site(path, () => {
      // The last close removes the write-ahead log, so a remaining log means that a store was not closed.
      const isLeaked = existsSync(`${path}-wal`)
      folder[Symbol.dispose]()
      if (isLeaked) throw new Error('a store was left open')
    })
  },
}

function site(path: string, remove: () => void): StoreSite {
  const clock = new ManualClock(START)
  const opened: Store[] = []
  return {
    clock,
    open: async () => {
      const store = await openSqliteStore({ path, durability: 'normal', clock })
      opened.push(store)
      return store
    },
    cleanUp: async () => {
      for (const store of opened) await store.close()
      remove()
    },
  }
}
