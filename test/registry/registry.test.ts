/** What scripts declare: what is kept, and everything that is wrong, together. */

import { describe, expect, it } from 'vitest'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { nearestName } from '../../src/registry/nearest.ts'
import { buildRegistry } from '../../src/registry/registry.ts'
import { trigger, workflow } from '../support/declared.ts'

describe('what scripts declare', () => {
  it('keeps the last of two declarations of one name in a script', () => {
    const first = trigger('inbox', { everyMs: 1_000 })
    const second = trigger('inbox', { everyMs: 5_000 })

    const { registry, problems } = buildRegistry([
      { triggers: [first, second], workflows: [workflow('demo', { a: {} }), workflow('demo', { b: {} })] },
    ])

    expect(registry.triggers.get('inbox')).toBe(second)
    expect(registry.workflows.get('demo')?.tasks.map((task) => task.id)).toEqual(['b'])
    expect(problems).toEqual([])
  })

  it('is reported as a whole, with everything that is wrong, and what is good stays', () => {
    const { registry, problems } = buildRegistry([
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

  it('names the tasks of a circle in full, the first one again at the end', () => {
    const { problems } = buildRegistry([
      { triggers: [], workflows: [workflow('w', { start: {}, a: { after: ['start', 'b'] }, b: { after: ['a'] } })] },
    ])

    const prefix = 'public::embedded::w::'
    expect(problems).toMatchObject([{ fullNames: [`${prefix}a`, `${prefix}b`, `${prefix}a`] }])
  })

  it('is a circle when a task depends on itself', () => {
    const { problems } = buildRegistry([{ triggers: [], workflows: [workflow('w', { a: { after: ['a'] } })] }])

    expect(problems).toMatchObject([{ kind: 'dependencyCycle' }])
  })

  it('may name a task before it is declared', () => {
    const { registry, problems } = buildRegistry([
      { triggers: [], workflows: [workflow('w', { write: { after: ['fetch'] }, fetch: {} })] },
    ])

    expect(registry.workflows.get('w')?.tasks.map((task) => task.id)).toEqual(['fetch', 'write'])
    expect(problems).toEqual([])
  })
})

describe('the registry of a running program', () => {
  it('shows a batch at once, and leaves what was handed out before as it was', () => {
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

  it('forgets what a reloaded script no longer declares', () => {
    const live = new LiveRegistry()
    live.declare({ triggers: [trigger('old'), trigger('other', { script: 'other.py' })], workflows: [] })

    live.replaceScript('jobs.py', { triggers: [trigger('new')], workflows: [] })

    expect([...live.current().triggers.keys()]).toEqual(['other', 'new'])
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
  ])('of %s among %j is %s', (name, known, nearest) => {
    expect(nearestName(name, known)).toBe(nearest)
  })
})
