import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Instance, movesOf, type SharedTrigger } from '../../src/store/trigger-shares.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`)
const instance = (seq: number, of: readonly string[]): Instance => ({ seq, names: new Set(of) })
const held = (of: readonly string[], holder: number | null): SharedTrigger[] => of.map((name) => ({ name, holder }))

/** All instances take triggers and release their surplus, in turn, until nothing moves any more. */
function settled(triggers: readonly SharedTrigger[], instances: readonly Instance[]) {
  let now = triggers
  let moves = 0
  for (let round = 0; round < 10; round++) {
    const before = now
    for (const { seq } of instances) {
      const { take, surplus } = movesOf(seq, now, instances)
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

const loads = (triggers: readonly SharedTrigger[], instances: readonly Instance[]) =>
  instances.map(({ seq }) => triggers.filter(({ holder }) => holder === seq).length)

describe('shares of triggers', () => {
  test('an instance that is alone takes all that it has the code of', () => {
    const triggers = [...held(names(3), null), { name: 'other', holder: null }]

    expect(movesOf(1, triggers, [instance(1, names(3))])).toEqual({ take: names(3), surplus: [] })
  })

  test('a second instance gets half of them, and no more is moved than that', () => {
    const instances = [1, 2].map((seq) => instance(seq, names(20)))

    const { now, moves } = settled(held(names(20), 1), instances)

    expect([loads(now, instances), moves]).toEqual([[10, 10], 10])
  })

  test('what a dead one held is shared by the others', () => {
    const instances = [1, 2].map((seq) => instance(seq, names(9)))
    const triggers = [...held(names(3), 1), ...held(names(6).slice(3), 2), ...held(names(9).slice(6), null)]

    const { now, moves } = settled(triggers, instances)

    expect([loads(now, instances).sort(), moves]).toEqual([[4, 5], 3])
  })

  test('a surplus trigger that its holder keeps stays the same surplus, and the other instance takes nothing', () => {
    const instances = [1, 2].map((seq) => instance(seq, names(2)))
    const triggers = held(names(2), 1)
    const { surplus } = movesOf(1, triggers, instances)

    expect(surplus).toHaveLength(1)
    expect(movesOf(2, triggers, instances)).toEqual({ take: [], surplus: [] })
    expect(movesOf(1, triggers, instances)).toEqual({ take: [], surplus })
  })

  test('a trigger whose code its holder has no more goes to one that has it', () => {
    const instances = [instance(1, []), instance(2, ['t0'])]

    const { now } = settled(held(['t0'], 1), instances)

    expect(now).toEqual(held(['t0'], 2))
  })

  test('however the code is spread, each trigger of which anybody has the code has one holder, who has it', () => {
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
