/** Declarations of scripts: valid declarations are kept, and all problems are reported together. */

import { describe, expect, it } from 'vitest'
import type { Declarations } from '../../src/model/declarations.ts'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { nearestName } from '../../src/registry/nearest.ts'
import { unboundTriggers } from '../../src/registry/registry.ts'
import { trigger, workflow } from '../support/declared.ts'

describe('the registry of declarations', () => {
  it('keeps the last of two declarations of the same name in a script', () => {
    const first = trigger('inbox', { everyMs: 1_000 })
    const second = trigger('inbox', { everyMs: 5_000 })

    const { registry, problems } = registryOf([
      { triggers: [first, second], workflows: [workflow('demo', { a: {} }), workflow('demo', { b: {} })] },
    ])

    expect(registry.triggers.get('inbox')).toBe(second)
    expect(registry.workflows.get('demo')?.tasks.map((task) => task.id)).toEqual(['b'])
    expect(problems).toEqual([])
  })

  it('reports all problems together, and keeps the valid declarations', () => {
    const { registry, problems } = registryOf([
      {
        triggers: [trigger('inbox', { workflow: 'repport' }), trigger('twice', { workflow: 'report' })],
        workflows: [
          workflow('report', { fetch: {}, write: { after: ['fetch'] } }),
          workflow('empty', {}),
          workflow('typo', { fetch: {}, write: { after: ['fetsh'] } }),
          workflow('circle', { a: { after: ['b'] }, b: { after: ['a'] } }),
        ],
      },
      { triggers: [trigger('twice', { workflow: 'report', script: 'other.py' })], workflows: [] },
    ])

    expect([...registry.workflows.keys()]).toEqual(['report'])
    expect(problems).toMatchObject([
      { kind: 'emptyWorkflow', workflow: 'empty' },
      { kind: 'unknownDependency', workflow: 'typo', task: 'write', dependency: 'fetsh' },
      { kind: 'dependencyCycle', workflow: 'circle' },
      { kind: 'duplicateTrigger', trigger: 'twice', script: 'other.py', otherScript: 'jobs.py' },
      { kind: 'unknownWorkflow', trigger: 'inbox', workflow: 'repport' },
    ])
    expect(problems.map((problem) => problem.message)[1]).toContain('Did you mean "fetch"?')
    expect(problems.map((problem) => problem.message)[4]).toContain('Did you mean "report"?')
  })

  it('reports the full names of all tasks in a cycle, with the first task again at the end', () => {
    const { problems } = registryOf([
      { triggers: [], workflows: [workflow('w', { start: {}, a: { after: ['start', 'b'] }, b: { after: ['a'] } })] },
    ])

    const prefix = 'public::embedded::w::'
    expect(problems).toMatchObject([{ fullNames: [`${prefix}a`, `${prefix}b`, `${prefix}a`] }])
  })

  it('reports a task that depends on itself as a cycle', () => {
    const { problems } = registryOf([{ triggers: [], workflows: [workflow('w', { a: { after: ['a'] } })] }])

    expect(problems).toMatchObject([{ kind: 'dependencyCycle' }])
  })

  it('accepts a dependency on a task that is declared later', () => {
    const { registry, problems } = registryOf([
      { triggers: [], workflows: [workflow('w', { write: { after: ['fetch'] }, fetch: {} })] },
    ])

    expect(registry.workflows.get('w')?.tasks.map((task) => task.id)).toEqual(['fetch', 'write'])
    expect(problems).toEqual([])
  })
})

describe('the registry of a running program', () => {
  it('adds a batch in one change, and does not modify the registry that it returned before', () => {
    const live = new LiveRegistry()
    live.declare({ triggers: [trigger('first')], workflows: [] })
    const before = live.current()
    let changes = 0
    live.onChange(() => changes++)

    live.declare({ triggers: [trigger('second')], workflows: [] })

    expect([...before.triggers.keys()]).toEqual(['first'])
    expect([...live.current().triggers.keys()]).toEqual(['first', 'second'])
    expect(changes).toBe(1)
  })

  it('forgets a trigger that a reloaded script no longer declares', () => {
    const live = new LiveRegistry()
    live.declare({ triggers: [trigger('old'), trigger('other', { script: 'other.py' })], workflows: [] })

    live.replaceScript('jobs.py', { triggers: [trigger('new')], workflows: [] })

    expect([...live.current().triggers.keys()]).toEqual(['other', 'new'])
  })
})

describe('a name that several scripts declare', () => {
  const declares = (script: string, line = 1) => ({
    triggers: [{ ...trigger('twin', { script }), place: { file: script, line } }],
    workflows: [{ ...workflow('twin', { a: {} }, script), place: { file: script, line } }],
  })
  const inUse = (live: LiveRegistry) => [
    live.current().triggers.get('twin')?.script,
    live.current().workflows.get('twin')?.script,
  ]

  it('belongs to the last script, even if an earlier one is reloaded; problems name both scripts', () => {
    const live = new LiveRegistry()
    live.declare(declares('a.py'))
    const atFirst = live.declare(declares('b.py'))
    const later = live.replaceScript('a.py', declares('a.py', 2))

    expect(inUse(live)).toEqual(['b.py', 'b.py'])
    for (const problems of [atFirst, later]) {
      expect(problems.map(({ kind }) => kind)).toEqual(['duplicateWorkflow', 'duplicateTrigger'])
      for (const { message } of problems) expect(message).toMatch(/"a\.py".*"b\.py"|"b\.py".*"a\.py"/)
      for (const { message } of problems) expect(message).toContain('the declaration in "b.py" is used')
    }
  })

  it('belongs to the previous script if the last script is removed or no longer declares it', () => {
    const live = new LiveRegistry()
    for (const script of ['a.py', 'b.py', 'c.py']) live.declare(declares(script))

    live.removeScript('c.py')
    expect(inUse(live)).toEqual(['b.py', 'b.py'])
    live.replaceScript('b.py', { triggers: [], workflows: [] })
    expect(inUse(live)).toEqual(['a.py', 'a.py'])
    live.removeScript('a.py')
    expect(inUse(live)).toEqual([undefined, undefined])
  })

  it('is not reported if both scripts import the declaration from the same file', () => {
    const live = new LiveRegistry()
    const shared = (script: string) => ({
      triggers: [{ ...trigger('twin', { script }), place: { file: 'shared.py', line: 3 } }],
      workflows: [{ ...workflow('twin', { a: {} }, script), place: { file: 'shared.py', line: 9 } }],
    })
    live.declare(shared('a.py'))

    expect(live.declare(shared('b.py'))).toEqual([])
  })
})

describe('the nearest name', () => {
  it.each([
    ['repport', ['report', 'import'], 'report'],
    ['Report', ['report'], 'report'],
    ['etl', ['extract', 'load'], null],
    ['a', ['b'], null],
    ['ab', ['ac'], 'ac'],
    ['x', [], null],
  ])('for "%s" among %j is %s', (name, known, nearest) => {
    expect(nearestName(name, known)).toBe(nearest)
  })
})

/** Declares each batch. Returns the resulting registry and all problems. */
function registryOf(batches: readonly Declarations[]) {
  const live = new LiveRegistry()
  const problems = batches.flatMap((batch) => live.declare(batch))
  const registry = live.current()
  return { registry, problems: [...problems, ...unboundTriggers(registry)] }
}
