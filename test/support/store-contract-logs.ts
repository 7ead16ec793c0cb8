/** Store contract tests for the logs of attempts and ticks. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { AttemptRef } from '../../src/engine/log-ports.ts'
import type { LogPiece } from '../../src/model/logs/log-record.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  failedTick,
  firedTick,
  newExecution,
  START,
  settlement,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const LIMIT_BYTES = 1_000

/** Returns a piece of a log with one record of the given length. */
function piece(message: string, bytes = 100, given: Partial<LogPiece> = {}): LogPiece {
  const text = `${JSON.stringify({ at: START, stream: 'stdout', message: message.padEnd(bytes - 48) })}\n`
  return { text, bytes, records: 1, cutRecords: 0, cutBytes: 0, ...given }
}

export function describeLogContract(context: ContractContext): void {
  describe('logs', () => {
    const begin = async (tasks: readonly string[] = ['only']): Promise<AttemptRef> => {
      const execution = newExecution({ tasks })
      await context.store.openInstance('instance', START)
      await context.store.createExecution(execution, { kind: 'call' }, START)
      const acquisition = { instanceId: 'instance', workflows: ['ingest'], at: START, limit: 10, recover: false }
      await context.store.acquireExecutions(acquisition)
      return { executionId: execution.id, taskId: tasks[0] ?? '', attempt: 1 }
    }
    const append = (attempt: AttemptRef, ...pieces: readonly LogPiece[]) => {
      for (const each of pieces) context.store.logs.append(attempt, each, LIMIT_BYTES)
    }
    const list = (attempt: AttemptRef, rest: { taskId?: string; attempt?: number; afterPiece?: number } = {}) =>
      context.store.logs.list({ executionId: attempt.executionId, limit: 1_000, ...rest })
    const messages = async (attempt: AttemptRef) =>
      (await list(attempt)).map(({ text }) => String(JSON.parse(text).message).trim())

    test('an appended piece is listed immediately, with all its fields', async () => {
      const attempt = await begin()
      const said = piece('žluťoučký kůň \u001b[31m', 120, { records: 3, cutRecords: 2, cutBytes: 50 })

      append(attempt, said)

      const [shown] = await list(attempt)
      expect(shown).toEqual({ ...said, taskId: 'only', attempt: 1, piece: expect.any(Number) })
    })

    test('pieces are listed in the order of the appends, with ascending numbers', async () => {
      const attempt = await begin()

      append(attempt, piece('one'), piece('two'))
      await context.clock.advance(1_000)
      append(attempt, piece('three'))

      expect(await messages(attempt)).toEqual(['one', 'two', 'three'])
      const numbers = (await list(attempt)).map((each) => each.piece)
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other))
      expect(new Set(numbers).size).toBe(3)
    })

    test('logs of several attempts are written in one step', async () => {
      const attempt = await begin(['load', 'send'])
      const { write } = context.store.counters.commits
      const stepsOfSecond = async () => {
        const before = write.steps
        await context.clock.advance(1_000)
        return write.steps - before
      }
      const stepsWithoutLogs = await stepsOfSecond()

      append(attempt, piece('load 1'))
      append({ ...attempt, taskId: 'send' }, piece('send 1'))

      expect(await stepsOfSecond()).toBe(stepsWithoutLogs + 1)
      expect(await messages(attempt)).toEqual(['load 1', 'send 1'])
    })

    test('pieces are filtered by task, by attempt, and by the piece to continue after', async () => {
      const attempt = await begin(['load', 'send'])
      append(attempt, piece('load 1'))
      append({ ...attempt, attempt: 2 }, piece('load 2'))
      append({ ...attempt, taskId: 'send' }, piece('send 1'))
      const all = await list(attempt)

      const texts = async (rest: { taskId?: string; attempt?: number; afterPiece?: number }) =>
        (await list(attempt, rest)).map((each) => `${each.taskId} ${each.attempt}`)

      expect(await texts({ taskId: 'load' })).toEqual(['load 1', 'load 2'])
      expect(await texts({ taskId: 'load', attempt: 2 })).toEqual(['load 2'])
      expect(await texts({ afterPiece: all[1]?.piece ?? 0 })).toEqual(['send 1'])
      expect(await context.store.logs.list({ executionId: attempt.executionId, limit: 2 })).toEqual(all.slice(0, 2))
    })

    test('a log over the limit loses its middle, and the cut records are counted', async () => {
      const attempt = await begin()

      for (let number = 0; number < 40; number++) {
        append(attempt, piece(`line ${number}`))
        if (number % 7 === 0) await context.clock.advance(1_000)
      }

      const kept = await list(attempt)
      const cut = kept.filter(({ cutRecords }) => cutRecords > 0)
      const expected = [0, 1, ...Array.from({ length: 7 }, (_, index) => index + 33)].map((number) => `line ${number}`)
      expect(await messages(attempt)).toEqual(expected)
      expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(LIMIT_BYTES)
      expect(cut).toMatchObject([{ piece: kept[2]?.piece, cutRecords: 31, cutBytes: 3_100 }])
    })

    test('the limit applies to each attempt separately', async () => {
      const attempt = await begin()
      const next = { ...attempt, attempt: 2 }

      for (let number = 0; number < 9; number++) append(attempt, piece(`first ${number}`))
      for (let number = 0; number < 9; number++) append(next, piece(`second ${number}`))

      expect(await list(attempt, { taskId: 'only', attempt: 1 })).toHaveLength(9)
      expect(await list(attempt, { taskId: 'only', attempt: 2 })).toHaveLength(9)
    })

    context.sharedTest('another process sees the complete log of an attempt when the attempt has ended', async () => {
      const attempt = await begin()
      const another = await context.openAnother()
      append(attempt, piece('first'), piece('last'))

      const end = { status: 'Completed', endedAt: START + 20, finalText: '{}', errorMessage: null } as const
      await context.store.settle(settlement(attempt.executionId, { changes: [completed('only')], end }))

      expect(await another.logs.list({ executionId: attempt.executionId, limit: 10 })).toHaveLength(2)
    })

    context.sharedTest('another process sees the log of a running attempt within a second', async () => {
      const attempt = await begin()
      const another = await context.openAnother()
      append(attempt, piece('first'))

      await context.clock.advance(1_000)
      await context.store.getExecution(attempt.executionId) // waits for the write

      expect(await another.logs.list({ executionId: attempt.executionId, limit: 10 })).toHaveLength(1)
    })

    test('a piece appended after the end of the attempt is added to its log', async () => {
      const attempt = await begin()
      append(attempt, piece('in time'))
      const end = { status: 'Completed', endedAt: START + 20, finalText: '{}', errorMessage: null } as const
      await context.store.settle(settlement(attempt.executionId, { changes: [completed('only')], end }))

      append(attempt, piece('late'))

      expect(await messages(attempt)).toEqual(['in time', 'late'])
    })

    test('pruning removes a long log in several steps, and then its execution', async () => {
      const attempt = await begin()
      for (let number = 0; number < 900; number++) context.store.logs.append(attempt, piece('line'), 1_000_000)
      const end = { status: 'Completed', endedAt: START + 20, finalText: '{}', errorMessage: null } as const
      await context.store.settle(settlement(attempt.executionId, { changes: [completed('only')], end }))
      const prune = () =>
        context.store.prune(
          { skippedMs: null, failedMs: null, endedMs: 1, firingsMs: null, keysMs: null },
          START + 1_000,
        )

      await prune()
      const left = await list(attempt)
      for (let removed = 1; removed > 0; ) removed = await prune()

      expect(left.length).toBeGreaterThan(0)
      expect(left.length).toBeLessThan(900)
      expect(await context.store.getExecution(attempt.executionId)).toBeNull()
    })

    test('pruning removes a log with its execution, and pieces appended later are dropped', async () => {
      const attempt = await begin()
      append(attempt, piece('gone'))
      const end = { status: 'Completed', endedAt: START + 20, finalText: '{}', errorMessage: null } as const
      await context.store.settle(settlement(attempt.executionId, { changes: [completed('only')], end }))
      const retention = { skippedMs: null, failedMs: null, endedMs: 1, firingsMs: null, keysMs: null }
      for (let removed = 1; removed > 0; ) removed = await context.store.prune(retention, START + 1_000)

      append(attempt, piece('too late'))

      expect(await context.store.getExecution(attempt.executionId)).toBeNull()
      expect(await list(attempt)).toEqual([])
    })

    test('a tick has the log of its poll, and a run of skips has the latest log of its polls', async () => {
      const { store } = context
      await store.saveTriggers([declaration()], START)
      const skip = (at: number, log?: string) => store.noteSkip(skippedTick({ at: START + at, log: log ?? null }))
      skip(0, 'first\n')
      skip(1, 'second\n')
      skip(2)
      await store.recordFailed(failedTick({ at: START + 3, log: 'failed\n' }))
      await store.recordFired(firedTick({ at: START + 4 }))
      await store.recordFired(firedTick({ at: START + 5, contextHash: 'b', log: 'fired\n' }))
      skip(6, 'open\n')

      const logs = await store.logs.listOfTicks('inbox', FIRST_PAGE)

      expect(logs.map(({ outcome, at, text }) => [outcome, at - START, text])).toEqual([
        ['skipped', 6, 'open\n'],
        ['fired', 5, 'fired\n'],
        ['failed', 3, 'failed\n'],
        ['skipped', 2, 'second\n'],
      ])
      const ticks = await store.listTicks('inbox', FIRST_PAGE)
      const ids = ticks.map(({ id }) => id)
      expect(logs.map(({ tickId }) => ids.indexOf(tickId))).toEqual([0, 1, 3, 4])
      expect(ticks.map(({ hasLog }) => hasLog)).toEqual([true, true, false, true, true])
      expect(await store.logs.listOfTicks('inbox', { limit: 1, offset: 1 })).toEqual([logs[1]])
      expect(await store.logs.listOfTicks('nobody', FIRST_PAGE)).toEqual([])
    })
  })
}
