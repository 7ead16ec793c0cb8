/** The callbacks `onSuccess` and `onFailure` of a TypeScript task. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { failed, type JsonObject, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'
import { logOf } from './log-of.ts'

let observed: ObservedRunner
beforeEach(async () => {
  observed = await ObservedRunner.open()
})
afterEach(() => observed[Symbol.asyncDispose]())

const calls: (readonly unknown[])[] = []
const callbacks = {
  onSuccess: (task: string, context: JsonObject) => void calls.push(['success', task, context]),
  onFailure: (task: string, error: Error, context: JsonObject) =>
    void calls.push(['failure', task, error.message, context]),
}
beforeEach(() => void calls.splice(0))

it('calls the callbacks for each failed attempt with its input, and for the success with the new context', async () => {
  const flow = workflow('told').task('t', { ...callbacks, retryDelay: '1ms' }, (_context, { attempt }) => {
    if (attempt < 3) throw new Error(`no ${attempt}`)
    return { attempt }
  })
  await observed.runner.register(flow)
  await observed.runner.execute(flow, { order: 7 })

  expect(calls).toEqual([
    ['failure', 't', 'no 1', { order: 7 }],
    ['failure', 't', 'no 2', { order: 7 }],
    ['success', 't', { order: 7, attempt: 3 }],
  ])
})

it('does not call the callbacks of a task that is skipped or times out', async () => {
  const flow = workflow('quiet')
    .task('slow', { ...callbacks, retries: 0, timeout: '30ms' }, (_context, { signal }) => {
      return new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    .task('never', { ...callbacks, when: failed('never_runs' as never) }, () => {})
  await observed.runner.register(flow)
  const { tasks } = await observed.runner.execute(flow)

  expect(tasks.map(({ status }) => status)).toEqual(['Failed', 'Skipped'])
  expect(calls).toEqual([])
})

it('keeps the result of a task whose callback throws, and logs the error', async () => {
  const onSuccess = (): never => {
    throw new Error('callback')
  }
  const flow = workflow('thrown').task('t', { onSuccess }, () => ({ done: true }))
  await observed.runner.register(flow)
  const result = await observed.runner.execute(flow)
  const lines = await logOf(observed.runner, result.id)

  expect(result).toMatchObject({ status: 'Completed', context: { done: true } })
  expect(lines.map(({ message }) => message)).toEqual([
    "[cloaca] onSuccess callback failed for task 't': Error: callback",
  ])
})
