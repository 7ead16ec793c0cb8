/** Databases for store tests: in memory, or a file in a folder of its own that is removed with it. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/engine/ports.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from './fake-clock.ts'
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
      // The last close folds the log into the file; a log that is left is a database that was not closed.
      const isLeaked = existsSync(`${path}-wal`)
      folder[Symbol.dispose]()
      if (isLeaked) throw new Error('a store was left open')
    })
  },
}

function site(path: string, remove: () => void): StoreSite {
  const clock = new FakeClock(START)
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
