/** Backfills and their schedules in the store of a contract test. */

import { expect } from 'vitest'
import type { Batch } from '../../src/model/schedule-rows.ts'
import { backfillStart, type NewBackfill, newBackfill } from './batch-builders.ts'
import { newAction, newCron, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function storedBatches(context: ContractContext) {
  const only = async (kind: Batch['kind'], id: string): Promise<Batch> => {
    const [row] = await context.store.batches.find(kind, id, 1)
    if (row === undefined) throw new Error(`no ${kind} ${id}`)
    return row
  }
  const schedule = async (given: Parameters<typeof newCron>[0] = {}) => {
    const made = newCron(given)
    await context.store.createCron(made)
    return made
  }
  const backfill = async (given: Partial<NewBackfill> = {}) => {
    const { id } = await schedule()
    const made = newBackfill(id, given)
    expect(await context.store.batches.create(made, newAction({ kind: 'backfill', target: id }))).toBe(true)
    return made
  }
  /** Starts executions at times, and moves the cursor to the last one. */
  const advance = (made: NewBackfill, times: readonly number[], seen = made.cursor) =>
    context.store.batches.advance({
      batchId: made.id,
      seen,
      cursor: { at: times.at(-1) ?? seen.at, seq: 0 },
      starts: times.map((at) => backfillStart(made, at)),
      leftOut: 0,
      at: START + 1,
    })
  return { only, schedule, backfill, advance }
}
