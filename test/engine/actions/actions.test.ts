import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ActionInbox } from '../../../src/engine/actions/action-inbox.ts'
import { ActionRequests } from '../../../src/engine/actions/action-requests.ts'
import { EngineEvents } from '../../../src/engine/engine-events.ts'
import type { Store } from '../../../src/engine/store.ts'
import { StoreError, UsageError } from '../../../src/errors.ts'
import type { ActionAnswer, NewAction } from '../../../src/model/action.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
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
let clock: ManualClock
let here: Store
let there: Store
let events: EngineEvents
let inbox: ActionInbox

beforeEach(async () => {
  folder = temporaryFolder()
  clock = new ManualClock(START)
  const options = { path: folder.file('actions.db'), durability: 'normal', clock, syncFile: null } as const
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

describe('an action requested by another process', () => {
  test('runs within half a second, and its answer reaches the requester', async () => {
    const targets: string[] = []
    inbox.handle('cancel', async ({ target }) => {
      targets.push(target)
      return DONE
    })
    inbox.start()
    await clock.advance(1_000)

    const answered = new ActionRequests({ store: there, clock }).ask(action(), 5_000)
    await clock.advance(500)
    await clock.advance(500)

    expect(await answered).toEqual(DONE)
    expect(targets).toEqual(['e-1'])
  })

  test('runs when an engine starts, if it was requested before', async () => {
    await there.actions.ask(action())
    inbox.handle('cancel', async () => DONE)

    inbox.start()
    await clock.advance(0)

    expect(await there.actions.get('a-1')).toMatchObject({ answer: DONE })
  })

  test('stays unanswered if its handler returns null, and the requester times out', async () => {
    inbox.handle('cancel', async () => null)
    inbox.start()

    const answered = new ActionRequests({ store: there, clock }).ask(action(), 5_000)
    await clock.advance(5_000)

    expect(await answered).toBeNull()
    expect(await there.actions.unanswered(10)).toHaveLength(1)
  })

  test('is no longer awaited after the requesting engine stops', async () => {
    const requests = new ActionRequests({ store: there, clock })

    const answered = requests.ask(action(), 5_000)
    await clock.advance(100)
    requests.stop()

    expect(await answered).toBeNull()
    expect(clock.pendingTimers).toBe(0)
  })

  test('is rejected with the message of the UsageError that its handler throws', async () => {
    inbox.handle('cancel', () => Promise.reject(new UsageError('ACTION_REFUSED', 'it has ended')))
    inbox.start()

    await there.actions.ask(action())
    await clock.advance(500)

    expect(await there.actions.get('a-1')).toMatchObject({ answer: { isRefused: true, text: 'it has ended' } })
  })

  test('is tried again, and not rejected, after a failed write of its handler, which is reported', async () => {
    const troubles: string[] = []
    events.on('trouble', ({ during, error, retryAt }) => void troubles.push(`${during}: ${error.message} ${retryAt}`))
    let failures = 2
    inbox.handle('cancel', async () => {
      if (failures-- > 0) throw new StoreError('DATABASE_FAILED', 'the disk is full')
      return DONE
    })
    await there.actions.ask(action())

    inbox.start()
    await clock.advance(0)
    const between = await there.actions.get('a-1')
    await clock.advance(500)
    await clock.advance(1_000)

    expect(between).toMatchObject({ answer: null })
    expect(await there.actions.get('a-1')).toMatchObject({ answer: DONE })
    expect(troubles).toEqual([
      `carrying out a request from another process: the disk is full ${START + 500}`,
      `carrying out a request from another process: the disk is full ${START + 1_500}`,
    ])
  })

  test('is carried out once, and its answer is stored before the engine has stopped, if writes fail', async () => {
    const refusals = new Refusals()
    const refused = new ActionInbox({ store: { ...here, actions: refusals.of(here.actions) }, clock, events })
    refusals.refuse('answer', 1_000)
    let calls = 0
    refused.handle('cancel', async () => {
      calls += 1
      return DONE
    })
    await there.actions.ask(action())
    refused.start()
    await clock.advance(20_000)

    const drained = refused.drain()
    await clock.advance(2_000)
    refusals.refuse('answer', 0)
    await clock.advance(500)
    await drained

    expect(await refused.stop()).toEqual([])
    expect(calls).toBe(1)
    expect(await there.actions.get('a-1')).toMatchObject({ answer: DONE })
  })

  test('is reported as lost if its answer is rejected until the engine stops', async () => {
    const refusals = new Refusals()
    const refused = new ActionInbox({ store: { ...here, actions: refusals.of(here.actions) }, clock, events })
    refusals.refuse('answer', 1_000)
    refused.handle('cancel', async () => DONE)
    await there.actions.ask(action())
    refused.start()
    await clock.advance(0)

    expect(await refused.stop()).toEqual(['storing the answer to the request "cancel" for "e-1"'])
  })

  test('does not start a second time while its handler runs', async () => {
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

  test('runs after a failed database read, which is reported and repeated', async () => {
    const refusals = new Refusals()
    const troubles: string[] = []
    events.on('trouble', ({ during }) => void troubles.push(during))
    const store = { ...here, actions: refusals.of(here.actions) }
    const refused = new ActionInbox({ store, clock, events })
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
