/** Delays declared in TypeScript. */

import { describe, expect, it } from 'vitest'
import { moduleDeclarations } from '../../src/authoring/definition.ts'
import { always } from '../../src/authoring/rule-builders.ts'
import { workflow } from '../../src/authoring/workflow-function.ts'

const base = workflow('refund').task('prepare', () => ({ price: 1 }))

describe('a delay', () => {
  it('is a task of the definition with a wait, and without a function', () => {
    const flow = base
      .delay('cool', { after: 'prepare', for: '24h' })
      .delay('night', { after: 'cool', until: '03:30', timezone: 'Europe/Berlin', when: always() })
      .task('pay', { after: 'night' }, ({ price = 0 }) => ({ paid: price }))

    const { declarations, functions } = moduleDeclarations([flow], 'jobs.ts')

    expect(declarations.workflows[0]?.tasks).toMatchObject([
      { id: 'prepare' },
      { id: 'cool', dependencies: ['prepare'], wait: { kind: 'delay', end: { kind: 'after', ms: 86_400_000 } } },
      {
        id: 'night',
        hasOwnRule: true,
        wait: { kind: 'delay', end: { kind: 'until', time: { time: '03:30', timezone: 'Europe/Berlin' } } },
      },
      { id: 'pay', dependencies: ['night'] },
    ])
    expect([...(functions.tasks.get('refund')?.keys() ?? [])]).toEqual(['prepare', 'pay'])
  })

  it.each([
    ['without an end', {}],
    ['with two ends', { for: '1h', until: '03:30' }],
    ['with a zone and a duration', { for: '1h', timezone: 'UTC' }],
    ['with a time that is not a time of day', { until: '25:00' }],
    ['with an empty duration', { for: '0s' }],
  ])('is refused %s', (_, options) => {
    const untyped = base as unknown as { delay(id: string, options: object): unknown }

    expect(() => untyped.delay('cool', options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  it('is refused if the workflow already has a task with its id', () => {
    const again = base as unknown as { delay(id: string, options: object): unknown }

    expect(() => again.delay('prepare', { for: '1h' })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})
