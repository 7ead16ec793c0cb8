/** Slots that the change of a task gives back while later changes of the task replace this change. */

import { expect, test } from 'vitest'
import { engineConfig } from '../../../src/engine/engine-config.ts'
import { EngineEvents } from '../../../src/engine/engine-events.ts'
import { Settlements } from '../../../src/engine/executions/settlements.ts'
import type { Settlement, TaskChange } from '../../../src/engine/store-ports.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const GIVEN = { kind: 'give', close: { key: { name: 'crm', value: 'null' }, forMs: 500 } } as const

const CHANGE: TaskChange = {
  taskId: 'push',
  status: 'Ready',
  attempts: 1,
  recoveries: 0,
  notBeforeAt: null,
  startedAt: 1,
  endedAt: null,
  finishedOrder: null,
  outputText: null,
  error: null,
}

/** Returns settlements of an execution, and the changes that the store has accepted. `refusals`: number of failures. */
function settlements(refusals: number) {
  const stored: TaskChange[] = []
  let left = refusals
  const clock = new ManualClock()
  const settle = async ({ changes }: Settlement) => {
    left -= 1
    if (left >= 0) throw new Error('The disk is full.')
    stored.push(...changes)
    return { released: [], limited: [] }
  }
  const made = new Settlements(
    { id: 'e', ownerNumber: 1, origin: { kind: 'call' } },
    { store: { settle } as never, clock, events: new EngineEvents(() => undefined), config: engineConfig({}) },
    {
      takenOver: () => undefined,
      cancelReport: () => '',
      limited: () => undefined,
      released: () => undefined,
    },
  )
  return { made, stored, clock }
}

test('gives slots back if the task is cancelled before the end of its attempt is stored', async () => {
  const { made, stored } = settlements(0)

  made.add([{ ...CHANGE, slots: GIVEN }], null, () => undefined)
  made.add([{ ...CHANGE, status: 'Cancelled' }], null, () => undefined)
  await made.close()

  expect(stored).toEqual([{ ...CHANGE, status: 'Cancelled', slots: GIVEN }])
})

test('gives slots back if the end of the attempt was refused, and the task is cancelled then', async () => {
  const { made, stored, clock } = settlements(1)

  made.add([{ ...CHANGE, slots: GIVEN }], null, () => undefined)
  await clock.advance(0)
  made.add([{ ...CHANGE, status: 'Cancelled' }], null, () => undefined)
  await clock.advance(60_000)
  await made.close()

  expect(stored).toEqual([{ ...CHANGE, status: 'Cancelled', slots: GIVEN }])
})
