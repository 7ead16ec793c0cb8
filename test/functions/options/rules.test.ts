/** Rules that decide whether a TypeScript task runs after tasks that completed, failed or were skipped. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { all, any, failed, none, type Rule, skipped, succeeded, value, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

let observed: ObservedRunner
beforeEach(async () => {
  observed = await ObservedRunner.open()
})
afterEach(() => observed[Symbol.asyncDispose]())

const base = workflow('ruled')
  .task('good', () => ({ rows: 3, tags: ['a', 'b'] }))
  .task('bad', { retries: 0 }, () => {
    throw new Error('boom')
  })
  .task('left_out', { after: 'good', when: failed('good') }, () => {})

type Known = 'good' | 'bad' | 'left_out'
const CASES: readonly (readonly [string, Rule<Known> | undefined, boolean])[] = [
  ['no rule', undefined, true],
  ['succeeded', succeeded('good'), true],
  ['succeeded for a failed task', succeeded('bad'), false],
  ['failed', failed('bad'), true],
  ['skipped', skipped('left_out'), true],
  ['all', all(succeeded('good'), failed('bad')), true],
  ['all with one false rule', all(succeeded('good'), succeeded('bad')), false],
  ['any', any(succeeded('bad'), skipped('left_out')), true],
  ['none', none(failed('good'), skipped('good')), true],
  ['a value that is greater', value('rows', '>', 2), true],
  ['a value that is not less', value('rows', '<', 3), false],
  ['a value that is equal', value('rows', '==', 3), true],
  ['a value that differs', value('rows', '!=', 3), false],
  ['a list that contains the value', value('tags', 'contains', 'b'), true],
  ['notContains for a value in the list', value('tags', 'notContains', 'b'), false],
  ['a key that exists', value('rows', 'exists'), true],
  ['a key that does not exist', value('nothing', 'notExists'), true],
]

it('runs a task only if its rule is true when all its dependencies have ended', async () => {
  const flow = CASES.reduce(
    (before, [, when], index) =>
      before.task(`case${index}`, { after: ['good', 'bad', 'left_out'], when }, () => {}) as unknown as typeof base,
    base,
  )
  await observed.runner.register(flow)

  const { tasks } = await observed.runner.execute(flow)

  const statuses = new Map(tasks.map(({ id, status }) => [id, status]))
  expect([statuses.get('good'), statuses.get('bad'), statuses.get('left_out')]).toEqual([
    'Completed',
    'Failed',
    'Skipped',
  ])
  expect(CASES.map(([title], index) => [title, statuses.get(`case${index}`) === 'Completed'])).toEqual(
    CASES.map(([title, , runs]) => [title, runs]),
  )
})
