/** Reactors and state accumulators for any values in any order: no value is lost, merged or changed. */

import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptableEvents } from '../../src/model/graphs/acceptance.ts'
import type { ReactionMode } from '../../src/model/graphs/definitions.ts'
import { firingId, firingPlace, newReactorKey } from '../../src/model/graphs/firing-ids.ts'
import type { FiringCause } from '../../src/model/graphs/graph-model-rows.ts'
import { jsonMembers } from '../../src/model/graphs/json-members.ts'
import { emitValues } from '../../src/model/graphs/kept-values.ts'
import { type NewFiring, type ReactorState, reactToValues } from '../../src/model/graphs/reactions.ts'
import type { NewEvent, NewValue } from '../../src/model/graphs/stream-events.ts'

/** JSON texts that parsing and writing them again would change. */
const TEXT = fc.oneof(
  fc.constantFrom(
    '1.0',
    '-0',
    '1e400',
    '12345678901234567890',
    '{"a":1.50,"a":2}',
    '"\\u0041\\ud800"',
    '[ 1 , 2 ]',
    'null',
  ),
  fc.json(),
)
const NAMES = fc.uniqueArray(fc.oneof(fc.constantFrom('prices', '__proto__', 'a"b', ''), fc.string()), {
  minLength: 1,
  maxLength: 4,
})

interface Batch {
  readonly source: number
  /** Values, each with the number of new events that it was made from. */
  readonly values: readonly { readonly text: string; readonly events: number }[]
}

const BATCHES = fc.array(
  fc.record({
    source: fc.nat(3),
    values: fc.array(fc.record({ text: TEXT, events: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 12 },
)

interface Delivered extends NewValue {
  readonly source: string
}

/** Converts batches into the deliveries of sources, with consecutive sequences for each source. */
function deliveries(names: readonly string[], batches: readonly Batch[]): readonly (readonly Delivered[])[] {
  const last = new Map<string, number>()
  return batches.map(({ source: index, values }) =>
    values.map(({ text, events }) => {
      const source = names[index % names.length] ?? ''
      const firstSequence = (last.get(source) ?? 0) + 1
      const lastSequence = firstSequence + events - 1
      last.set(source, lastSequence)
      return { source, firstSequence, lastSequence, valueText: text }
    }),
  )
}

function fed(names: readonly string[], mode: ReactionMode, batches: readonly (readonly Delivered[])[]) {
  const none = { valueText: null, valueAt: null, sequence: null, dirtyFrom: null }
  let state: ReactorState = { mode, inputs: names.map((source) => ({ source, ...none })), lastSequence: 0 }
  const firings: NewFiring[] = []
  for (const batch of batches) {
    const reaction = reactToValues(state, batch[0]?.source ?? '', batch, 7)
    firings.push(...reaction.firings)
    state = { ...state, inputs: reaction.inputs, lastSequence: state.lastSequence + reaction.firings.length }
  }
  return { state, firings }
}

/** Computes the firings that the contract prescribes, one value at a time. */
function expected(names: readonly string[], mode: ReactionMode, values: readonly Delivered[]) {
  const newest = new Map<string, string>()
  const since = new Map<string, FiringCause>()
  const firings: NewFiring[] = []
  for (const { source, firstSequence, lastSequence, valueText } of values) {
    newest.set(source, valueText)
    since.set(source, { source, firstSequence: since.get(source)?.firstSequence ?? firstSequence, lastSequence })
    if (mode === 'when_all' && since.size < names.length) continue
    const payloadText = `{${names.map((name) => `${JSON.stringify(name)}:${newest.get(name) ?? 'null'}`).join(',')}}`
    const causes = names.flatMap((name) => since.get(name) ?? [])
    firings.push({ sequence: firings.length + 1, payloadText, causes })
    since.clear()
  }
  return { firings, newest, since }
}

describe('a reactor', () => {
  test.each(['when_any', 'when_all'] as const)(
    'with %s fires as the contract prescribes, regardless of the batches',
    (mode) => {
      fc.assert(
        fc.property(NAMES, BATCHES, (names, given) => {
          const batches = deliveries(names, given)
          const model = expected(names, mode, batches.flat())

          const { state, firings } = fed(names, mode, batches)

          expect(firings).toEqual(model.firings)
          expect(state.inputs.map(({ valueText }) => valueText)).toEqual(
            names.map((name) => model.newest.get(name) ?? null),
          )
          expect(state.inputs.map(({ dirtyFrom }) => dirtyFrom)).toEqual(
            names.map((name) => model.since.get(name)?.firstSequence ?? null),
          )
          const one = fed(
            names,
            mode,
            batches.flat().map((value) => [value]),
          )
          expect(one.firings).toEqual(firings)
        }),
      )
    },
  )

  test('with when_any fires exactly once for each delivered value', () => {
    fc.assert(
      fc.property(NAMES, BATCHES, (names, given) => {
        const values = deliveries(names, given).flat()

        const { firings } = fed(names, 'when_any', deliveries(names, given))

        expect(firings.map(({ causes }) => causes)).toEqual(
          values.map(({ source, firstSequence, lastSequence }) => [{ source, firstSequence, lastSequence }]),
        )
      }),
    )
  })

  test('with when_all uses each delivered value in one firing, or keeps it for the next', { tags: ['proof'] }, () => {
    fc.assert(
      fc.property(NAMES, BATCHES, (names, given) => {
        const batches = deliveries(names, given)

        const { firings, state } = fed(names, 'when_all', batches)

        for (const { source, dirtyFrom, sequence } of state.inputs) {
          const ranges = firings.flatMap(({ causes }) => causes.filter((cause) => cause.source === source))
          const all =
            dirtyFrom === null ? ranges : [...ranges, { firstSequence: dirtyFrom, lastSequence: sequence ?? 0 }]
          let next = 1
          for (const { firstSequence, lastSequence } of all) {
            expect(firstSequence).toBe(next)
            next = lastSequence + 1
          }
          expect(next - 1).toBe(sequence ?? 0)
        }
      }),
    )
  })

  test('that changes from when_all to when_any fires with the waiting values and clears them', () => {
    const values = (source: string) => [{ source, firstSequence: 1, lastSequence: 1, valueText: '1' }]
    const { state } = fed(['a', 'b', 'c'], 'when_all', [values('a')])

    const { firings, inputs } = reactToValues({ ...state, mode: 'when_any' }, 'b', values('b'), 8)

    expect(firings.map(({ causes }) => causes.map(({ source }) => source))).toEqual([['a', 'b']])
    expect(inputs.map(({ dirtyFrom }) => dirtyFrom)).toEqual([null, null, null])
  })

  test('ignores values of a source that it does not list', () => {
    const { state } = fed(['a'], 'when_any', [])

    const value = { firstSequence: 1, lastSequence: 1, valueText: '1' }
    expect(reactToValues(state, 'b', [value], 8)).toEqual({ inputs: state.inputs, firings: [] })
  })
})

describe('the list of a state accumulator', () => {
  test('contains the newest values unchanged, for any capacity and any batches', () => {
    const lists = fc.array(fc.array(TEXT, { maxLength: 6 }), { maxLength: 5 })
    fc.assert(
      fc.property(lists, fc.integer({ min: -1, max: 5 }), (batches, capacity) => {
        let [kept, all, sequence]: [string[], string[], number] = [[], [], 0]
        for (const batch of batches) {
          const added = batch.map((valueText) => {
            sequence += 1
            return { firstSequence: sequence, lastSequence: sequence, valueText }
          })

          const emission = emitValues(kept, added, capacity)

          const emitted = batch.map((text) => {
            all = [...all, text]
            return `[${(capacity < 0 ? all : all.slice(-capacity)).join(',')}]`
          })
          expect(emission.values.map(({ valueText }) => valueText)).toEqual(capacity === 0 ? [] : emitted)
          kept = [...kept.slice(emission.forgotten), ...emission.added.map(({ valueText }) => valueText)]
          expect(kept).toEqual(capacity === 0 ? [] : capacity < 0 ? all : all.slice(-capacity))
        }
      }),
    )
  })
})

describe('the events of a stream', () => {
  test('are each accepted once, in order, even if the stream is read again from an earlier offset', {
    tags: ['proof'],
  }, () => {
    const reads = fc.array(fc.tuple(fc.nat(20), fc.nat(12), fc.nat(9)), { maxLength: 12 })
    fc.assert(
      fc.property(reads, (given) => {
        const accepted: string[] = []
        const stored = new Map<string, number>()
        for (const [back, length, maxWaiting] of given) {
          const from = Math.max(0, accepted.length - back)
          const events = Array.from({ length }, (_, index): NewEvent => {
            const offset = from + index
            return { eventText: `${offset}`, position: { partition: '0', offset } }
          })

          const { texts, repeated, positions } = acceptableEvents(
            { events, maxWaiting },
            { last_sequence: 4, done_sequence: 4 },
            stored,
          )

          const isFull = texts.length === maxWaiting
          expect(texts.length + repeated.length === length || isFull).toBe(true)
          accepted.push(...texts)
          for (const [partition, offset] of positions) stored.set(partition, offset)
        }
        expect(accepted).toEqual(accepted.map((_, index) => `${index}`))
      }),
    )
  })
})

describe('the members of a JSON object', () => {
  test('are returned with their texts unchanged', () => {
    const space = fc.constantFrom('', ' ', '\n\t')
    const members = fc.array(fc.tuple(fc.string(), TEXT, space, space), { maxLength: 5 })
    fc.assert(
      fc.property(members, space, (given, around) => {
        const inside = given.map(
          ([key, text, before, after]) => `${before}${JSON.stringify(key)}${after}:${before}${text}${after}`,
        )

        const found = jsonMembers(`${around}{${around}${inside.join(',')}${around}}${around}`)

        expect([...found]).toEqual([...new Map(given.map(([key, text]) => [key, text.trim()]))])
      }),
    )
  })
})

describe('the id of a firing', () => {
  test('contains the key of its reactor and its sequence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), (sequence) => {
        const key = newReactorKey(randomUUID)
        const id = firingId({ key, sequence })

        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(firingPlace(id)).toEqual({ key, sequence })
      }),
    )
  })
})
