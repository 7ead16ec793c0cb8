/** Leases that an engine gives up when another engine joins: a trigger keeps its lease while it is being polled. */

import { expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { type FakeHost, FIRE, SKIP } from '../../support/fake-host.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const NAMES = ['first', 'second']
const POLL_MS = 2_000

it('keeps the lease of a trigger whose poll starts while the engine requests its share of leases', async () => {
  await using stores = await TwoStores.open()
  const refusals = new Refusals()
  const declared = {
    triggers: NAMES.map((name) => trigger(name, { everyMs: 1_000 })),
    workflows: [workflow('demo', { work: {} })],
  }
  let isSlow = false
  const polling = new Set<string>()
  const overlaps: string[] = []
  const polls = (answer: () => typeof FIRE | typeof SKIP) => (host: FakeHost) => {
    for (const name of NAMES) {
      host.trigger(name, async () => {
        if (polling.has(name)) overlaps.push(name)
        polling.add(name)
        const outcome = isSlow ? await host.after(POLL_MS, answer()) : SKIP
        polling.delete(name)
        return outcome
      })
    }
    return host
  }
  await using first = await stores.serve({ ...declared, python: polls(() => FIRE) }, refusals.of(stores.here))
  const warnings = first.record('warning')
  await stores.clock.advance(1_000)
  const lease = refusals.hold('leaseTriggers')
  await using second = await stores.serve({ ...declared, python: polls(() => SKIP) }, stores.there)
  await stores.clock.advance(3_000) // at a heartbeat, the first engine finds the second, and requests its share

  isSlow = true
  await stores.clock.advance(1_000)
  const begun = [...polling]
  lease()
  await stores.clock.advance(10_000)

  expect(begun).toEqual(NAMES)
  expect(overlaps).toEqual([])
  expect(warnings.filter(({ code }) => code === 'LEASE_LOST')).toEqual([])
  for (const name of NAMES) expect(await first.engine.services.triggers.history(name, FIRST_PAGE)).not.toEqual([])
  expect(new Set(second.host.polls.map((poll) => poll.trigger)).size).toBe(1)
})
