/** The cause of a failed execution: the first failed task, its error, and the share of failed tasks. */

import { expect, it } from 'vitest'
import { executionEnd, type TaskTally } from '../../../src/engine/executions/ready.ts'
import { MAX_SHOWN_CHARACTERS } from '../../../src/model/fault.ts'

type FailedTask = TaskTally['failed'][number]

function failedTask(taskId: string, finishedOrder: number, message: string, type = 'ValueError'): FailedTask {
  return { taskId, finishedOrder, error: { type, message, traceback: '' } }
}

/** Returns the cause of an execution with two tasks that did not fail. */
function causeOf(...failed: readonly FailedTask[]): string | undefined {
  return executionEnd({ failed, completed: 1, skipped: 1 }, null, '{}', 0).failure?.cause
}

it('names the first failed task in order of completion, and counts failed, completed and skipped tasks', () => {
  const end = executionEnd(
    { failed: [failedTask('b', 7, 'second'), failedTask('a', 3, 'first', 'KeyError')], completed: 2, skipped: 1 },
    null,
    '{}',
    0,
  )

  expect(end.failure).toEqual({
    cause: 'a: KeyError: first (2 of 5 tasks failed)',
    taskId: 'a',
    errorType: 'KeyError',
  })
})

it('has no cause if no task failed', () => {
  expect(executionEnd({ failed: [], completed: 2, skipped: 1 }, null, '{}', 0)).toMatchObject({ status: 'Completed' })
  expect(causeOf()).toBeUndefined()
})

it.each([
  ['Python task execution failed: ValueError: no rows\nnote', 'load: ValueError: no rows'],
  ['Python task execution failed: ValueError: \n  no rows\r\nnote', 'load: ValueError: no rows'],
  ['Task execution failed: ValueError: ', 'load: ValueError'],
  ['Python task execution failed: ValueError: KeyError: x', 'load: ValueError: KeyError: x'],
  ["Task 'load' timed out after 2 s", "load: ValueError: Task 'load' timed out after 2 s"],
  ['', 'load: ValueError'],
])('shows the first line of %j without the introduction and a second type', (message, cause) => {
  expect(causeOf(failedTask('load', 1, message))).toBe(`${cause} (1 of 3 tasks failed)`)
})

it('names a failed task without an error', () => {
  expect(causeOf({ taskId: 'load', finishedOrder: 1, error: null })).toBe('load: Error: failed (1 of 3 tasks failed)')
})

it.each([
  ['message', failedTask('load', 1, `Python task execution failed: ValueError: ${'x'.repeat(1_001)}`)],
  ['type', failedTask('load', 1, 'no rows', 'E'.repeat(5_000))],
  ['message and task', failedTask('t'.repeat(3_000), 1, '\u{1F600}'.repeat(9_000))],
])('limits the cause to the shown length if the %s is long, and keeps the share of failed tasks', (_, task) => {
  const cause = causeOf(task) ?? ''

  expect(cause.length).toBeLessThanOrEqual(MAX_SHOWN_CHARACTERS)
  expect(cause).toMatch(/… \(\d+ more characters\).* \(1 of 3 tasks failed\)$/)
  expect(cause.isWellFormed()).toBe(true)
})
