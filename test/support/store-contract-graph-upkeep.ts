/** Store contract tests for the removal of old events, firings and polls. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { Retention } from '../../src/model/retention-limits.ts'
import { declared, delivery, FedSource, newEvents, passOn, poll, reactor, subscription } from './graph-builders.ts'
import { FIRST_PAGE, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const DAY_MS = 86_400_000
const NEVER: Partial<Retention> = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null }
const A_WEEK: Partial<Retention> = { ...NEVER, firingsMs: 7 * DAY_MS }

export function describeGraphUpkeepContract(context: ContractContext): void {
  const graphs = () => context.store.graphs
  const prune = async (retention: Partial<Retention>, at: number) => {
    let [rows, steps] = [0, 0]
    for (;;) {
      const removed = await context.store.prune(retention, at)
      if (removed === 0) return { rows, steps }
      rows += removed
      steps += 1
    }
  }

  describe('old events and firings', () => {
    /** Prunes the first three of four firings. A subscription has handled the first one. */
    async function prunedFirings() {
      const fed = await FedSource.open(context, declared({ reactors: [reactor('alarm', ['prices', 'news'])] }))
      const { firings } = await fed.feed(['1', '2', '3'])
      const id = await graphs().subscribe(subscription())
      await graphs().advance(passOn(id, firings.slice(0, 1)))
      await graphs().accept(newEvents(['4'], { at: START + DAY_MS }))
      const recent = { lease: fed.lease, upToSequence: 4, at: START + DAY_MS }
      await graphs().deliver(delivery({ ...recent, values: [{ firstSequence: 4, lastSequence: 4, valueText: '4' }] }))

      const before = await prune(A_WEEK, START + 7 * DAY_MS)
      const pruned = await prune(A_WEEK, START + 7 * DAY_MS + 2)
      return { id, firings, before, pruned }
    }

    test('are removed after their retention time; the executions of the firings stay', async () => {
      const { firings, before, pruned } = await prunedFirings()

      expect(before).toEqual({ rows: 0, steps: 0 })
      expect(pruned).toEqual({ rows: 6, steps: 2 })
      expect((await graphs().listReactorFirings('alarm', FIRST_PAGE)).map(({ sequence }) => sequence)).toEqual([4])
      expect((await graphs().listEvents('prices', FIRST_PAGE)).map(({ sequence }) => sequence)).toEqual([4])
      expect(await graphs().getFiring(firings[0]?.id ?? '')).toBeNull()
      expect(await graphs().firingsOf('prices', 1, 9)).toEqual([])
      expect(await graphs().firingsOf('prices', 4, 9)).toHaveLength(1)
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    test('are removed even if a subscription has not handled them yet', async () => {
      const { id } = await prunedFirings()

      const [row] = await graphs().listSubscriptions({ enabledOnly: true })
      expect(row).toMatchObject({ doneSequence: 1, waiting: 1 })
      const [pending] = await graphs().pendingSubscriptions(['ingest'], 9)
      expect(pending?.firings.map(({ sequence }) => sequence)).toEqual([4])
      expect(await graphs().replay(id, 1, START)).toBe(2)
    })

    test('are kept until an accumulator has handled them, however old they are', async () => {
      const fed = await FedSource.open(context)
      await graphs().accept(newEvents(['1', '2'], { source: 'prices' }))
      const untouched = await prune(A_WEEK, START + 100 * DAY_MS)
      await graphs().deliver(delivery({ lease: fed.lease, upToSequence: 1 }))

      expect(untouched).toEqual({ rows: 0, steps: 0 })
      expect(await prune(A_WEEK, START + 100 * DAY_MS)).toEqual({ rows: 1, steps: 1 })
      const left = await graphs().eventsAfter('prices', 0, { events: 9, maxChars: 99 })
      expect(left.map(({ sequence }) => sequence)).toEqual([2])
    })

    test('are kept forever without a retention time', async () => {
      const fed = await FedSource.open(context)
      await fed.feed(['1'])

      expect(await prune(NEVER, START + 100 * DAY_MS)).toEqual({ rows: 0, steps: 0 })
    })

    test('are removed in steps of 1,000 rows, including rows with a time in the future', async () => {
      const fed = await FedSource.open(context)
      const texts = Array.from({ length: 2_500 }, (_, index) => `${index}`)
      // The first two events have the time of a clock that is a year ahead.
      await fed.feed(texts.slice(0, 2), { at: START + 365 * DAY_MS })
      await fed.feed(texts.slice(2))

      const first = await context.store.prune(A_WEEK, START + 8 * DAY_MS)
      const rest = await prune(A_WEEK, START + 8 * DAY_MS)

      expect(first).toBe(1_000)
      expect(rest).toEqual({ rows: 4_000, steps: 5 })
      expect(await graphs().listReactorFirings('alarm', FIRST_PAGE)).toEqual([])
      expect(await graphs().getReactor('alarm')).toMatchObject({ lastSequence: 2_500 })
      expect((await fed.feed(['x'])).firings[0]?.sequence).toBe(2_501)
    })

    test('are skipped by a graph if they were removed before it could run', async () => {
      const fed = await FedSource.open(context)
      await fed.feed(['1', '2'], { graphs: [] })
      await prune(A_WEEK, START + 8 * DAY_MS)

      expect(await graphs().claimRuns(['judge'], 9)).toEqual([])
      expect((await fed.feed(['3'])).run).toEqual(['judge'])
    })

    test('polls are removed after the retention time of their outcome', async () => {
      await FedSource.open(context)
      const at = { firstAt: START, lastAt: START }
      await graphs().recordPolls('prices', [
        poll(at),
        poll({ ...at, outcome: 'failed' }),
        poll({ ...at, outcome: 'timedOut' }),
      ])
      await graphs().accept(newEvents(['1'], { poll: { outcome: 'emitted', ...at, latenessMs: 0, durationMs: 0 } }))
      const outcomes = async () => (await graphs().listPolls('prices', FIRST_PAGE)).map(({ outcome }) => outcome)
      const all = await outcomes()
      const later = START + 2 * DAY_MS

      await prune({ ...NEVER, skippedMs: DAY_MS }, later)
      const unskipped = await outcomes()
      await prune({ ...NEVER, failedMs: DAY_MS }, later)

      expect(all).toEqual(['emitted', 'timedOut', 'failed', 'skipped'])
      expect(unskipped).toEqual(['emitted', 'timedOut', 'failed'])
      expect(await outcomes()).toEqual(['emitted'])
      await prune({ ...NEVER, firingsMs: DAY_MS }, later)
      expect(await outcomes()).toEqual([])
    })
  })
}
