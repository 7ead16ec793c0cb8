/** `test/unsteady.json`: the tests that are known to be unsteady, until they are repaired. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from './run-record.ts'
import { type Failure, failureText, ROOT } from './test-report.ts'

export interface UnsteadyTest {
  readonly file: string
  readonly title: string
  /** First line of its first message. */
  readonly first: string
  /** Date of the run that found it, such as 2026-12-03. */
  readonly since: string
  /** Suspected cause: `test: …` or `product: …`. Empty after `--record`. */
  readonly cause: string
  /** Date until which it has to be repaired. */
  readonly until: string
}

export const UNSTEADY_PATH = join(ROOT, 'test', 'unsteady.json')
export const MAX_UNSTEADY_TESTS = 12
const DAYS_TO_REPAIR = 21
/** Number of recorded runs in which a test has to be unsteady until it must be in the list. */
const MIN_RUNS = 2

export function readUnsteadyTests(): readonly UnsteadyTest[] {
  return JSON.parse(readFileSync(UNSTEADY_PATH, 'utf8'))
}

/** Returns the text of an unsteady test, with the date since which it is known, or NEW. */
export function unsteadyText(known: readonly UnsteadyTest[], failure: Failure): string {
  const row = known.find((one) => isOf(one, failure))
  return `${row === undefined ? 'NEW' : `known since ${row.since}`}: ${failureText(failure)}`
}

/** Returns rows for the unsteady tests of a run that are not in the list. */
export function newRows(known: readonly UnsteadyTest[], { at, unsteady }: RunRecord): readonly UnsteadyTest[] {
  const rows: UnsteadyTest[] = []
  for (const failure of unsteady) {
    if ([...known, ...rows].some((row) => isOf(row, failure))) continue
    const { path: file, title, messages } = failure
    const first = messages[0]?.split('\n')[0] ?? ''
    const until = new Date(Date.parse(at) + DAYS_TO_REPAIR * 86_400_000).toISOString()
    rows.push({ file, title, first, since: at.slice(0, 10), cause: '', until: until.slice(0, 10) })
  }
  return rows
}

/** Returns the faults of the list on a day: tests that are missing in it, and tests that had to be repaired. */
export function faultsOf(
  known: readonly UnsteadyTest[],
  records: readonly RunRecord[],
  today: string,
): readonly string[] {
  const runs = new Map<string, { readonly failure: Failure; count: number }>()
  for (const { unsteady } of records) {
    const ofRun = new Map(unsteady.map((failure) => [`${failure.path}: ${failure.title}`, failure]))
    for (const [key, failure] of ofRun) {
      const entry = runs.get(key) ?? { failure, count: 0 }
      entry.count += 1
      runs.set(key, entry)
    }
  }
  const missing = [...runs].filter(
    ([, { failure, count }]) => count >= MIN_RUNS && !known.some((row) => isOf(row, failure)),
  )
  const late = known.filter(({ until }) => until < today)
  return [
    ...missing.map(([key, { count }]) => `${key}: unsteady in ${count} of ${records.length} runs, and not in the list`),
    ...late.map(({ file, title, until }) => `${file}: ${title}: had to be repaired until ${until}`),
  ]
}

function isOf({ file, title }: UnsteadyTest, failure: Failure): boolean {
  return file === failure.path && title === failure.title
}
