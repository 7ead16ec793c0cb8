/** The store contract's cases about executions that are cancelled, paused and tried again, and about attempts. */

import { describe, expect, test } from 'vitest'
import type { AttemptRow, Execution } from '../../src/model/execution.ts'
import { change, completed, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const END = { endedAt: START + 9, errorMessage: 'cancelled: wrong day' }
const ME = '11111111-1111-4111-8111-111111111111'

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

export function describeSteeringContract(context: ContractContext): void {
  async function taken(): Promise<Execution> {
    const execution = newExecution()
    await context.store.createExecution(execution, { kind: 'call' }, START)
    await context.store.openInstance(ME, START)
    const acquisition = { instanceId: ME, workflows: ['ingest'], at: START, limit: 1, recover: false }
    const [acquired] = await context.store.acquireExecutions(acquisition)
    if (acquired === undefined) throw new Error('it was not taken')
    return acquired
  }

  describe('executions that are steered', () => {
    test('one that nobody owns is ended with all its tasks, and its input is what it leaves', async () => {
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)

      expect(await context.store.cancelUnowned(execution.id, END)).toBe('cancelled')

      const stored = await context.store.getExecution(execution.id)
      expect(stored).toMatchObject({ status: 'Cancelled', ...END, finalText: execution.inputText })
      expect(stored?.tasks.map(({ status }) => status)).toEqual(execution.tasks.map(() => 'Cancelled'))
    })

    test('one whose owner lives is left to it, and one that has ended or does not exist stays so', async () => {
      const { id } = await taken()

      expect(await context.store.cancelUnowned(id, END)).toBe('owned')
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', endedAt: null })
      expect(await context.store.cancelUnowned('none', END)).toBe('unknown')
      await context.store.closeInstance(ME, START)
      await context.store.cancelUnowned(id, END)
      expect(await context.store.cancelUnowned(id, { ...END, endedAt: START + 10 })).toBe('ended')
      expect(await context.store.getExecution(id)).toMatchObject(END)
    })

    test('a pause is kept, whoever takes it, until it is taken back', async () => {
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)
      expect(await context.store.setPaused(execution.id, START + 1)).toBe('unowned')
      expect(await context.store.getExecution(execution.id)).toMatchObject({ status: 'Paused', pausedAt: START + 1 })

      await context.store.openInstance(ME, START)
      const acquisition = { instanceId: ME, workflows: ['ingest'], at: START, limit: 1, recover: false }
      expect(await context.store.acquireExecutions(acquisition)).toMatchObject([
        { status: 'Paused', pausedAt: START + 1 },
      ])
      expect(await context.store.getExecution(execution.id)).toMatchObject({ status: 'Paused' })
      expect(await context.store.setPaused(execution.id, null)).toBe('owned')

      expect(await context.store.getExecution(execution.id)).toMatchObject({ status: 'Running', pausedAt: null })
    })

    test('one that has ended cannot be paused', async () => {
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)
      await context.store.cancelUnowned(execution.id, END)

      expect(await context.store.setPaused(execution.id, START)).toBe('ended')
      expect(await context.store.setPaused('none', START)).toBe('unknown')
    })

    test('what is kept of the one that is tried again is there from the start, with its link', async () => {
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

    test('a cancel that was asked for is kept for whoever takes it over', async () => {
      const { id } = await taken()

      await context.store.settle({ executionId: id, changes: [], end: null, cancelRequestedAt: START + 3 })
      await context.store.settle({ executionId: id, changes: [], end: null, cancelRequestedAt: START + 4 })

      expect(await context.store.getExecution(id)).toMatchObject({ cancelRequestedAt: START + 3, endedAt: null })
    })
  })

  describe('attempts', () => {
    test('are listed in the order of their ends, with all that is known of each', async () => {
      const { id, tasks } = await taken()
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

      await context.store.settle({ executionId: id, changes: [], end: null, attempts: [first] })
      await context.store.settle({ executionId: id, changes: [], end: null, attempts: [second] })

      expect(await context.store.listAttempts(id)).toEqual([first, second])
      expect(await context.store.listAttempts('none')).toEqual([])
    })

    test('that completed their task are listed beside those that failed before, whatever else the step stores', async () => {
      const { id, tasks } = await taken()
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

      await context.store.settle({ executionId: id, changes: [ready], end: null, attempts: [failed] })
      await context.store.settle({ executionId: id, changes: [done], end: null, attempts: [second] })

      expect(await context.store.listAttempts(id)).toEqual([failed, second])
    })

    test('that completed a task which was recovered from a dead process are listed beside the lost ones', async () => {
      const { id, tasks } = await taken()
      const taskId = tasks[0]?.taskId ?? ''
      const running = change(taskId, { status: 'Running', attempts: 1, startedAt: START + 1 })
      await context.store.settle({ executionId: id, changes: [running], end: null })
      await context.store.closeInstance(ME, START + 7)
      await context.store.openInstance(ME, START + 8)
      const again = { instanceId: ME, workflows: ['ingest'], at: START + 8, limit: 1, recover: false }
      await context.store.acquireExecutions(again)
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

      await context.store.settle({ executionId: id, changes: [done], end: null, attempts: [second] })

      expect(await context.store.listAttempts(id)).toEqual([
        expect.objectContaining({ attempt: 1, outcome: 'lost' }),
        second,
      ])
    })

    test('that were running when their owner was closed are lost, and say so', async () => {
      const { id, tasks } = await taken()
      const change = {
        taskId: tasks[0]?.taskId ?? '',
        status: 'Running',
        attempts: 1,
        recoveries: 0,
        notBeforeAt: null,
        startedAt: START + 1,
        endedAt: null,
        finishedOrder: null,
        outputText: null,
        error: null,
      } as const
      await context.store.settle({ executionId: id, changes: [change], end: null })

      await context.store.closeInstance(ME, START + 7)

      expect(await context.store.listAttempts(id)).toMatchObject([
        { attempt: 1, outcome: 'lost', startedAt: START + 1, endedAt: START + 7, error: { type: 'RunnerStopped' } },
      ])
    })
  })
}
