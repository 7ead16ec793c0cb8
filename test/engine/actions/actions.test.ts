import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ActionInbox } from '../../../src/engine/actions/action-inbox.ts'
import { ActionRequests } from '../../../src/engine/actions/action-requests.ts'
import { EngineEvents } from '../../../src/engine/events.ts'
import type { Store } from '../../../src/engine/ports.ts'
import type { ActionAnswer, NewAction } from '../../../src/model/action.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { START } from '../../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/store-sites.ts'

const DONE: ActionAnswer = { isRefused: false, text: '{"stopped":1}' }

function action(given: Partial<NewAction> = {}): NewAction {
  return {
    id: 'a-1',
    kind: 'cancel',
    target: 'e-1',
    source: 'cli',
    note: null,
    argumentsText: null,
    at: START,
    ...given,
  }
}

let folder: TemporaryFolder
let clock: FakeClock
let here: Store
let there: Store
let events: EngineEvents
let inbox: ActionInbox

beforeEach(async () => {
  folder = temporaryFolder()
  clock = new FakeClock(START)
  const options = { path: folder.file('actions.db'), durability: 'normal', clock } as const
  here = await openSqliteStore(options)
  there = await openSqliteStore(options)
  events = new EngineEvents()
  inbox = new ActionInbox({ store: here, clock, events })
})

afterEach(async () => {
  inbox.stop()
  await Promise.all([here.close(), there.close()])
  folder[Symbol.dispose]()
})

describe('an action that another process asks for', () => {
  test('is noticed within half a second, done and answered', async () => {
    const targets: string[] = []
    inbox.handle('cancel', async ({ target }) => {
      targets.push(target)
      return DONE
    })
    inbox.start()
    await clock.advance(1_000)

    const answered = new ActionRequests(there, clock).ask(action(), 5_000)
    await clock.advance(500)
    await clock.advance(500)

    expect(await answered).toEqual(DONE)
    expect(targets).toEqual(['e-1'])
  })

  test('that was asked before anybody served is done when somebody does', async () => {
    await there.actions.ask(action())
    inbox.handle('cancel', async () => DONE)

    inbox.start()
    await clock.advance(0)

    expect(await there.actions.get('a-1')).toMatchObject({ answer: DONE })
  })

  test('is left alone where it is for another process, and its asker stops waiting in time', async () => {
    inbox.handle('cancel', async () => null)
    inbox.start()

    const answered = new ActionRequests(there, clock).ask(action(), 5_000)
    await clock.advance(5_000)

    expect(await answered).toBeNull()
    expect(await there.actions.unanswered(10)).toHaveLength(1)
  })

  test('is not waited for any more when the asking engine stops', async () => {
    const requests = new ActionRequests(there, clock)

    const answered = requests.ask(action(), 5_000)
    await clock.advance(100)
    requests.stop()

    expect(await answered).toBeNull()
    expect(clock.pendingTimers).toBe(0)
  })

  test('is refused with what its handler throws', async () => {
    inbox.handle('cancel', () => Promise.reject(new Error('it has ended')))
    inbox.start()

    await there.actions.ask(action())
    await clock.advance(500)

    expect(await there.actions.get('a-1')).toMatchObject({ answer: { isRefused: true, text: 'it has ended' } })
  })

  test('is not begun a second time while it is being done', async () => {
    let calls = 0
    const done = Promise.withResolvers<ActionAnswer>()
    inbox.handle('cancel', () => {
      calls += 1
      return done.promise
    })
    inbox.start()
    await there.actions.ask(action())
    await clock.advance(500)

    inbox.look()
    await clock.advance(500)
    done.resolve(DONE)
    await clock.advance(0)

    expect(calls).toBe(1)
    expect(await there.actions.unanswered(10)).toEqual([])
  })

  test('is looked for again after the database refused, and that is said', async () => {
    const refusals = new Refusals()
    const troubles: string[] = []
    events.on('trouble', ({ during }) => void troubles.push(during))
    const refused = new ActionInbox({
      store: { actions: refusals.of(here.actions), onForeignChange: (callback) => here.onForeignChange(callback) },
      clock,
      events,
    })
    refusals.refuse('unanswered', 1)
    refused.handle('cancel', async () => DONE)
    await there.actions.ask(action())

    refused.start()
    await clock.advance(0)
    expect(troubles).toEqual(['reading requests from other processes'])
    await clock.advance(30_000)

    expect(await there.actions.get('a-1')).toMatchObject({ answer: DONE })
    refused.stop()
  })
})
