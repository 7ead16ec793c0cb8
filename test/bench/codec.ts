/**
 * Benchmark of the context codec against plain JavaScript. Called by main.ts, and can also run alone:
 * `node test/bench/codec.ts`.
 * The implementations take turns in one run. The figure of each is its fastest turn, which repeats best on a shared
 * machine.
 */

import { hash } from 'node:crypto'
import { nativeCodec } from '../../src/native/addon.ts'
import type { JsonCodec } from '../../src/native/index.ts'
import { twinCodec } from '../../src/native/twin.ts'
import type { Figure } from './figure.ts'

const SIZES = [
  { label: '100 B', bytes: 100, fingerprintBudget: 1 },
  { label: '1 KB', bytes: 1_000 },
  { label: '10 KB', bytes: 10_000, fingerprintBudget: 5 },
  { label: '100 KB', bytes: 100_000, fingerprintBudget: 5 },
  { label: '1 MB', bytes: 1_000_000, fingerprintBudget: 5 },
]
const MERGED_CONTEXTS = 10
const MERGE_BUDGET = 5
const ROUNDS = 6
const ROUND_SECONDS = 0.05
const MIN_TURNS = 8
const TURN_SECONDS = 0.0005
const AT_LEAST = 'at least'

/** Returns the throughput of each implementation, its ratio to JavaScript, and the SHA-256 share of a fingerprint. */
export async function codecFigures(): Promise<Figure[]> {
  if (nativeCodec === null) throw new Error('The addon is not built: run `npm run install`.')
  const native = nativeCodec
  return [...SIZES.flatMap((size) => fingerprintFigures(native, size)), ...mergeFigures(native)]
}

function fingerprintFigures(native: JsonCodec, size: (typeof SIZES)[number]): Figure[] {
  const text = contextOf(size.bytes, 'k')
  const bytes = Buffer.byteLength(text)
  const canonicalBytes = Buffer.from(native.canonicalize(text))
  const seconds = quickest({
    native: () => native.fingerprint(text),
    twin: () => twinCodec.fingerprint(text),
    javascript: () => hash('sha256', JSON.stringify(sortKeys(JSON.parse(text)))),
    sha: () => hash('sha256', canonicalBytes),
  })
  const name = `fingerprint of ${size.label}`
  const budget = size.fingerprintBudget === undefined ? {} : { budget: size.fingerprintBudget, note: AT_LEAST }
  return [
    throughput(`${name}: native`, bytes, seconds.native),
    throughput(`${name}: twin`, bytes, seconds.twin),
    throughput(`${name}: parse, sort, stringify, SHA-256`, bytes, seconds.javascript),
    {
      name: `${name}: native against JavaScript`,
      value: seconds.javascript / seconds.native,
      unit: 'times',
      ...budget,
    },
    { name: `${name}: share of SHA-256 in native`, value: (100 * seconds.sha) / seconds.native, unit: '%' },
  ]
}

function mergeFigures(native: JsonCodec): Figure[] {
  const texts = Array.from({ length: MERGED_CONTEXTS }, (_, index) => contextOf(10_000, `branch ${index}`))
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const seconds = quickest({
    native: () => native.merge(texts),
    twin: () => twinCodec.merge(texts),
    javascript: () => JSON.stringify(Object.assign({}, ...texts.map((text) => JSON.parse(text)))),
  })
  const name = `merge of ${MERGED_CONTEXTS} contexts of 10 KB`
  const ratio = seconds.javascript / seconds.native
  return [
    throughput(`${name}: native`, bytes, seconds.native),
    throughput(`${name}: twin`, bytes, seconds.twin),
    throughput(`${name}: parse, assign, stringify`, bytes, seconds.javascript),
    { name: `${name}: native against JavaScript`, value: ratio, unit: 'times', budget: MERGE_BUDGET, note: AT_LEAST },
  ]
}

/** Returns a context of about the given number of bytes, with rows such as a script processes. */
function contextOf(bytes: number, key: string): string {
  const head = { file: '/in/orders.csv', count: 12, ratio: 0.25, ok: true, at: '2026-01-01T00:00:00Z' }
  const rows: unknown[] = []
  const write = () => JSON.stringify({ ...head, [key]: rows })
  while (write().length < bytes && bytes > 200) rows.push(...rowsFrom(rows.length, Math.max(1, rows.length >> 3)))
  return write()
}

function rowsFrom(first: number, count: number): unknown[] {
  return Array.from({ length: count }, (_, offset) => {
    const id = first + offset
    return {
      id,
      name: `${['alpha', 'beta', 'gamma'][id % 3]} ${id}`,
      email: `user${id}@example.com`,
      active: id % 2 === 0,
      score: (id * 7919.123) % 100,
      tags: ['new', 'paid', 'export'].slice(id % 3),
      address: { street: `Main Street ${id}`, city: id % 7 === 0 ? 'Zürich' : 'Bern', zip: String(8000 + id) },
      note: id % 5 === 0 ? 'He said "hi"\nand left' : 'nothing to report here, all is well',
    }
  })
}

/** Returns a value with sorted keys: a fast version of the code that people write by hand. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const sorted: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort()) sorted[key] = sortKeys((value as Record<string, unknown>)[key])
  return sorted
}

/** Returns the seconds per call of each implementation in its fastest turn. The implementations alternate in rounds. */
function quickest<Way extends string>(ways: Record<Way, () => unknown>): Record<Way, number> {
  const names = Object.keys(ways) as Way[]
  const seconds = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<Way, number>
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) seconds[name] = Math.min(seconds[name], quickestTurn(ways[name]))
  }
  return seconds
}

/** Returns the seconds per call in the fastest turn. A turn is long enough to measure, but rarely interrupted. */
function quickestTurn(call: () => unknown): number {
  const calls = Math.max(1, Math.round(TURN_SECONDS / secondsOf(call, 1)))
  const end = performance.now() + ROUND_SECONDS * 1000
  let seconds = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < MIN_TURNS || performance.now() < end; turn++) {
    seconds = Math.min(seconds, secondsOf(call, calls))
  }
  return seconds
}

function secondsOf(call: () => unknown, calls: number): number {
  const start = performance.now()
  for (let done = 0; done < calls; done++) call()
  return (performance.now() - start) / calls / 1000
}

function throughput(name: string, bytes: number, seconds: number): Figure {
  return { name, value: bytes / seconds / 1e6, unit: 'MB/s' }
}

if (import.meta.main) {
  for (const { name, value, unit } of await codecFigures()) {
    console.log(`${name.padEnd(70)} ${value.toFixed(1).padStart(8)} ${unit}`)
  }
}
