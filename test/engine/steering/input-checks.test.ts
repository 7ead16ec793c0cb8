/** Inputs that an engine in another process checks. */

import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ActionRequests } from '../../../src/engine/actions/action-requests.ts'
import type { Store } from '../../../src/engine/ports.ts'
import { InputChecks } from '../../../src/engine/steering/input-checks.ts'
import { StoreError } from '../../../src/errors.ts'
import type { InstanceRow } from '../../../src/model/schedule.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE } from '../../support/running-engine.ts'

const clock = new FakeClock()
const refusals = new Refusals()
let store: Store

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:', durability: 'normal', clock })
})
afterEach(() => store.close())

it('removes its question if reading the answer fails', async () => {
  const actions = refusals.of(store.actions)
  const checks = new InputChecks({
    store: { actions, listInstances: async () => [{ isAlive: true } as InstanceRow] },
    clock,
    newId: randomUUID,
    requests: new ActionRequests({ actions, onForeignChange: (callback) => store.onForeignChange(callback) }, clock),
    checkInput: async () => null,
  })
  refusals.refuse('get', 1)

  const checked = checks.checked({ ...workflow('order', {}), checksInput: true }, '{}')

  await expect(checked).rejects.toBeInstanceOf(StoreError)
  expect(await store.actions.list(null, FIRST_PAGE)).toEqual([])
})
