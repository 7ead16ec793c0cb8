/** Store contract tests for subscriptions of workflows to reactors. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { ReactorFiring } from '../../src/model/graphs/graph-model-rows.ts'
import { FedSource, passOn, subscription } from './graph-builders.ts'
import { FIRST_PAGE, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const ALL = { enabledOnly: false }

export function describeSubscriptionContract(context: ContractContext): void {
  const graphs = () => context.store.graphs
  const subscribed = async (id: string) => (await graphs().listSubscriptions(ALL)).find((row) => row.id === id)
  const pending = async (limit = 100) => (await graphs().pendingSubscriptions(['ingest'], limit))[0]?.firings ?? []
  const sequences = (firings: readonly ReactorFiring[]) => firings.map(({ sequence }) => sequence)

  describe('a subscription', () => {
    test('is stored once per reactor, workflow and tenant, even if these do not exist yet', async () => {
      const first = subscription({ predicate: 'payload.p > 10.0' })

      const id = await graphs().subscribe(first)
      const again = await graphs().subscribe(subscription({ predicate: null, at: START + 5 }))
      const other = await graphs().subscribe(subscription({ tenant: 'acme' }))

      expect(id).toBe(first.id)
      expect(again).toBe(first.id)
      expect(other).not.toBe(first.id)
      expect(await subscribed(id)).toEqual({
        id,
        reactor: 'alarm',
        workflow: 'ingest',
        tenant: 'public',
        predicate: null,
        isEnabled: true,
        doneSequence: 0,
        waiting: 0,
        lastSeenFiredAt: null,
        isDegraded: false,
        errorCount: 0,
        lastError: null,
        lastErrorAt: null,
        errorFiringId: null,
        createdAt: START,
        updatedAt: START + 5,
      })
    })

    test('is listed in the order of reactor, workflow and tenant, with filters', async () => {
      const of = (reactor: string, workflow: string, tenant: string) =>
        graphs().subscribe(subscription({ reactor, workflow, tenant }))
      await of('b', 'x', 't')
      const disabled = await of('a', 'y', 't')
      await of('a', 'x', 'u')
      await of('a', 'x', 't')
      await graphs().setSubscriptionEnabled(disabled, false, START)
      const list = async (filter: Parameters<ReturnType<typeof graphs>['listSubscriptions']>[0]) =>
        (await graphs().listSubscriptions(filter)).map((row) => `${row.reactor} ${row.workflow} ${row.tenant}`)

      expect(await graphs().getSubscription(disabled)).toEqual(await subscribed(disabled))
      expect(await graphs().getSubscription('unknown')).toBeNull()
      expect(await list(ALL)).toEqual(['a x t', 'a x u', 'a y t', 'b x t'])
      expect(await list({ enabledOnly: true })).toEqual(['a x t', 'a x u', 'b x t'])
      expect(await list({ tenant: 't', enabledOnly: true })).toEqual(['a x t', 'b x t'])
      expect(await list({ reactor: 'a', tenant: 't', enabledOnly: false })).toEqual(['a x t', 'a y t'])
    })

    test('starts with the stored firings, and returns them oldest first up to the limit', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2', '3'])

      const id = await graphs().subscribe(subscription())
      await graphs().subscribe(subscription({ workflow: 'elsewhere' }))
      await graphs().subscribe(subscription({ reactor: 'unheard of' }))

      const found = await graphs().pendingSubscriptions(['ingest', 'nothing'], 2)
      expect(found).toEqual([{ subscription: await subscribed(id), firings: firings.slice(0, 2) }])
      expect(found[0]?.subscription).toMatchObject({ waiting: 3 })
      expect(await graphs().pendingSubscriptions([], 2)).toEqual([])
    })

    test('returns fewer firings at a time if their payloads are large, and so does a graph', async () => {
      const fed = await FedSource.open(context)
      const large = (letter: string) => `"${letter.repeat(1_900_000)}"`
      await fed.feed([large('a'), large('b'), large('c'), large('d'.repeat(3))], { graphs: [] })
      const id = await graphs().subscribe(subscription())

      const parts: (readonly number[])[] = []
      for (let firings = await pending(); firings.length > 0; firings = await pending()) {
        parts.push(sequences(firings))
        await graphs().advance(passOn(id, firings))
      }
      const claims: (readonly number[])[] = []
      for (let claim = await graphs().claimRuns(['judge'], 100); claim.length > 0; ) {
        claims.push(sequences(claim[0]?.firings ?? []))
        claim = await graphs().claimRuns(['judge'], 100)
      }

      expect(parts).toEqual([[1, 2], [3], [4]])
      expect(claims).toEqual(parts)
    })

    test('advances over firings, and starts their executions with the firing as the origin', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2', '3'])
      const id = await graphs().subscribe(subscription())
      const step = passOn(id, firings.slice(0, 2))
      const ids = step.executions.map(({ execution }) => execution.id)

      expect(await graphs().advance(step)).toEqual([])

      expect(await subscribed(id)).toMatchObject({
        doneSequence: 2,
        waiting: 1,
        lastSeenFiredAt: START + 1,
        updatedAt: START + 2,
      })
      expect(sequences(await pending())).toEqual([3])
      expect(await context.store.getExecution(ids[1] ?? '')).toMatchObject({
        status: 'Pending',
        workflow: 'ingest',
        createdAt: START + 2,
        origin: { kind: 'reactor', reactor: 'alarm', firingId: firings[1]?.id },
      })
      const listed = await context.store.listExecutions(FIRST_PAGE)
      expect(listed.map(({ origin }) => origin.kind)).toEqual(['reactor', 'reactor'])
      expect(await graphs().getFiring(firings[0]?.id ?? '')).toEqual({
        firing: firings[0],
        executions: [{ subscriptionId: id, workflow: 'ingest', executionId: ids[0] }],
      })
    })

    test('advances only from its current sequence, so that a firing starts one execution', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2'])
      const id = await graphs().subscribe(subscription())
      const steps = [passOn(id, firings), passOn(id, firings), passOn(id, firings.slice(1))]

      const answers = await Promise.all(steps.map((step) => graphs().advance(step)))

      expect(answers).toEqual([[], null, null])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(2)
      expect(await graphs().advance(passOn('unheard of', firings))).toBeNull()
    })

    context.sharedTest('is advanced by only one of two engines at the same time', async () => {
      const another = await context.openAnother()
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2'])
      const id = await graphs().subscribe(subscription())

      const answers = await Promise.all([
        graphs().advance(passOn(id, firings)),
        another.graphs.advance(passOn(id, firings)),
      ])

      expect(answers.filter((answer) => answer !== null)).toHaveLength(1)
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(2)
    })

    test('does not advance if an execution cannot be stored', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2'])
      const id = await graphs().subscribe(subscription())
      const step = passOn(id, firings)
      const taken = step.executions[1]?.execution ?? newExecution()
      await context.store.createExecution(taken, { kind: 'call' }, START)

      await expect(graphs().advance(step)).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

      expect(await subscribed(id)).toMatchObject({ doneSequence: 0, lastSeenFiredAt: null })
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
      expect(await graphs().advance(passOn(id, firings))).toEqual([])
    })

    test('does not advance while it is disabled, and keeps its waiting firings', async () => {
      const fed = await FedSource.open(context)
      const id = await graphs().subscribe(subscription())
      await graphs().setSubscriptionEnabled(id, false, START + 3)
      const { firings } = await fed.feed(['1', '2'])

      const whileDisabled = await pending()
      const moved = await graphs().advance(passOn(id, firings))
      const row = await subscribed(id)
      await graphs().subscribe(subscription())
      const stillDisabled = await pending()
      await graphs().setSubscriptionEnabled(id, true, START + 4)

      expect(whileDisabled).toEqual([])
      expect(moved).toBeNull()
      expect(row).toMatchObject({ isEnabled: false, waiting: 2, updatedAt: START + 3 })
      expect(stillDisabled).toEqual([])
      expect(sequences(await pending())).toEqual([1, 2])
      expect(await graphs().setSubscriptionEnabled('unheard of', true, START)).toBe(false)
    })

    test('keeps its executions when it is removed, and starts from the beginning when it is added again', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1'])
      const id = await graphs().subscribe(subscription())
      await graphs().advance(passOn(id, firings))

      const removed = await graphs().unsubscribe('alarm', 'ingest', 'public')
      const again = await graphs().unsubscribe('alarm', 'ingest', 'public')
      const next = await graphs().subscribe(subscription())

      expect([removed, again]).toEqual([true, false])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
      expect(next).not.toBe(id)
      expect(sequences(await pending())).toEqual([1])
      expect(await graphs().advance(passOn(next, firings))).toEqual([])
      expect((await graphs().getFiring(firings[0]?.id ?? ''))?.executions).toHaveLength(2)
    })
  })

  describe('errors of a predicate', () => {
    const error = (count: number, firingId: string) => ({ count, message: 'no such key: p', at: START + 7, firingId })

    test('are listed until the predicate is evaluated without an error', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2'])
      const id = await graphs().subscribe(subscription({ predicate: 'payload.p > 1' }))
      const firingId = firings[0]?.id ?? ''

      await graphs().advance(passOn(id, [], { seenSequence: 0, error: error(3, firingId) }))
      const failing = await subscribed(id)
      await graphs().advance(passOn(id, firings, { executions: [] }))

      expect(failing).toMatchObject({
        doneSequence: 0,
        errorCount: 3,
        lastError: 'no such key: p',
        lastErrorAt: START + 7,
        errorFiringId: firingId,
        isDegraded: false,
      })
      expect(await subscribed(id)).toMatchObject({
        doneSequence: 2,
        lastSeenFiredAt: START + 1,
        errorCount: 0,
        lastError: null,
        lastErrorAt: null,
        errorFiringId: null,
      })
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
    })

    test('stop a degraded subscription until its predicate is replaced', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2'])
      const id = await graphs().subscribe(subscription({ predicate: 'payload.p > 1' }))
      const given = { executions: [], error: error(5, firings[0]?.id ?? ''), isDegraded: true }

      await graphs().advance(passOn(id, firings.slice(0, 1), given))
      await graphs().advance(passOn(id, firings.slice(1), { executions: [], error: given.error }))
      await graphs().advance(passOn(id, [], { seenSequence: 2, doneSequence: 2, error: given.error }))
      const degraded = await subscribed(id)
      await fed.feed(['3'])
      const whileDegraded = await pending()
      await graphs().subscribe(subscription({ predicate: 'payload.q > 1' }))

      expect(whileDegraded).toEqual([])
      expect(sequences(await pending())).toEqual([3])
      expect(degraded).toMatchObject({ isDegraded: true, errorCount: 5, doneSequence: 2, lastSeenFiredAt: START + 1 })
      expect(await subscribed(id)).toMatchObject({
        predicate: 'payload.q > 1',
        isDegraded: false,
        errorCount: 0,
        lastError: null,
        errorFiringId: null,
        doneSequence: 2,
      })
    })
  })

  describe('a replay', () => {
    test('returns firings again, and each starts a further execution', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2', '3'])
      const id = await graphs().subscribe(subscription())
      await graphs().advance(passOn(id, firings))

      const from = await graphs().replay(id, 2, START + 9)
      const again = await pending()
      await graphs().advance(passOn(id, again))
      const twice = await graphs().advance(passOn(id, again))

      expect(from).toBe(2)
      expect(sequences(again)).toEqual([2, 3])
      expect(twice).toBeNull()
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(5)
      const { executions } = (await graphs().getFiring(firings[2]?.id ?? '')) ?? { executions: [] }
      expect(new Set(executions.map(({ executionId }) => executionId)).size).toBe(2)
    })

    test('goes back to the first firing at most, and does not skip waiting firings', async () => {
      const fed = await FedSource.open(context)
      const { firings } = await fed.feed(['1', '2', '3', '4', '5'])
      const id = await graphs().subscribe(subscription())
      await graphs().advance(passOn(id, firings.slice(0, 2)))

      expect(await graphs().replay(id, 5, START)).toBe(3)
      expect(sequences(await pending())).toEqual([3, 4, 5])
      expect(await graphs().replay(id, -7, START)).toBe(1)
      expect(sequences(await pending())).toEqual([1, 2, 3, 4, 5])
      expect(await graphs().replay('unheard of', 1, START)).toBeNull()
      const early = await graphs().subscribe(subscription({ reactor: 'unheard of' }))
      expect(await graphs().replay(early, 1, START)).toBe(1)
    })
  })
}
