import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SharedTrigger, type SharingEngine, shareMoves } from '../../src/model/triggers/trigger-shares.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`)
const instance = (seq: number, of: readonly string[]): SharingEngine => ({ seq, names: new Set(of) })
const held = (of: readonly string[], holder: number | null): SharedTrigger[] => of.map((name) => ({ name, holder }))

/** Lets the engines take and release triggers in turn until none moves. Returns the triggers and number of moves. */
function settled(triggers: readonly SharedTrigger[], instances: readonly SharingEngine[]) {
  let now = triggers
  let moves = 0
  for (let round = 0; round < 10; round++) {
    const before = now
    for (const { seq } of instances) {
      const { take, surplus } = shareMoves(seq, now, instances)
      moves += take.length
      now = now.map((trigger) => {
        if (surplus.includes(trigger.name)) return { ...trigger, holder: null }
        return take.includes(trigger.name) ? { ...trigger, holder: seq } : trigger
      })
    }
    if (JSON.stringify(now) === JSON.stringify(before)) return { now, moves }
  }
  throw new Error('it never comes to rest')
}

const loads = (triggers: readonly SharedTrigger[], instances: readonly SharingEngine[]) =>
  instances.map(({ seq }) => triggers.filter(({ holder }) => holder === seq).length)

describe('shares of triggers', () => {
  test('a single engine takes all triggers whose code it has', () => {
    const triggers = [...held(names(3), null), { name: 'other', holder: null }]

    expect(shareMoves(1, triggers, [instance(1, names(3))])).toEqual({ take: names(3), surplus: [] })
  })

  test('a second engine gets half of the triggers, and no other triggers move', () => {
    const instances = [1, 2].map((seq) => instance(seq, names(20)))

    const { now, moves } = settled(held(names(20), 1), instances)

    expect([loads(now, instances), moves]).toEqual([[10, 10], 10])
  })

  test('the triggers of a dead engine are shared by the other engines', () => {
    const instances = [1, 2].map((seq) => instance(seq, names(9)))
    const triggers = [...held(names(3), 1), ...held(names(6).slice(3), 2), ...held(names(9).slice(6), null)]

    const { now, moves } = settled(triggers, instances)

    expect([loads(now, instances).sort(), moves]).toEqual([[4, 5], 3])
  })

  test('an unreleased surplus trigger remains the surplus, and the other engine takes nothing', () => {
    const instances = [1, 2].map((seq) => instance(seq, names(2)))
    const triggers = held(names(2), 1)
    const { surplus } = shareMoves(1, triggers, instances)

    expect(surplus).toHaveLength(1)
    expect(shareMoves(2, triggers, instances)).toEqual({ take: [], surplus: [] })
    expect(shareMoves(1, triggers, instances)).toEqual({ take: [], surplus })
  })

  test('a trigger moves to an engine with its code if its holder no longer has that code', () => {
    const instances = [instance(1, []), instance(2, ['t0'])]

    const { now } = settled(held(['t0'], 1), instances)

    expect(now).toEqual(held(['t0'], 2))
  })

  test('each trigger ends up at an engine with its code, for any distribution of the code', () => {
    const triggerNames = names(12)
    fc.assert(
      fc.property(
        fc.array(fc.subarray(triggerNames), { minLength: 1, maxLength: 4 }),
        fc.array(fc.option(fc.integer({ min: 1, max: 4 })), { minLength: 12, maxLength: 12 }),
        (codes, holders) => {
          const instances = codes.map((code, index) => instance(index + 1, code))
          const living = new Set(instances.map(({ seq }) => seq))
          const triggers = triggerNames.map((name, index) => {
            const holder = holders[index] ?? null
            return { name, holder: holder !== null && living.has(holder) ? holder : null }
          })

          const { now } = settled(triggers, instances)

          for (const { name, holder } of now) {
            const able = instances.filter((each) => each.names.has(name)).map(({ seq }) => seq)
            if (able.length > 0) expect(able).toContain(holder)
          }
        },
      ),
    )
  })
})
