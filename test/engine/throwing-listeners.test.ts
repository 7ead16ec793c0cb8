/** What becomes of an engine when something throws in a listener of its own, for which nobody waits. */

import { expect, it } from 'vitest'
import type { Store, Trouble } from '../../src/engine/ports.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { workflow } from '../support/declared.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RunningEngine } from '../support/running-engine.ts'
import { temporaryFolder } from '../support/store-sites.ts'

/** Throws in the turn of the call, where the real one would reject, when it is called for the second time. */
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

it('what a look at the changes of other processes throws is told, and the look is repeated: whoever waits hears of the end', async () => {
  using folder = temporaryFolder()
  const path = folder.file('shared.db')
  const demo = workflow('demo', { work: {} })
  const told: Trouble[] = []
  const clock = new FakeClock(undefined, (trouble) => void told.push(trouble))
  const store = await openSqliteStore({ path, durability: 'normal', clock })
  const other = await openSqliteStore({ path, durability: 'normal', clock })
  await using waiting = await RunningEngine.start({ clock, store: throwingAtSecondLook(store) })
  const id = await waiting.engine.submitDefinition(demo, '{}')
  const ended = waiting.engine.waitFor(id)
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
