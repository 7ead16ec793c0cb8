/** Checks of workflow inputs by an engine in another process. */

import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ActionInbox } from '../../../src/engine/actions/action-inbox.ts'
import { ActionRequests } from '../../../src/engine/actions/action-requests.ts'
import { InputChecks } from '../../../src/engine/actions/input-checks.ts'
import { EngineEvents } from '../../../src/engine/engine-events.ts'
import type { Store } from '../../../src/engine/store.ts'
import { StoreError } from '../../../src/errors.ts'
import type { InstanceRow } from '../../../src/model/schedule-rows.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { workflow } from '../../support/declared.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE } from '../../support/running-engine.ts'

const clock = new ManualClock()
const refusals = new Refusals()
let store: Store

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:', durability: 'normal', clock })
})
afterEach(() => store.close())

it('removes the request for a check if reading its answer fails', async () => {
  const actions = refusals.of(store.actions)
  const served: Store = { ...store, actions, listInstances: async () => [{ isAlive: true } as InstanceRow] }
  const ports = { store: served, clock, newId: randomUUID, checkInput: async () => null }
  const checks = new InputChecks(ports, new ActionRequests(ports))
  refusals.refuse('get', 1)

  const checked = checks.checked({ ...workflow('order', {}), checksInput: true }, '{}')

  await expect(checked).rejects.toBeInstanceOf(StoreError)
  expect(await store.actions.list({}, FIRST_PAGE)).toEqual([])
})

it('refuses a request, and does not try it again, if the schema throws', async () => {
  let calls = 0
  const checkInput = () => {
    calls += 1
    return Promise.reject(new TypeError('the schema is broken'))
  }
  const ports = { store, clock, newId: randomUUID, checkInput, events: new EngineEvents() }
  const inbox = new ActionInbox(ports)
  new InputChecks(ports, new ActionRequests(ports)).serve(inbox)
  const action = { id: 'a-1', kind: 'check', target: 'order', source: 'node', note: null, argumentsText: '{}' } as const
  await store.actions.ask({ ...action, at: clock.now() })

  inbox.start()
  await clock.advance(60_000)
  inbox.stop()

  expect(await store.actions.get('a-1')).toMatchObject({ answer: { isRefused: true, text: 'the schema is broken' } })
  expect(calls).toBe(1)
})
