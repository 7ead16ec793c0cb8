/** Builders of backfills and refires for store tests, as in `store-builders.ts`. */

import { randomUUID } from 'node:crypto'
import type { BatchStart, NewBatch } from '../../src/engine/batches/batch-store.ts'
import { newExecution, START } from './store-builders.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export type NewBackfill = Extract<NewBatch, { kind: 'backfill' }>
export type NewRefire = Extract<NewBatch, { kind: 'refire' }>

export function newBackfill(scheduleId: string, given: Partial<NewBackfill> = {}): NewBackfill {
  return {
    kind: 'backfill',
    id: randomUUID(),
    scheduleId,
    trigger: null,
    workflow: 'nightly',
    expression: '0 * * * *',
    timezone: 'UTC',
    again: false,
    fromAt: START - DAY_MS,
    toAt: START,
    maxActive: 2,
    total: 24,
    cursor: { at: START - DAY_MS - 1, seq: 0 },
    createdAt: START,
    ...given,
  }
}

export function newRefire(given: Partial<NewRefire> = {}): NewRefire {
  return {
    kind: 'refire',
    id: randomUUID(),
    trigger: 'inbox',
    workflow: 'ingest',
    executionStatus: null,
    fromAt: START,
    toAt: START + DAY_MS,
    maxActive: 1,
    total: 1,
    cursor: { at: START, seq: -1 },
    createdAt: START,
    ...given,
  }
}

export function backfillStart({ id, scheduleId, trigger }: NewBackfill, scheduledAt: number): BatchStart {
  const origin = { kind: 'backfill', schedule: scheduleId, trigger, backfillId: id } as const
  return { execution: newExecution({ workflow: 'nightly' }), origin, scheduledAt }
}
