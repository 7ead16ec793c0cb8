/** Invalid rules of tasks, and tasks that never run because of their rule. */

import { describe, expect, it } from 'vitest'
import type { ContextOperator, OnTimeout, TriggerRule, WaitDefinition } from '../../src/model/workflow.ts'
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

const findingsOf = (tasks: Readonly<Record<string, TaskParts>>) => {
  const { definition } = checkWorkflow(workflow('w', tasks))
  if (definition === null) throw new Error('the workflow is broken')
  return ruleProblems(definition)
}
const problemsOf = (tasks: Readonly<Record<string, TaskParts>>) => findingsOf(tasks).problems

describe('the rule of a task', () => {
  it.each([
    ['is true after the success of another task', success('a')],
    ['contains the full name of a task', failed('public::embedded::w::a')],
    ['is always true', all()],
    ['compares values of the context', all(value('GreaterThan'), none(value('Equals', '"x"')))],
    ['is true after the success or failure of a task', any(success('a'), failed('a'))],
  ])('is valid if it %s', (_, rule) => {
    expect(problemsOf({ a: {}, b: { after: ['a'], rule } })).toEqual([])
  })

  it('may refer to an indirect dependency of its task', () => {
    expect(problemsOf({ a: {}, b: { after: ['a'] }, c: { after: ['b'], rule: success('a') } })).toEqual([])
  })

  it.each([
    [
      'refers to an unknown task',
      success('aa'),
      /refers to task "aa", which is not in the workflow\. Did you mean "a"\?/,
    ],
    ['refers to its own task', success('b'), /refers to the task itself/],
    [
      'refers to a task that is not a dependency',
      success('c'),
      /refers to task "c", which may not have ended.*dependency/,
    ],
    [
      'compares the order of a text',
      value('LessThan', '"3"'),
      /compares "n" with "3", which is not a number, so the condition LessThan is never true/,
    ],
  ])('is invalid if it %s', (_, rule, message) => {
    const problems = problemsOf({ a: {}, b: { after: ['a'], rule: all(rule) }, c: {} })

    expect(problems).toMatchObject([{ kind: 'badRule', task: 'b', message: expect.stringMatching(message) }])
  })
})

describe('a task', () => {
  it.each([
    ['both the success and the failure of a task', all(success('a'), failed('a'))],
    ['the skipping of a task that always runs', skipped('a')],
    ['none of a condition that is always true', none(all())],
    ['any of an empty list of conditions', any()],
    ['both a value and its opposite', all(value('Equals'), none(value('Equals')))],
  ])('never runs if its rule requires %s', (_, rule) => {
    expect(problemsOf({ a: {}, b: { after: ['a'], rule } })).toMatchObject([{ kind: 'unreachableTask', task: 'b' }])
  })

  it('can run if its rule requires the skipping, but not the success, of a task that never runs', () => {
    const problems = problemsOf({
      a: {},
      never: { after: ['a'], rule: skipped('a') },
      behind: { after: ['never'], rule: success('never') },
      instead: { after: ['never'], rule: skipped('never') },
    })

    expect(problems.map((problem) => 'task' in problem && problem.task)).toEqual(['never', 'behind'])
  })

  it('is assumed to run if its rule has too many conditions to check, after a chain of 5,000 tasks', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `t${index}`)
    const chain = Object.fromEntries(
      names.map((name, index) => [name, { after: index === 0 ? [] : [`t${index - 1}`] }]),
    )
    const last = { after: ['t4999'], rule: all(...names.slice(0, 40).map(success), failed('t0')) }

    expect(problemsOf({ ...chain, last })).toEqual([])
  })
})

describe('a task after a node that waits', () => {
  const signal = (onTimeout: OnTimeout, timeoutMs: number | null = 1_000): WaitDefinition => ({
    ...{ kind: 'signal', signal: 'go', key: '', timeoutMs, onTimeout },
  })
  const delay: WaitDefinition = { kind: 'delay', end: { kind: 'after', ms: 1_000 } }
  const unreachable = (tasks: Readonly<Record<string, TaskParts>>) =>
    problemsOf(tasks).map(({ kind, ...facts }) => [kind, 'task' in facts ? facts.task : ''])

  it.each([
    ['directly', { node: { wait: signal('fail') }, b: { after: ['node'] } }],
    ['through another task', { node: { wait: delay }, a: { after: ['node'] }, b: { after: ['a'] } }],
    [
      'through a skipped task with a rule',
      { node: { wait: delay }, a: { after: ['node'], rule: success('node') }, b: { after: ['a'] } },
    ],
  ])('may be skipped, because the node may not complete: %s', (_, tasks) => {
    expect(unreachable({ ...tasks, c: { after: ['b'], rule: skipped('b') } })).toEqual([])
  })

  it('is never skipped because of a node before a task with a rule that always holds', () => {
    const tasks = { node: { wait: delay }, a: { after: ['node'], rule: all() }, b: { after: ['a'] } }

    expect(unreachable({ ...tasks, c: { after: ['b'], rule: skipped('b') } })).toEqual([['unreachableTask', 'c']])
  })

  it('never runs if the node never opens, which is reported once for all tasks after it', () => {
    const tasks = {
      node: { wait: signal('fail'), rule: any() },
      b: { after: ['node'] },
      c: { after: ['b'] },
      tidy: { after: ['c'], rule: skipped('c') },
      wrong: { after: ['c'], rule: success('c') },
    }

    expect(unreachable(tasks)).toEqual([
      ['unreachableTask', 'node'],
      ['unreachableTask', 'wrong'],
    ])
  })

  it.each([
    ['skips', signal('skip'), []],
    ['fails', signal('fail'), [['unreachableTask', 'b']]],
    ['never comes', signal('skip', null), [['unreachableTask', 'b']]],
  ] as const)(
    'can require that the node was skipped only if its timeout skips it: the timeout %s',
    (_, wait, found) => {
      expect(unreachable({ node: { wait }, b: { after: ['node'], rule: skipped('node') } })).toEqual(found)
    },
  )

  it('may refer to the node in its rule, and a misspelled name is reported with the nearest one', () => {
    const problems = problemsOf({
      decided: { wait: signal('fail') },
      b: { after: ['decided'], rule: failed('decidd') },
    })

    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('Did you mean "decided"?')])
  })

  it('is reported with its node by name, if the node depends on an unknown task', () => {
    const { problems } = checkWorkflow(workflow('w', { prepare: {}, node: { wait: delay, after: ['prepar'] } }))

    expect(problems.map(({ message }) => message)).toEqual([
      'Node "node" of workflow "w" depends on "prepar", which is not a task of this workflow. Did you mean "prepare"?',
    ])
  })
})

describe('the input of a task', () => {
  const warningsOf = (rule: TriggerRule, after = ['a', 'b']) =>
    findingsOf({ a: { rule: value('Exists') }, b: {}, c: { after, rule } }).warnings.map(
      ({ kind, message }) => `${kind} ${message}`,
    )
  const EMPTY = 'so its input is empty; add a dependency that completes.'

  it.each([
    [failed('a'), ['a'], `runs only if "a" fails, ${EMPTY}`],
    [skipped('a'), ['a'], `runs only if "a" is skipped, ${EMPTY}`],
    [none(success('a')), ['a'], `runs only if "a" does not complete, ${EMPTY}`],
    [all(failed('a'), failed('b')), ['a', 'b'], `runs only if "a" and "b" do not complete, ${EMPTY}`],
    [all(failed('a'), value('Exists')), ['a'], `runs only if "a" does not complete, ${EMPTY}`],
  ])('is empty if its rule requires that no dependency completes, which is a warning (%#)', (rule, after, message) => {
    expect(warningsOf(rule, after)).toEqual([`emptyInput Task "c" of workflow "w" ${message}`])
  })

  it.each([
    [failed('a'), ['a', 'b']],
    [any(failed('a'), success('b')), ['a', 'b']],
    [any(failed('a'), success('a')), ['a']],
    [all(), ['a']],
    [failed('aa'), ['a']],
    [value('Exists'), ['a']],
    [failed('a'), []],
  ])('causes no warning if a dependency may complete, or the rule is wrong (%#)', (rule, after) => {
    expect(warningsOf(rule, after)).toEqual([])
  })
})
