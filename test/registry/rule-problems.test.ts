/** Rules of tasks that mean nothing, and tasks that never run. */

import { describe, expect, it } from 'vitest'
import type { ContextOperator, TriggerRule } from '../../src/model/workflow.ts'
import { checkWorkflow } from '../../src/registry/registry.ts'
import { ruleProblems } from '../../src/registry/rule-problems.ts'
import { type TaskParts, workflow } from '../support/declared.ts'

const success = (taskName: string): TriggerRule => ({ type: 'TaskSuccess', taskName })
const failed = (taskName: string): TriggerRule => ({ type: 'TaskFailed', taskName })
const skipped = (taskName: string): TriggerRule => ({ type: 'TaskSkipped', taskName })
const all = (...conditions: TriggerRule[]): TriggerRule => ({ type: 'All', conditions })
const any = (...conditions: TriggerRule[]): TriggerRule => ({ type: 'Any', conditions })
const none = (...conditions: TriggerRule[]): TriggerRule => ({ type: 'None', conditions })
const value = (operator: ContextOperator, valueText = '3'): TriggerRule => ({
  type: 'ContextValue',
  key: 'n',
  operator,
  valueText,
})

const problemsOf = (tasks: Readonly<Record<string, TaskParts>>) => {
  const { definition } = checkWorkflow(workflow('w', tasks))
  if (definition === null) throw new Error('the workflow is broken')
  return ruleProblems(definition)
}

describe('the rule of a task', () => {
  it.each([
    ['is true when another completed', success('a')],
    ['has the full name of a task', failed('public::embedded::w::a')],
    ['is always true', all()],
    ['asks about the context', all(value('GreaterThan'), none(value('Equals', '"x"')))],
    ['is true either way', any(success('a'), failed('a'))],
  ])('is good when it %s', (_, rule) => {
    expect(problemsOf({ a: {}, b: { after: ['a'], rule } })).toEqual([])
  })

  it('may ask about a task before the one that it waits for', () => {
    expect(problemsOf({ a: {}, b: { after: ['a'] }, c: { after: ['b'], rule: success('a') } })).toEqual([])
  })

  it.each([
    ['nobody', success('aa'), /refers to task "aa", which is not in the workflow\. Did you mean "a"\?/],
    ['itself', success('b'), /refers to the task itself/],
    ['one that it does not wait for', success('c'), /refers to task "c", which may not have ended.*dependency/],
    [
      'a text by order',
      value('LessThan', '"3"'),
      /compares "n" with "3", which is not a number, so the condition LessThan is never true/,
    ],
  ])('is a problem when it asks about %s', (_, rule, message) => {
    const problems = problemsOf({ a: {}, b: { after: ['a'], rule: all(rule) }, c: {} })

    expect(problems).toMatchObject([{ kind: 'badRule', task: 'b', message: expect.stringMatching(message) }])
  })
})

describe('a task', () => {
  it.each([
    ['both ends of another', all(success('a'), failed('a'))],
    ['the skipping of one that always runs', skipped('a')],
    ['nothing of what is always true', none(all())],
    ['any of nothing', any()],
    ['a value and its absence', all(value('Equals'), none(value('Equals')))],
  ])('never runs when its rule asks for %s', (_, rule) => {
    expect(problemsOf({ a: {}, b: { after: ['a'], rule } })).toMatchObject([{ kind: 'unreachableTask', task: 'b' }])
  })

  it('never runs when its rule asks for the success of one that never runs; one that asks for its skipping does', () => {
    const problems = problemsOf({
      a: {},
      never: { after: ['a'], rule: skipped('a') },
      behind: { after: ['never'], rule: success('never') },
      instead: { after: ['never'], rule: skipped('never') },
    })

    expect(problems.map((problem) => 'task' in problem && problem.task)).toEqual(['never', 'behind'])
  })

  it('with more conditions than can be tried is taken to run, and a chain of thousands is looked at in no time', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `t${index}`)
    const chain = Object.fromEntries(
      names.map((name, index) => [name, { after: index === 0 ? [] : [`t${index - 1}`] }]),
    )
    const last = { after: ['t4999'], rule: all(...names.slice(0, 40).map(success), failed('t0')) }

    expect(problemsOf({ ...chain, last })).toEqual([])
  })
})
