/** Service `runner.limits`: checks, actions, and the executions that it wakes. The store is a fake. */

import { describe, expect, it } from 'vitest'
import type { LimitStore } from '../../../src/engine/limits/limit-store.ts'
import { type LimitActionOptions, Limits } from '../../../src/engine/services/limit-service.ts'
import type { LimitRow } from '../../../src/model/limits/limits.ts'
import { codec } from '../../../src/native/index.ts'

const AT = 1_000
const VALUES = { maxActive: 3, rate: null, per: 'tenant' }
const ROW: LimitRow = {
  name: 'crm',
  ...VALUES,
  declared: VALUES,
  overrides: {},
  differs: false,
  used: 0,
  waiting: 0,
}

/** Returns the service, the calls of the store, and the ids that the engine was given. */
function service(given: Partial<LimitRow> = {}) {
  const row = { ...ROW, ...given }
  const calls: unknown[][] = []
  const woken: string[] = []
  const store: Partial<LimitStore> = {
    list: async () => [row],
    get: async (name) => (name === row.name ? row : null),
    set: async (...call) => {
      calls.push(['set', ...call])
      return ['e-1', 'e-2']
    },
    close: async (...call) => {
      calls.push(['close', ...call])
      return true
    },
    open: async (...call) => {
      calls.push(['open', ...call])
      return ['e-3']
    },
  }
  const ports = { store: { limits: store }, codec, clock: { now: () => AT }, newId: () => 'a-1' }
  const waits = { ended: (ids: readonly string[]) => woken.push(...ids) }
  return { limits: new Limits(ports as never, waits as never), calls, woken }
}

const action = (kind: string, given: object | null, note: string | null = null, source = 'node') => {
  const argumentsText = given === null ? null : JSON.stringify(given)
  return { id: 'a-1', kind, target: 'limit crm', source, note, argumentsText, at: AT }
}

describe('setting a limit', () => {
  it('stores the values with the action, and wakes the executions that can begin', async () => {
    const { limits, calls, woken } = service({ overrides: { rate: { count: 1, windowMs: 1_000 } } })
    const options: LimitActionOptions = { note: 'sale', source: 'cli' }

    await limits.set('crm', { maxActive: 5 }, options)

    // The store adds it to earlier overrides in its step, so that none is lost that another person sets now.
    expect(calls).toEqual([['set', 'crm', { maxActive: 5 }, AT, action('set', { maxActive: 5 }, 'sale', 'cli')]])
    expect(woken).toEqual(['e-1', 'e-2'])
  })

  it('reads a rate, and removes all overrides with null', async () => {
    const { limits, calls } = service()

    await limits.set('crm', { rate: '20/2m' })
    await limits.set('crm', null)

    expect(calls.map(([, , overrides]) => overrides)).toEqual([{ rate: { count: 20, windowMs: 120_000 } }, null])
  })

  it.each([
    ['no value', {}],
    ['a maximum of zero', { maxActive: 0 }],
    ['half a slot', { maxActive: 1.5 }],
    ['an unknown member', { per: 'x' }],
    ['a rate without a time', { rate: '5' }],
    ['no maximum without a rate', { maxActive: null }],
  ])('refuses %s', async (_, settings) => {
    const { limits, calls } = service()

    await expect(limits.set('crm', settings as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(calls).toEqual([])
  })
})

describe('closing and opening a limit', () => {
  it('uses the canonical text of a value, as attempts do', async () => {
    const { limits, calls, woken } = service()

    await limits.close('crm', { valueText: ' "\\u0061cme" ', forMs: 5_000 })
    await limits.close('crm', { value: null })
    await limits.open('crm', { value: 7, note: 'fixed' })
    await limits.open('crm')

    expect(calls).toEqual([
      ['close', { name: 'crm', value: '"acme"' }, 5_000, AT, action('close', { value: 'acme', forMs: 5_000 })],
      ['close', { name: 'crm', value: 'null' }, null, AT, action('close', { value: null, forMs: null })],
      ['open', { name: 'crm', value: '7' }, AT, action('open', { value: 7 }, 'fixed')],
      ['open', { name: 'crm', value: null }, AT, action('open', {})],
    ])
    expect(woken).toEqual(['e-3', 'e-3'])
  })

  it.each([
    ['a list', { value: [1] }],
    ['an object', { value: { a: 1 } }],
    ['a text that is not JSON', { valueText: 'acme' }],
    ['a value of 201 bytes', { value: 'x'.repeat(199) }],
    ['a time of zero', { forMs: 0 }],
    ['a time of more than a year', { forMs: 400 * 86_400_000 }],
  ])('refuses %s', async (_, options) => {
    const { limits, calls } = service()

    await expect(limits.close('crm', options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(calls).toEqual([])
  })

  it('accepts a value of 200 bytes', async () => {
    const { limits, calls } = service()

    await limits.close('crm', { value: 'x'.repeat(198) })

    expect(calls).toHaveLength(1)
  })

  it('refuses a value of a limit without per', async () => {
    const { limits } = service({ per: null })

    await expect(limits.open('crm', { value: 'acme' })).rejects.toThrow('the same slots for all values')
  })
})

describe('an unknown limit', () => {
  it('is refused with the nearest name', async () => {
    const { limits } = service()

    for (const call of [limits.get('cmr'), limits.values('cmr'), limits.set('cmr', null), limits.close('cmr')]) {
      await expect(call).rejects.toMatchObject({
        code: 'LIMIT_NOT_FOUND',
        message: 'Limit "cmr" not found in this database. Did you mean "crm"?',
        facts: { limit: 'cmr' },
      })
    }
  })
})
