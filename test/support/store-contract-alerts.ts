/** The store contract's cases about alerts. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { AlertRow } from '../../src/model/alert.ts'
import { FIRST_PAGE, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const DAY_MS = 86_400_000

const alert = (id: string, given: Partial<AlertRow> = {}): AlertRow => ({
  id,
  kind: 'trigger-late',
  subject: 'inbox',
  message: 'Trigger "inbox" is late – žluťoučký',
  at: START,
  deliveries: [{ to: 'url', outcome: 'pending', attempts: 0, error: null, endedAt: null }],
  ...given,
})

export function describeAlertContract(context: ContractContext): void {
  describe('alerts', () => {
    test('are one line each, however often something has come of them, newest first', async () => {
      const { alerts } = context.store
      const done = alert('a', {
        deliveries: [{ to: 'url', outcome: 'delivered', attempts: 2, error: null, endedAt: START }],
      })

      await alerts.save(alert('a'))
      await alerts.save(alert('b', { kind: 'database-refused', subject: null }))
      await alerts.save(done)

      expect(await alerts.list(FIRST_PAGE)).toEqual([alert('b', { kind: 'database-refused', subject: null }), done])
      expect(await alerts.list({ limit: 1, offset: 1 })).toEqual([done])
    })

    test('go with failed polls of their age', async () => {
      const { alerts } = context.store
      await alerts.save(alert('old'))
      await alerts.save(alert('new', { at: START + DAY_MS }))

      await context.store.prune({ skippedMs: null, failedMs: null, endedMs: 0, firingsMs: null }, START + 3 * DAY_MS)
      const kept = await alerts.list(FIRST_PAGE)
      await context.store.prune(
        { skippedMs: null, failedMs: 2 * DAY_MS, endedMs: null, firingsMs: null },
        START + 2.5 * DAY_MS,
      )

      expect(kept).toHaveLength(2)
      expect((await alerts.list(FIRST_PAGE)).map(({ id }) => id)).toEqual(['new'])
    })
  })
}
