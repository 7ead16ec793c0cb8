/** Limits in the registry: one declaration for each name, and a problem for scripts with different values. */

import { describe, expect, it } from 'vitest'
import type { LimitDefinition } from '../../src/model/limits/limits.ts'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { onlyWorkflows } from '../../src/registry/only-workflows.ts'

function limitOf(script: string, line: number, values: Partial<LimitDefinition> = {}): LimitDefinition {
  const rate = { count: 100, windowMs: 60_000 }
  return { name: 'crm', maxActive: 3, rate, per: 'tenant', script, place: { file: `/jobs/${script}`, line }, ...values }
}

const declarations = (...limits: readonly LimitDefinition[]) => ({ triggers: [], workflows: [], limits })

describe('limits in the registry', () => {
  it('are known by their names, also without a task that uses them, until their script is removed', () => {
    const registry = new LiveRegistry()

    expect(registry.declare(declarations(limitOf('a.py', 3)))).toEqual([])
    expect(registry.current().limits.get('crm')).toEqual(limitOf('a.py', 3))
    expect(onlyWorkflows(registry, []).current().limits.size).toBe(1)
    registry.removeScript('a.py')
    expect(registry.current().limits.size).toBe(0)
  })

  it('are replaced when their script is loaded again', () => {
    const registry = new LiveRegistry()
    registry.declare(declarations(limitOf('a.py', 3)))

    const problems = registry.replaceScript('a.py', declarations(limitOf('a.py', 3, { maxActive: 4 })))

    expect(problems).toEqual([])
    expect(registry.current().limits.get('crm')?.maxActive).toBe(4)
  })

  it('may be declared by several scripts with equal values', () => {
    const registry = new LiveRegistry()

    expect(registry.declare(declarations(limitOf('a.py', 3)))).toEqual([])
    expect(registry.declare(declarations(limitOf('b.py', 7, { rate: { count: 100, windowMs: 60_000 } })))).toEqual([])
    registry.removeScript('b.py')
    expect(registry.current().limits.get('crm')?.script).toBe('a.py')
  })

  it.each<Partial<LimitDefinition>>([
    { maxActive: 4 },
    { maxActive: null },
    { per: null },
    { rate: null },
    { rate: { count: 99, windowMs: 60_000 } },
    { rate: { count: 100, windowMs: 61_000 } },
  ])('are a problem with both places if scripts declare different values: %j', (values) => {
    const registry = new LiveRegistry()
    registry.declare(declarations(limitOf('a.py', 3)))

    const [problem] = registry.declare(declarations(limitOf('b.py', 7, values)))

    expect(problem).toEqual({
      ...{ kind: 'limitConflict', limit: 'crm', script: 'b.py', otherScript: 'a.py' },
      place: { file: '/jobs/b.py', line: 7 },
      message:
        'Limit "crm" is declared with different values at /jobs/a.py:3 and at /jobs/b.py:7; the declaration in ' +
        '"b.py" is used. Declare it once and import it, or rename one of the two.',
    })
    expect(registry.current().limits.get('crm')).toMatchObject(values)
  })

  it('have the newest values, also while another script has not loaded their module again', () => {
    const registry = new LiveRegistry()
    const shared = { file: '/jobs/limits.py', line: 1 }
    registry.declare(declarations(limitOf('a.py', 1, { place: shared }), limitOf('b.py', 1, { place: shared })))

    const newer = { place: shared, maxActive: 4 }
    expect(registry.replaceScript('a.py', declarations(limitOf('a.py', 1, newer)))).toEqual([])
    expect(registry.current().limits.get('crm')?.maxActive).toBe(4)
    expect(registry.replaceScript('b.py', declarations(limitOf('b.py', 1, newer)))).toEqual([])
    expect(registry.current().limits.get('crm')?.maxActive).toBe(4)
  })
})
