/** Store contract tests for the history: lists, overviews, counts and samples. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { ExecutionOrigin } from '../../src/model/execution.ts'
import { poll, source } from './graph-builders.ts'
import {
  change,
  completed,
  declaration,
  failedTick,
  firedTick,
  incidentReport,
  newExecution,
  START,
  sentAlert,
  settlement,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const ME = '11111111-1111-4111-8111-111111111111'
const FIRST_TEN = { limit: 10, offset: 0 }

export function describeHistoryContract(context: ContractContext): void {
  /** Stores an ended execution with an output and an attempt, and returns its id. */
  async function ended(given: {
    readonly workflow?: string
    readonly status?: 'Completed' | 'Failed'
    readonly at?: number
    readonly trigger?: string
    readonly inputText?: string
  }): Promise<string> {
    const { workflow = 'ingest', status = 'Completed', at = START, trigger, inputText = '{}' } = given
    const execution = newExecution({ workflow, inputText })
    const origin: ExecutionOrigin =
      trigger === undefined ? { kind: 'call' } : { kind: 'trigger', trigger, firingId: execution.id }
    await context.store.createExecution(execution, origin, at)
    await context.store.openInstance(ME, START)
    const acquisition = { instanceId: ME, workflows: [workflow], at, limit: 1, recover: false }
    await context.store.acquireExecutions({ ...acquisition, executionIds: [execution.id] })
    const finalText = '{"text": "ü"}'
    const attempt = { taskId: 'only', attempt: 1, outcome: 'completed', queuedAt: at, startedAt: at + 5 } as const
    await context.store.settle(
      settlement(execution.id, {
        changes: [completed('only', { outputText: finalText, startedAt: at + 5, endedAt: at + 15 })],
        attempts: [{ ...attempt, endedAt: at + 15, error: null }],
        end: { status, endedAt: at + 20, finalText, errorMessage: null },
      }),
    )
    return execution.id
  }

  test('lists failed executions by their end time, the latest first', async () => {
    await context.store.openInstance(ME, START)
    const fail = async (createdAt: number, endedAt: number, status: 'Completed' | 'Failed' = 'Failed') => {
      const { id, workflow } = newExecution({})
      await context.store.createExecution(newExecution({ id }), { kind: 'call' }, createdAt)
      const acquisition = { instanceId: ME, workflows: [workflow], at: createdAt, limit: 1, recover: false }
      await context.store.acquireExecutions({ ...acquisition, executionIds: [id] })
      await context.store.settle(settlement(id, { end: { status, endedAt, finalText: '{}', errorMessage: null } }))
      return id
    }
    const long = await fail(START, START + 90)
    const short = await fail(START + 10, START + 20)
    await fail(START + 30, START + 95, 'Completed')
    const middle = await fail(START + 20, START + 50)

    const failed = await context.store.history.lastFailed(9)

    expect(failed.map(({ id, endedAt }) => [id, endedAt])).toEqual([
      [long, START + 90],
      [middle, START + 50],
      [short, START + 20],
    ])
    expect((await context.store.history.lastFailed(1)).map(({ id }) => id)).toEqual([long])
  })

  test('cuts the errors of attempts, tasks, ticks and source polls to 64 KiB', async () => {
    const error = { type: 'ValueError', message: 'é'.repeat(300_000), traceback: 'é'.repeat(300_000) }
    const execution = newExecution({})
    await context.store.createExecution(execution, { kind: 'call' }, START)
    await context.store.openInstance(ME, START)
    const acquisition = { instanceId: ME, workflows: [execution.workflow], at: START, limit: 1, recover: false }
    await context.store.acquireExecutions({ ...acquisition, executionIds: [execution.id] })
    const attempt = { taskId: 'only', attempt: 1, outcome: 'failed', queuedAt: START, startedAt: START } as const
    await context.store.settle(
      settlement(execution.id, {
        changes: [change('only', { status: 'Failed', finishedOrder: 1, error })],
        attempts: [{ ...attempt, endedAt: START, error }],
        end: { status: 'Failed', endedAt: START, finalText: '{}', errorMessage: null },
      }),
    )
    await context.store.saveTriggers([declaration()], START)
    await context.store.recordFailed(failedTick({ error }))
    await context.store.graphs.declare(ME, { sources: [source('prices')], reactors: [], graphs: [] }, START)
    await context.store.graphs.recordPolls('prices', [poll({ outcome: 'failed', error })])

    const [tick] = await context.store.listTicks('inbox', FIRST_TEN)
    const [sourcePoll] = await context.store.graphs.listPolls('prices', FIRST_TEN)
    const stored = [
      (await context.store.getExecution(execution.id))?.tasks[0]?.error,
      (await context.store.listAttempts(execution.id))[0]?.error,
      (await context.store.activity.tick('inbox', tick?.id ?? '', tick?.lastAt ?? 0))?.error,
      sourcePoll?.error,
    ]
    expect(stored.map((each) => each?.type)).toEqual(stored.map(() => 'ValueError'))
    for (const each of stored) {
      expect(each?.message).toContain('characters were cut')
      expect(Buffer.byteLength(`${each?.message}${each?.traceback}`)).toBeLessThanOrEqual(64 * 1024)
    }
  })

  describe('lists of ticks', () => {
    async function polled(): Promise<void> {
      await context.store.saveTriggers([declaration()], START)
      for (const offset of [0, 100, 200]) context.store.noteSkip(skippedTick({ at: START + offset }))
      await context.store.recordFailed(failedTick({ at: START + 300 }))
      await context.store.recordFired(firedTick({ at: START + 400 }))
      await context.store.recordFailed(failedTick({ at: START + 500 }))
      context.store.noteSkip(skippedTick({ at: START + 600 }))
    }
    const seen = async (given: Partial<Parameters<typeof context.store.listTicks>[1]>) =>
      (await context.store.listTicks('inbox', { ...FIRST_TEN, ...given })).map(
        ({ outcome, firstAt, lastAt }) => `${outcome} ${firstAt - START}-${lastAt - START}`,
      )

    test('are filtered by outcome and period, and include ticks that overlap the period', async () => {
      await polled()

      expect(await seen({ outcomes: ['failed'] })).toEqual(['failed 500-500', 'failed 300-300'])
      expect(await seen({ outcomes: ['failed', 'fired'], limit: 2 })).toEqual(['failed 500-500', 'fired 400-400'])
      expect(await seen({ sinceAt: START + 450 })).toEqual(['skipped 600-600', 'failed 500-500'])
      expect(await seen({ untilAt: START + 150 })).toEqual(['skipped 0-200'])
      expect(await seen({ sinceAt: START + 100, untilAt: START + 400 })).toEqual(['failed 300-300', 'skipped 0-200'])
      expect(await seen({ outcomes: [] })).toEqual([])
    })

    test('continue after the last tick of the previous page, even if new ticks were added', async () => {
      await polled()
      const pages: string[] = []
      let after: { readonly id: string; readonly lastAt: number } | undefined

      for (let page = 0; page < 9; page++) {
        const rows = await context.store.listTicks('inbox', { limit: 1, offset: 0, ...(after && { after }) })
        after = rows.at(-1)
        if (after === undefined) break
        pages.push(...rows.map(({ outcome, lastAt }) => `${outcome} ${lastAt - START}`))
        await context.store.recordFailed(failedTick({ at: START + 1_000 + page }))
      }

      expect(pages).toEqual(['skipped 600', 'failed 500', 'fired 400', 'failed 300', 'skipped 200'])
    })
  })

  describe('filtered lists', () => {
    test('return the firings, actions and alerts after a given id, and none after an unknown id', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)
      for (const id of ['f-1', 'f-2', 'f-3'])
        await context.store.recordFired(firedTick({ firingId: id, allowConcurrent: true }))
      for (const id of ['a-1', 'a-2', 'a-3']) {
        const action = { id, kind: 'enable', target: 'inbox', source: 'cli', note: null, argumentsText: null } as const
        await context.store.actions.record({ ...action, at: START }, { isRefused: false, text: null })
        await context.store.incidents.saveSent(sentAlert({ id }), incidentReport())
      }
      const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)

      expect(ids(await context.store.listFirings('inbox', { ...FIRST_TEN, after: 'f-3' }))).toEqual(['f-2', 'f-1'])
      expect(ids(await context.store.actions.list({}, { ...FIRST_TEN, after: 'a-2' }))).toEqual(['a-1'])
      expect(ids(await context.store.actions.list({ target: 'inbox' }, { ...FIRST_TEN, after: 'a-3' }))).toEqual([
        'a-2',
        'a-1',
      ])
      expect(ids(await context.store.incidents.listAlerts({ ...FIRST_TEN, after: 'a-2' }))).toEqual(['a-1'])
      expect(await context.store.listFirings('inbox', { ...FIRST_TEN, after: 'none' })).toEqual([])
      expect(await context.store.actions.list({}, { ...FIRST_TEN, after: 'none' })).toEqual([])
      expect(await context.store.incidents.listAlerts({ ...FIRST_TEN, after: 'none' })).toEqual([])
    })

    test('return the executions created before a time, and the retries of an execution', async () => {
      const [first, second] = [await ended({ at: START }), await ended({ at: START + 100 })]
      const again = newExecution({ retryOf: first })
      await context.store.createExecution(again, { kind: 'call' }, START + 200)
      const ids = async (given: Partial<Parameters<typeof context.store.listExecutions>[0]>) =>
        (await context.store.listExecutions({ ...FIRST_TEN, ...given })).map(({ id }) => id)

      expect(await ids({ untilAt: START + 200 })).toEqual([second, first])
      expect(await ids({ retryOf: first })).toEqual([again.id])
      expect(await ids({ retryOf: first, status: 'Completed' })).toEqual([])
      expect(await ids({ retryOf: second })).toEqual([])
    })
  })

  describe('an overview of an execution', () => {
    test('has the sizes of the contexts in bytes; contextText returns each context', async () => {
      const id = await ended({ inputText: '{"a": 1.0}' })
      const waiting = newExecution()
      await context.store.createExecution(waiting, { kind: 'call' }, START)

      expect(await context.store.history.overview(id)).toMatchObject({
        status: 'Completed',
        inputBytes: 10,
        finalBytes: 14,
        tasks: [{ taskId: 'only', status: 'Completed', outputBytes: 14 }],
      })
      expect(JSON.stringify(await context.store.history.overview(id))).not.toContain('1.0')
      expect(await context.store.history.overview(waiting.id)).toMatchObject({
        finalBytes: null,
        tasks: [{ outputBytes: null }],
      })
      expect(await context.store.history.contextText(id, 'input')).toBe('{"a": 1.0}')
      expect(await context.store.history.contextText(id, 'final')).toBe('{"text": "ü"}')
      expect(await context.store.history.contextText(id, { outputOf: 'only' })).toBe('{"text": "ü"}')
      expect(await context.store.history.contextText(waiting.id, 'final')).toBeNull()
      expect(await context.store.history.contextText('none', 'input')).toBeNull()
      expect(await context.store.history.overview('none')).toBeNull()
    })
  })

  describe('counts and trends', () => {
    test('counts include all executions, or those of a workflow, a trigger or a period', async () => {
      await ended({ at: START, workflow: 'ingest', trigger: 'inbox' })
      await ended({ at: START + 100, workflow: 'ingest', status: 'Failed', trigger: 'inbox' })
      await ended({ at: START + 200, workflow: 'report' })
      const counted = async (given: Parameters<typeof context.store.history.counts>[0]) => {
        const { Completed, Failed, Paused } = await context.store.history.counts(given)
        expect([Completed, Failed, Paused].map(({ isAtLeast }) => isAtLeast)).toEqual([false, false, false])
        return [Completed.count, Failed.count, Paused.count]
      }

      expect(await counted({})).toEqual([2, 1, 0])
      expect(await counted({ workflow: 'ingest' })).toEqual([1, 1, 0])
      expect(await counted({ trigger: 'inbox', workflow: 'report' })).toEqual([0, 0, 0])
      expect(await counted({ sinceAt: START + 100, untilAt: START + 200 })).toEqual([0, 1, 0])
    })

    test('a trend counts the executions created in each bar by their current status', async () => {
      for (const [offset, status] of [
        [0, 'Completed'],
        [10, 'Failed'],
        [150, 'Failed'],
      ] as const) {
        await ended({ at: START + offset, status })
      }
      const query = { sinceAt: START, untilAt: START + 200, bars: 2 }

      const bars = [
        { at: START, counts: { Completed: 1, Failed: 1 }, isEstimate: false },
        { at: START + 100, counts: { Failed: 1 }, isEstimate: false },
      ]
      expect(await context.store.history.trend(query)).toEqual(bars)
      expect(await context.store.history.trend({ ...query, workflow: 'ingest' })).toEqual(bars)
      expect(await context.store.history.trend({ ...query, trigger: 'none' })).toMatchObject([
        { counts: {} },
        { counts: {} },
      ])
    })

    test('a trend of 150 executions is exact, even if one of 500 bars contains all of them', async () => {
      const many = Array.from({ length: 150 }, (_, index) => START + index * 10)
      await Promise.all(many.map((at) => context.store.createExecution(newExecution(), { kind: 'call' }, at)))
      const query = { sinceAt: START, untilAt: START + 750_000, bars: 500 }

      for (const filter of [{}, { workflow: 'ingest' }]) {
        const trend = await context.store.history.trend({ ...query, ...filter })

        expect(trend).toHaveLength(500)
        expect(trend[0]).toEqual({ at: START, counts: { Pending: 150 }, isEstimate: false })
        expect(trend[1]).toEqual({ at: START + 1_500, counts: {}, isEstimate: false })
      }
    })

    test('a trend counts an execution in the last bar that starts at or before its creation', async () => {
      const times = [0, 1, 3, 4, 7, 8, 9].map((offset) => START + offset)
      for (const at of times) await context.store.createExecution(newExecution(), { kind: 'call' }, at)

      const trend = await context.store.history.trend({ sinceAt: START, untilAt: START + 10, bars: 3 })

      expect(trend).toEqual([
        { at: START, counts: { Pending: 2 }, isEstimate: false },
        { at: START + 3, counts: { Pending: 2 }, isEstimate: false },
        { at: START + 6, counts: { Pending: 3 }, isEstimate: false },
      ])
    })

    test('a trend of over 10,000 executions estimates a crowded bar from its first executions', async () => {
      const inFirst = Array.from({ length: 150 }, (_, index) => START + index * 10)
      const inLast = Array.from({ length: 10_000 }, () => START + 749_999)
      const query = { sinceAt: START, untilAt: START + 750_000, bars: 500 }
      await Promise.all(
        [...inFirst, ...inLast].map((at) => context.store.createExecution(newExecution(), { kind: 'call' }, at)),
      )

      const [first, second] = await context.store.history.trend(query)

      // The store counted 96 executions in the first 951 of 1,500 ms.
      expect(first).toEqual({ at: START, counts: { Pending: 151 }, isEstimate: true })
      expect(second).toEqual({ at: START + 1_500, counts: {}, isEstimate: false })
    })

    test('a sample has the newest executions of a workflow, and their attempts up to a limit', async () => {
      await ended({ at: START })
      const newest = await ended({ at: START + 100 })
      await ended({ at: START + 200, workflow: 'report' })

      const { executions, attempts } = await context.store.history.sample('ingest', { executions: 1, attempts: 9 })
      const none = await context.store.history.sample('ingest', { executions: 9, attempts: 0 })

      expect(executions).toMatchObject([{ id: newest, status: 'Completed', createdAt: START + 100 }])
      expect(attempts).toEqual([
        {
          taskId: 'only',
          attempt: 1,
          outcome: 'completed',
          queuedAt: START + 100,
          startedAt: START + 105,
          endedAt: START + 115,
        },
      ])
      expect(none).toMatchObject({ executions: [{}, {}], attempts: [] })
    })
  })
}
