/** Limits and priorities declared in TypeScript. */

import { describe, expect, it } from 'vitest'
import { isWorkflow, moduleDeclarations } from '../../src/authoring/definition.ts'
import { limit } from '../../src/authoring/limit-function.ts'
import { trigger } from '../../src/authoring/trigger-function.ts'
import { workflow } from '../../src/authoring/workflow-function.ts'
import type { UsageError } from '../../src/errors.ts'
import { exportedValues } from '../../src/functions/loading/exported-values.ts'

const VALUES = { maxActive: 3, rate: '100/1m', per: 'tenant' } as const
const crm = limit('crm', VALUES)
const nothing = () => undefined

const declared = (...values: readonly unknown[]) => moduleDeclarations(values, 'sync.ts').declarations
/** Calls with values that the compiler refuses. */
const anyLimit = limit as (name: unknown, options?: object) => typeof crm
const anyWorkflow = workflow as (name: unknown, options?: object) => { task(id: string, run: () => void): unknown }
const anyTrigger = trigger as (name: unknown, options?: object, poll?: unknown) => unknown

const placeOf = ({ declared: { place } }: typeof crm) => `${place?.file}:${place?.line}`

function errorOf(call: () => unknown): UsageError {
  try {
    call()
  } catch (error) {
    return error as UsageError
  }
  throw new Error('nothing was thrown')
}

describe('a limit', () => {
  it('is declared with its values and its place, even if no task uses it', () => {
    expect(declared(crm).limits).toEqual([
      {
        ...{ name: 'crm', script: 'sync.ts', maxActive: 3, per: 'tenant' },
        rate: { count: 100, windowMs: 60_000 },
        place: { file: import.meta.filename, line: expect.any(Number) },
      },
    ])
    expect(declared(limit('api', { rate: '1/1s' })).limits).toMatchObject([{ maxActive: null, per: null }])
    expect(exportedValues({ crm, others: [crm], x: 1 }).values).toEqual([crm])
    expect(isWorkflow(crm)).toBe(false)
  })

  it('is declared once with the tasks that name it', () => {
    const api = limit('api', { rate: '1/1s' })
    const flow = workflow('sync')
      .task('push', { limits: [crm, api, crm] }, nothing)
      .task('rest', { limits: [] }, nothing)
      .delay('wait', { for: '1h' })

    const { workflows, limits } = declared(flow, crm)

    expect(limits?.map(({ name }) => name)).toEqual(['crm', 'api'])
    expect(workflows[0]?.tasks.map((task) => task.limits)).toEqual([['crm', 'api'], undefined, undefined])
  })

  it('may be declared again with equal values', () => {
    const again = limit('crm', { ...VALUES, rate: '100/60s' })

    expect(declared(crm, again).limits).toHaveLength(1)
  })

  it.each([{ maxActive: 4 }, { rate: '99/1m' }, { rate: '100/2m' }, { per: 'region' }, { rate: undefined }])(
    'with other values (%j) conflicts with the first declaration of its name',
    (changed) => {
      const other = anyLimit('crm', { ...VALUES, ...changed })

      for (const call of [
        () => declared(crm, other),
        () => declared(crm, workflow('sync').task('push', { limits: [other] }, nothing)),
        () => workflow('sync').task('push', { limits: [crm, other] }, nothing),
      ]) {
        const error = errorOf(call)
        expect(error).toMatchObject({ code: 'LIMIT_CONFLICT', facts: { limit: 'crm' } })
        expect(error.message).toContain(` at ${placeOf(crm)} and at ${placeOf(other)}. Declare`)
      }
    },
  )

  it.each([
    ['', VALUES, 'name'],
    ['a b', VALUES, 'name'],
    ['workflow:x', VALUES, 'name'],
    ['é', VALUES, 'name'],
    ['x'.repeat(101), VALUES, 'name'],
    ['crm\n', VALUES, 'name'],
    [7, VALUES, 'name'],
    ['crm', {}, 'maxActive'],
    ['crm', undefined, 'maxActive'],
    ['crm', { per: 'tenant' }, 'maxActive'],
    ['crm', { maxActive: 0 }, 'maxActive'],
    ['crm', { maxActive: 1.5 }, 'maxActive'],
    ['crm', { maxActive: '3' }, 'maxActive'],
    ['crm', { rate: '100' }, 'rate'],
    ['crm', { rate: '0/1m' }, 'rate'],
    ['crm', { rate: '100001/1m' }, 'rate'],
    ['crm', { rate: '1/999ms' }, 'rate'],
    ['crm', { rate: '1/8d' }, 'rate'],
    ['crm', { rate: 100 }, 'rate'],
    ['crm', { maxActive: 1, per: '' }, 'per'],
    ['crm', { maxActive: 1, per: 7 }, 'per'],
    ['crm', { maxActive: 1, max: 1 }, 'max'],
  ])('with the name %j and the options %j is refused', (name, options, path) => {
    expect(errorOf(() => anyLimit(name, options))).toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path } })
  })

  it.each([['crm'], [7], [{ name: 'crm' }]])('is required of a task, which refuses [%j]', (other) => {
    const limits = [other] as unknown as [typeof crm]

    expect(errorOf(() => workflow('sync').task('push', { limits }, nothing))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      facts: { workflow: 'sync', task: 'push', path: 'limits[0]' },
    })
  })

  it('is not an option of a node that waits', () => {
    const options = { for: '1h', limits: [crm] } as { for: '1h' }

    expect(errorOf(() => workflow('sync').delay('wait', options)).message).toContain('Unknown option "limits"')
  })
})

describe('the limit of a workflow', () => {
  const limitOf = (options: object) => declared(anyWorkflow('sync', options).task('push', nothing)).workflows[0]?.limit

  it('has a maximum, and shares it and lets executions wait by default', () => {
    expect(limitOf({})).toBeUndefined()
    expect(limitOf({ maxActive: 1 })).toEqual({ maxActive: 1, per: null, overflow: 'queue' })
    const all = { maxActive: 2, per: 'customer', overflow: 'newest' }
    expect(limitOf(all)).toEqual(all)
  })

  it.each([
    [{ per: 'customer' }, 'per'],
    [{ overflow: 'queue' }, 'overflow'],
    [{ maxActive: 0 }, 'maxActive'],
    [{ maxActive: 1, per: '' }, 'per'],
    [{ maxActive: 1, overflow: 'wait' }, 'overflow'],
  ])('refuses %j', (options, path) => {
    const facts = { workflow: 'sync', path }
    expect(errorOf(() => anyWorkflow('sync', options))).toMatchObject({ code: 'INVALID_ARGUMENT', facts })
  })
})

describe('a priority', () => {
  it.each([-100, 0, 100, undefined])('with the value %j belongs to workflows and triggers', (priority) => {
    const flow = workflow('sync', { priority }).task('push', nothing)
    const polled = trigger('polled', { starts: flow, priority }, () => true)
    const scheduled = trigger('scheduled', { starts: flow, cron: '0 3 * * *', priority })

    const { workflows, triggers } = declared(polled, scheduled)

    expect([...workflows, ...triggers].map((each) => each.priority)).toEqual([priority, priority, priority])
  })

  it.each([101, -101, 1.5, '1', null, Number.NaN])('is not %j', (priority) => {
    for (const call of [
      () => anyWorkflow('sync', { priority }),
      () => anyTrigger('polled', { starts: 'sync', priority }, () => true),
      () => anyTrigger('scheduled', { starts: 'sync', cron: '@daily', priority }),
    ]) {
      expect(errorOf(call)).toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path: 'priority' } })
    }
  })
})
