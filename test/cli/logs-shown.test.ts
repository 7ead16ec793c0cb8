/** Output of tasks and polls in `execution show`, `execution logs`, `trigger history` and `trigger logs`. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { LogPiece, LogRecord } from '../../src/model/logs/log-record.ts'
import { steeredDatabases } from '../support/steered-database.ts'
import {
  change,
  declaration,
  FAULT,
  failedTick,
  newExecution,
  START,
  settlement,
  skippedTick,
} from '../support/store-builders.ts'

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)

const line = (message: string, given: Partial<LogRecord> = {}): LogRecord => ({
  at: START,
  stream: 'stdout',
  message,
  ...given,
})
const textOf = (...records: LogRecord[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')

function piece(...records: LogRecord[]): LogPiece {
  const text = textOf(...records)
  return { text, records: records.length, bytes: text.length, cutRecords: 0, cutBytes: 0 }
}

describe('an execution with a task that failed twice', () => {
  let id: string

  beforeEach(async () => {
    const execution = newExecution({ tasks: ['load', 'send'] })
    const { store } = database()
    id = execution.id
    await store.openInstance('instance', START)
    await store.createExecution(execution, { kind: 'call' }, START)
    const acquisition = { instanceId: 'instance', workflows: ['ingest'], at: START, limit: 1, recover: false }
    await store.acquireExecutions(acquisition)
    const said = (attempt: number, ...records: LogRecord[]) =>
      store.logs.append({ executionId: id, taskId: 'load', attempt }, piece(...records), 1_000_000)
    said(1, line('the first attempt'))
    for (let number = 1; number <= 40; number++) said(2, line(`row ${number}`))
    said(2, line('bad \u001b[31m row', { stream: 'log', level: 'WARNING', logger: 'app', place: '/x.py:3' }))
    store.logs.append({ executionId: id, taskId: 'send', attempt: 1 }, piece(line('sent')), 1_000_000)
    const attempts = [1, 2].map((attempt) => ({
      executionId: id,
      taskId: 'load',
      attempt,
      outcome: 'failed' as const,
      queuedAt: START,
      startedAt: START,
      endedAt: START,
      error: FAULT,
    }))
    await store.settle(
      settlement(id, {
        changes: [change('load', { status: 'Failed', attempts: 2, endedAt: START, finishedOrder: 1, error: FAULT })],
        attempts,
        end: { status: 'Failed', endedAt: START, finalText: '{}', errorMessage: '1 task(s) failed' },
      }),
    )
  })

  it('is shown with the last lines of its last attempt, and the command for all lines', async () => {
    const { stdout } = await run('execution', 'show', id)

    const [, log] = stdout.split('\nLog of ')
    const said = log?.split('\n').map((text) => text.replace(/^ {2}\S+ \S+ \S+ {2}/, '')) ?? []
    expect(said).toEqual([
      `attempt 2 of task "load", last 10 lines; for all lines: cloaca execution logs ${id} --task load --attempt 2`,
      ...Array.from({ length: 9 }, (_, index) => `row ${32 + index}`),
      'WARNING app: bad \\x1b[31m row (/x.py:3)',
      '',
    ])
    expect(stdout).not.toContain('the first attempt')
    expect(stdout).not.toContain('sent')
  })

  it('has a log that --last shortens to its last lines', async () => {
    const last = await run('execution', 'logs', id, '--task', 'load', '--last', '2')
    const some = await run('execution', 'logs', id, '--attempt', '1', '--last', '5', '--json')
    const none = await run('execution', 'logs', id, '--last', '0')

    expect(last.stdout.split('\n')).toEqual([
      expect.stringMatching(/load #2 {2}row 40$/),
      expect.stringMatching(/load #2 {2}WARNING app: bad/),
      '',
    ])
    expect(JSON.parse(some.stdout).map(({ message }: LogRecord) => message)).toEqual(['the first attempt', 'sent'])
    expect(none.stdout).toBe('There is no output to show.\n')
  })
})

describe('a trigger whose polls print', () => {
  beforeEach(async () => {
    const { store } = database()
    await store.saveTriggers([declaration()], START)
    await store.recordFailed(failedTick({ log: textOf(line('one'), line('two', { stream: 'stderr' })) }))
    await store.recordFailed(failedTick({ at: START + 1_000 }))
    await store.recordFailed(failedTick({ at: START + 2_000, log: textOf(line('three')) }))
  })

  const ticks = async () => (await database().store.listTicks('inbox', { limit: 9, offset: 0 })).map(({ id }) => id)

  it('has a history with the error and the delay of each poll, and the ids of polls with a log', async () => {
    const { stdout } = await run('trigger', 'history', 'inbox', '--ticks', '--utc')
    const json = JSON.parse((await run('trigger', 'history', 'inbox', '--ticks', '--json')).stdout)
    const [newest, , oldest] = await ticks()

    expect(stdout.split('\n').map((text) => text.replace(/ {2,}/g, '  '))).toEqual([
      'LAST  OUTCOME  COUNT  LATE  TOOK  LOG  EXECUTION  REASON OR ERROR',
      `2026-01-01 00:00:02 +00:00  failed  1  3ms  12ms  ${newest}  ${FAULT.message}`,
      `2026-01-01 00:00:01 +00:00  failed  1  3ms  12ms  ${FAULT.message}`,
      `2026-01-01 00:00:00 +00:00  failed  1  3ms  12ms  ${oldest}  ${FAULT.message}`,
      '',
    ])
    expect(json.map(({ hasLog }: { hasLog: boolean }) => hasLog)).toEqual([true, false, true])
  })

  it('has one log of all polls, the oldest first, and one log per poll', async () => {
    const [newest, , oldest] = await ticks()

    const all = await run('trigger', 'logs', 'inbox', '--utc')
    const one = await run('trigger', 'logs', 'inbox', '--tick', oldest?.slice(0, 8) ?? '', '--grep', 'two', '--utc')
    const json = await run('trigger', 'logs', 'inbox', '--limit', '1', '--json')

    const AT = '2026-01-01 00:00:00.000 +00:00'
    expect(all.stdout).toBe(
      `${AT}  ${oldest} failed     one\n${AT}  ${oldest} failed     stderr: two\n${AT}  ${newest} failed     three\n`,
    )
    expect(one.stdout).toBe(`${AT}  ${oldest} failed     stderr: two\n`)
    expect(JSON.parse(json.stdout)).toEqual([
      {
        tickId: newest,
        outcome: 'failed',
        at: '2026-01-01T00:00:02.000+00:00',
        records: [{ at: '2026-01-01T00:00:00.000+00:00', stream: 'stdout', message: 'three' }],
      },
    ])
  })

  it('reports an error for a poll without output, and a notice for a trigger without output', async () => {
    const [, silent] = await ticks()
    await database().store.saveTriggers([declaration({ name: 'quiet' })], START)

    const missing = await run('trigger', 'logs', 'inbox', '--tick', silent ?? '')
    const quiet = await run('trigger', 'logs', 'quiet')
    const both = await run('trigger', 'logs', 'inbox', '--tick', silent ?? '', '--follow')

    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^cloaca: No log found for tick /) })
    expect(quiet.stdout).toMatch(/^No output of this trigger is stored\./)
    expect(both.exitCode).toBe(2)
  })

  it('has its new output printed by `trigger logs --follow`, also from skipped polls', async () => {
    const following = database().terminal.start(['trigger', 'logs', 'inbox', '--follow', '--db', database().path])
    await following.prints('three')

    const { store } = database()
    await store.recordFailed(failedTick({ at: START + 3_000, log: textOf(line('four')) }))
    await following.prints('failed     four\n')
    store.noteSkip(skippedTick({ at: START + 4_000, log: textOf(line('five')) }))
    await database().clock.advance(1_000)
    await following.prints('skipped    five\n')
    store.noteSkip(skippedTick({ at: START + 5_000, log: textOf(line('six')) }))
    await database().clock.advance(1_000)
    await following.prints('skipped    six\n')
    following.kill('SIGINT')

    expect(following.stdout.match(/three|four|five|six/g)).toEqual(['three', 'four', 'five', 'six'])
  })
})
