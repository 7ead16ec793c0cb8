/** Errors that are thrown in timer callbacks of an engine, whose results no caller awaits. */

import { expect, it } from 'vitest'
import type { Trouble } from '../../src/engine/clock-port.ts'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { workflow } from '../support/declared.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { RunningEngine } from '../support/running-engine.ts'
import { temporaryFolder } from '../support/store-sites.ts'

/** Returns a store whose second call of `notUnderWay` throws synchronously, instead of rejecting. */
function throwingAtSecondLook(store: Store): Store {
  let calls = 0
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...words: unknown[]): unknown => {
        if (name === 'notUnderWay' && ++calls === 2) throw new Error('the store threw')
        return member.apply(target, words)
      }
    },
  })
}

it('reports an error in the poll for changes of other processes, and polls again, so wait() returns', async () => {
  using folder = temporaryFolder()
  const path = folder.file('shared.db')
  const demo = workflow('demo', { work: {} })
  const told: Trouble[] = []
  const clock = new ManualClock(undefined, (trouble) => void told.push(trouble))
  const store = await openSqliteStore({ path, durability: 'normal', clock })
  const other = await openSqliteStore({ path, durability: 'normal', clock })
  await using waiting = await RunningEngine.start({ clock, store: throwingAtSecondLook(store) })
  const id = await waiting.engine.submitDefinition(demo, '{}')
  const ended = waiting.engine.services.executions.wait(id)
  await clock.advance(0)

  await using serving = await RunningEngine.start({ clock, store: other, workflows: [demo] })
  await clock.advance(1_500)

  expect(told).toMatchObject([
    { during: 'looking for changes by other processes', error: { message: 'the store threw' } },
  ])
  expect(await ended).toMatchObject({ status: 'Completed' })
  await serving.engine.stop({ graceMs: 0 })
  await waiting.engine.stop({ graceMs: 0 })
  await store.close()
  await other.close()
})
