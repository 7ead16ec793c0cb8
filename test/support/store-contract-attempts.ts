/** Store contract tests for attempts and retried executions. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { AttemptRow } from '../../src/model/execution.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import { change, completed, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

function failedFirst(taskId: string): AttemptRow {
  return {
    taskId,
    attempt: 1,
    outcome: 'failed',
    queuedAt: START,
    startedAt: START + 1,
    endedAt: START + 2,
    error: { type: 'ValueError', message: 'first no', traceback: 'Traceback …' },
  }
}

export function describeAttemptContract(context: ContractContext): void {
  describe('retried executions', () => {
    test('are created with the kept results and the id of the original execution', async () => {
      const original = newExecution()
      const kept = {
        taskId: 'read',
        fullName: 'public::embedded::ingest::read',
        status: 'Completed',
        attempts: 2,
        recoveries: 0,
        notBeforeAt: null,
        startedAt: START,
        endedAt: START + 5,
        finishedOrder: 1,
        outputText: '{"rows":1.0}',
        error: null,
      } as const
      const tasks = [{ taskId: kept.taskId, fullName: kept.fullName, kept }]

      await context.store.createExecution({ ...newExecution(), tasks, retryOf: original.id }, { kind: 'call' }, START)
      const [summary] = await context.store.listExecutions({ limit: 1, offset: 0 })

      expect(summary).toMatchObject({ retryOf: original.id, status: 'Pending' })
      expect((await context.store.getExecution(summary?.id ?? ''))?.tasks).toEqual([kept])
    })
  })

  describe('attempts', () => {
    test('are listed in the order of their ends, with all their fields', async () => {
      const { id, tasks } = await acquiredExecution(context.store)
      const taskId = tasks[0]?.taskId ?? ''
      const first = failedFirst(taskId)
      const second: AttemptRow = {
        ...first,
        attempt: 2,
        outcome: 'completed',
        queuedAt: null,
        endedAt: START + 4,
        error: null,
      }

      await context.store.settle(settlement(id, { attempts: [first] }))
      await context.store.settle(settlement(id, { attempts: [second] }))

      expect(await context.store.listAttempts(id)).toEqual([first, second])
      expect(await context.store.listAttempts('none')).toEqual([])
    })

    test('include the failed attempt after a later attempt completes the task', async () => {
      const { id, tasks } = await acquiredExecution(context.store)
      const taskId = tasks[0]?.taskId ?? ''
      const failed = failedFirst(taskId)
      const second: AttemptRow = {
        ...failed,
        attempt: 2,
        outcome: 'completed',
        queuedAt: START + 3,
        startedAt: START + 4,
        endedAt: START + 5,
        error: null,
      }
      const ready = change(taskId, { status: 'Ready', attempts: 1, startedAt: START + 1, error: failed.error })
      const done = completed(taskId, { attempts: 2, startedAt: START + 1, endedAt: START + 5 })

      await context.store.settle(settlement(id, { changes: [ready], attempts: [failed] }))
      await context.store.settle(settlement(id, { changes: [done], attempts: [second] }))

      expect(await context.store.listAttempts(id)).toEqual([failed, second])
    })

    test('include the lost attempt of a closed engine after a later attempt completes the task', async () => {
      const { id, tasks } = await acquiredExecution(context.store)
      const taskId = tasks[0]?.taskId ?? ''
      const running = change(taskId, { status: 'Running', attempts: 1, startedAt: START + 1 })
      await context.store.settle(settlement(id, { changes: [running] }))
      await context.store.closeInstance(OWNER, START + 7)
      await context.store.openInstance(OWNER, START + 8)
      const { ownerNumber } = await acquireAgain(context.store, id)
      const second: AttemptRow = {
        taskId,
        attempt: 2,
        outcome: 'completed',
        queuedAt: null,
        startedAt: START + 9,
        endedAt: START + 10,
        error: null,
      }
      const done = completed(taskId, { attempts: 2, startedAt: START + 1, endedAt: START + 10 })

      await context.store.settle(settlement(id, { ownerNumber, changes: [done], attempts: [second] }))

      expect(await context.store.listAttempts(id)).toEqual([
        expect.objectContaining({ attempt: 1, outcome: 'lost' }),
        second,
      ])
    })

    test('are recorded as lost, with an error, if their engine is closed while they run', async () => {
      const { id, tasks } = await acquiredExecution(context.store)
      const running = change(tasks[0]?.taskId ?? '', { startedAt: START + 1 })
      await context.store.settle(settlement(id, { changes: [running] }))

      await context.store.closeInstance(OWNER, START + 7)

      expect(await context.store.listAttempts(id)).toMatchObject([
        { attempt: 1, outcome: 'lost', startedAt: START + 1, endedAt: START + 7, error: { type: 'RunnerStopped' } },
      ])
    })
  })
}
