/** How commands show failed executions: the cause, start and duration, and equal tracebacks once. */

import { beforeEach, expect, it } from 'vitest'
import type { AttemptRow } from '../../src/model/execution.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import { steeredDatabases } from '../support/steered-database.ts'
import { change, newExecution, START, settlement } from '../support/store-builders.ts'

const CAUSE = 'load: ValueError: no rows (2 of 3 tasks failed)'

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)
let id: string

const lines = (text: string) =>
  text
    .replaceAll(id, 'ID')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '  '))

function fault(message: string): PythonFault {
  return {
    type: 'ValueError',
    message: `Python task execution failed: ValueError: ${message}`,
    traceback: `Traceback (most recent call last):\n  File "jobs.py", line 3, in load\nValueError: ${message}\n`,
  }
}

/** An attempt that started `atS` seconds after the execution was created, and took 1.5 s. */
function failedAttempt(taskId: string, attempt: number, atS: number, error: PythonFault): AttemptRow {
  const startedAt = START + atS * 1_000
  return { taskId, attempt, outcome: 'failed', queuedAt: startedAt, startedAt, endedAt: startedAt + 1_500, error }
}

beforeEach(async () => {
  const { store } = database()
  const execution = newExecution({ tasks: ['load', 'send', 'skip'] })
  id = execution.id
  await store.openInstance('instance', START)
  await store.createExecution(execution, { kind: 'call' }, START)
  const started = { instanceId: 'instance', workflows: ['ingest'], at: START + 2_000, limit: 1, recover: false }
  await store.acquireExecutions(started)
  const [same, other] = [fault('no rows'), fault('no table')]
  const attempts = [
    ...[same, same, other, same].map((error, index) => failedAttempt('load', index + 1, 2 + index * 60, error)),
    failedAttempt('send', 1, 2, same),
  ].map((attempt) => ({ ...attempt, executionId: id }))
  const task = (startS: number, endS: number) => ({ startedAt: START + startS * 1_000, endedAt: START + endS * 1_000 })
  const cause = { cause: CAUSE, taskId: 'load', errorType: 'ValueError' }
  await store.settle(
    settlement(id, {
      changes: [
        change('load', { status: 'Failed', attempts: 4, ...task(2, 183.5), finishedOrder: 1, error: same }),
        change('send', { status: 'Failed', attempts: 1, ...task(2, 3.5), finishedOrder: 2, error: same }),
        change('skip', { status: 'Skipped', startedAt: null, endedAt: START + 184_000, finishedOrder: 3 }),
      ],
      attempts,
      end: {
        ...{ status: 'Failed', endedAt: START + 184_000, finalText: '{}' },
        ...{ errorMessage: '2 task(s) failed, 0 completed, 1 skipped', failure: cause },
      },
    }),
  )
})

it('execution list shows start, duration and cause, and a waiting execution without them', async () => {
  await database().store.createExecution(newExecution({ id: 'waiting' }), { kind: 'call' }, START + 1)
  const { stdout } = await run('execution', 'list', '--utc')

  expect(lines(stdout)).toEqual([
    'STARTED  DURATION  WORKFLOW  STATUS  STARTED BY  ID  ERROR',
    'not yet  ingest  Pending  API or CLI  waiting',
    `2026-01-01 00:00:02 +00:00  3 min 2 s  ingest  Failed  API or CLI  ID  ${CAUSE}`,
  ])
})

it('execution show has the cause before the times, and start and duration of each task', async () => {
  const { stdout } = await run('execution', 'show', id, '--utc')

  expect(lines(stdout).slice(0, 14)).toEqual([
    'execution  ID',
    'workflow  ingest',
    'status  Failed',
    'started by  API or CLI',
    `error  ${CAUSE}`,
    'created  2026-01-01 00:00:00 +00:00',
    'started  2026-01-01 00:00:02 +00:00',
    'ended  2026-01-01 00:03:04 +00:00',
    'duration  3 min 2 s',
    'context  {}',
    '',
    'TASK  STATUS  STARTED  DURATION  ATTEMPTS  ERROR',
    'load  Failed  2026-01-01 00:00:02 +00:00  3 min 1 s  4  ValueError: no rows',
    'send  Failed  2026-01-01 00:00:02 +00:00  1.5 s  1  ValueError: no rows',
  ])
})

it('execution show prints equal tracebacks of a task once, with the number of attempts', async () => {
  const { stdout } = await run('execution', 'show', id, '--utc')

  expect(stdout.match(/^Attempt.*$/gm)).toEqual([
    'Attempts 1-2, 4 of task "load": failed 3 times with the same error, last 2026-01-01 00:03:03 +00:00',
    'Attempt 1 of task "send": failed 2026-01-01 00:00:03 +00:00',
    'Attempt 3 of task "load": failed 2026-01-01 00:02:03 +00:00',
  ])
  expect(stdout.match(/^ {2}ValueError: no rows$/gm)).toHaveLength(2)
  expect(stdout.match(/^ {2}ValueError: no table$/gm)).toHaveLength(1)
})

it('status shows the cause of the last failures', async () => {
  const { stdout } = await run('status', '--utc')

  expect(lines(stdout).slice(-2)).toEqual([
    'LAST FAILED  WORKFLOW  ID  ERROR',
    `2026-01-01 00:03:04 +00:00  ingest  ID  ${CAUSE}`,
  ])
})

it('the JSON of execution list, execution show and status has the cause and the documented errorMessage', async () => {
  const json = async (...words: string[]) => JSON.parse((await run(...words, '--json')).stdout)
  const facts = { id, cause: CAUSE, errorMessage: '2 task(s) failed, 0 completed, 1 skipped' }

  expect(await json('execution', 'list')).toMatchObject([facts])
  expect(await json('execution', 'show', id)).toMatchObject(facts)
  expect(await json('status')).toMatchObject({ lastFailures: [facts] })
})

it('a cancelled execution has no cause, and shows the reason of the user', async () => {
  await database().store.createExecution(newExecution({ id: 'unwanted' }), { kind: 'call' }, START + 1)
  await run('execution', 'cancel', 'unwanted', '--note', 'wrong day')

  expect((await run('execution', 'show', 'unwanted')).stdout).toMatch(/^error +cancelled: wrong day$/m)
  expect(JSON.parse((await run('execution', 'list', '--status', 'Cancelled', '--json')).stdout)).toMatchObject([
    { id: 'unwanted', cause: null, errorMessage: 'cancelled: wrong day' },
  ])
})
