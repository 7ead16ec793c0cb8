/** Changes that are stored before the engine stops: their calls return the result. The store is a fake. */

import { expect, it } from 'vitest'
import { guarded } from '../../../src/engine/services/guarded.ts'
import { Limits } from '../../../src/engine/services/limit-service.ts'
import { codec } from '../../../src/native/index.ts'

const CLOSED = new Error('The runner was shut down.')

/** Returns the limits of an engine that stops with each change in its store. */
function stoppingLimits(): Limits {
  let isOpen = true
  const enter = () => {
    if (!isOpen) throw CLOSED
    return { [Symbol.dispose]: () => undefined }
  }
  const change = async () => {
    isOpen = false
    return []
  }
  const store = { get: async (name: string) => ({ name, per: null }), set: change, close: change, open: change }
  const ports = { store: { limits: store }, codec, clock: { now: () => 1_000 }, newId: () => 'a-1' }
  return guarded(new Limits(ports as never, { ended: () => undefined } as never), enter)
}

it.each<[change: string, call: (limits: Limits) => Promise<unknown>]>([
  ['set', (limits) => limits.set('crm', null)],
  ['closed', (limits) => limits.close('crm')],
  ['opened', (limits) => limits.open('crm')],
])('returns a limit that is %s, although the engine stops, and rejects the next call', async (_, call) => {
  const limits = stoppingLimits()

  expect(await call(limits)).toEqual({ name: 'crm', per: null })
  await expect(limits.get('crm')).rejects.toBe(CLOSED)
})
