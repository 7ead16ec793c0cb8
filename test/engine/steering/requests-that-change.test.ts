/** Retries, firings by hand and changes of triggers: a request is rejected if and only if it changes nothing. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/engine/store.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { ACTOR } from '../../support/begun-execution.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

/** An engine with an ended execution, an enabled trigger "inbox" and a disabled trigger "outbox". */
interface Served {
  readonly running: RunningEngine
  readonly store: Store
  readonly endedId: string
}

interface Request {
  readonly name: string
  /** Name of the store method that the request calls after the check that the engine is open. */
  readonly step: keyof Store
  readonly send: (served: Served) => Promise<unknown>
}

const REQUESTS: readonly Request[] = [
  {
    name: 'retry',
    step: 'getExecution',
    send: ({ running, endedId }) => running.engine.services.executions.retry(endedId, { all: true }),
  },
  {
    name: 'fire',
    step: 'recordFired',
    send: ({ running }) => running.engine.services.triggers.fireText('inbox', null, ACTOR),
  },
  {
    name: 'disable',
    step: 'setTriggerEnabled',
    send: ({ running }) => running.engine.services.triggers.setEnabled('inbox', false, ACTOR),
  },
  {
    name: 'enable',
    step: 'setTriggerEnabled',
    send: ({ running }) => running.engine.services.triggers.setEnabled('outbox', true, ACTOR),
  },
  {
    name: 'set',
    step: 'overrideTrigger',
    send: ({ running }) => running.engine.services.triggers.set('inbox', { pollIntervalMs: 5_000 }, ACTOR),
  },
]

let refusals: Refusals
let isActionRefused: boolean

beforeEach(() => {
  refusals = new Refusals()
  isActionRefused = false
})

function refuseAction(sql: string): void {
  if (isActionRefused && sql.includes('INTO actions'))
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
}

async function served(): Promise<Served> {
  const clock = new ManualClock()
  const store = await openSqliteStore({
    path: ':memory:',
    durability: 'normal',
    clock,
    faults: { beforeBegin: () => undefined, beforeWrite: refuseAction, afterCommit: () => undefined },
  })
  const everyMs = 3_600_000
  const running = await RunningEngine.start({
    clock,
    store: refusals.of(store),
    triggers: [trigger('inbox', { everyMs }), trigger('outbox', { everyMs })],
    workflows: [workflow('demo', { work: {} })],
  })
  const { id: endedId } = await running.engine.execute('demo', '{}')
  await running.engine.services.triggers.setEnabled('outbox', false)
  await settle()
  return { running, store, endedId }
}

/** Returns the stored state that the requests change. */
async function stateOf(store: Store): Promise<string> {
  const triggers = await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
  const executions = await store.listExecutions(FIRST_PAGE)
  return JSON.stringify({
    triggers: triggers.map(({ name, isEnabled, overrides }) => ({ name, isEnabled, overrides })),
    executions: executions.map(({ id }) => id),
  })
}

async function outcomeOf(request: Promise<unknown>): Promise<'answered' | 'refused'> {
  return await request.then(
    () => 'answered' as const,
    () => 'refused' as const,
  )
}

describe('a request whose action the database rejects', () => {
  it.each(REQUESTS)('"$name" is rejected and changes nothing', async ({ send }) => {
    const made = await served()
    const before = await stateOf(made.store)
    isActionRefused = true

    const outcome = await outcomeOf(send(made))
    await settle()

    const after = await stateOf(made.store)
    expect({ outcome, hasChanged: before !== after }).toEqual({ outcome: 'refused', hasChanged: false })
    await made.running.engine.stop({ graceMs: 0 })
    await made.store.close()
  })
})

describe('a request that is being stored when its engine stops', () => {
  it.each(REQUESTS)('"$name" succeeds, and its change is stored', async ({ step, send }) => {
    const made = await served()
    const before = await stateOf(made.store)
    const release = refusals.hold(step)
    const sent = outcomeOf(send(made))
    await settle()

    const stopped = made.running.engine.stop({ graceMs: 0 })
    release()

    const outcome = await sent
    await stopped
    const after = await stateOf(made.store)
    expect({ outcome, hasChanged: before !== after }).toEqual({ outcome: 'answered', hasChanged: true })
    await made.store.close()
  })
  it('"retry" fails with DATABASE_FAILED if the new execution cannot be stored', async () => {
    const made = await served()
    const release = refusals.hold('getExecution')
    const sent = made.running.engine.services.executions.retry(made.endedId, { all: true })
    sent.catch(() => undefined)
    await settle()

    const stopped = made.running.engine.stop({ graceMs: 0 })
    refusals.refuse('createExecution', 1)
    release()

    await expect(sent).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    await stopped
    await made.store.close()
  })
})
