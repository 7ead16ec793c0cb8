/** Warnings about settings of limits that no loaded script declares. */

import { describe, expect, it } from 'vitest'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { UnboundNames } from '../../src/runner/hosts/unbound-names.ts'

const limit = (name: string) => ({ name, maxActive: 1, rate: null, per: null, script: `${name}.py`, place: null })

function names(...limits: string[]) {
  const registry = new LiveRegistry()
  const messages: string[] = []
  const targets = { problems: () => [] }
  const unbound = new UnboundNames(
    registry,
    targets as never,
    ({ level, message }) => messages.push(`${level}: ${message}`),
    limits,
  )
  const declare = (...declared: string[]) =>
    registry.declare({ triggers: [], workflows: [], limits: declared.map(limit) })
  return { unbound, registry, messages, declare }
}

const warning = (name: string, hint = '') =>
  `warn: The settings override limit "${name}", but no loaded script declares this limit.${hint}`

describe('settings of limits', () => {
  it('are reported at the start if no script declares them, with the nearest name', () => {
    const { unbound, messages, declare } = names('crm', 'mial', 'zzzzzz')
    declare('crm', 'mail')

    unbound.start(null)

    expect(messages).toEqual([warning('mial', ' Did you mean "mail"?'), warning('zzzzzz')])
  })

  it('are reported only when all scripts are loaded', async () => {
    const { unbound, messages, declare } = names('crm')
    const loading = Promise.withResolvers<void>()

    unbound.start(loading.promise)
    expect(messages).toEqual([])
    declare('crm')
    loading.resolve()
    await loading.promise
    await Promise.resolve()

    expect(messages).toEqual([])
  })

  it('are reported when a reloaded script no longer declares them, once', () => {
    const { unbound, registry, messages, declare } = names('crm')
    declare('crm')
    unbound.start(null)
    unbound.reloaded(new Set(['crm.py']))
    expect(messages).toEqual([])

    registry.removeScript('crm.py')
    unbound.reloaded(new Set(['crm.py']))
    unbound.reloaded(new Set(['other.py']))
    expect(messages).toEqual([warning('crm')])

    declare('crm')
    unbound.reloaded(new Set(['crm.py']))
    registry.removeScript('crm.py')
    unbound.reloaded(new Set(['crm.py']))
    expect(messages).toEqual([warning('crm'), warning('crm')])
  })
})
