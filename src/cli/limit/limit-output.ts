/** Prints limits, their values and the executions that use their slots. */

import type { LimitRow, LimitValueRow, Runner } from '../../index.ts'
import { rateText } from '../../model/limits/limit-rate.ts'
import { limitRecord, limitValueRecord } from '../../runner/records/limits/limit-records.ts'
import type { DatabaseOptions } from '../command-database.ts'
import { idText, instantText } from '../display.ts'
import { printFields, printJson, printLine, printMessage, printTable } from '../print.ts'

export async function list(runner: Runner, { json }: DatabaseOptions): Promise<void> {
  const rows = await runner.limits.list()
  const now = runner.now()
  if (json) return printJson(rows.map((row) => limitRecord(row, now)))
  printTable(
    ['LIMIT', 'MAX ACTIVE', 'RATE', 'PER', 'USED', 'WAITING', 'STATE'],
    rows.map((row) => [
      row.name,
      row.maxActive === null ? '' : String(row.maxActive),
      row.rate === null ? '' : rateText(row.rate),
      row.per ?? '',
      String(row.used),
      String(row.waiting),
      stateText(row, now),
    ]),
    'There are no limits in this database.',
    { columns: ['PER', 'RATE'], lastWidth: 20 },
  )
}

/** Returns `closed until …`, `overridden` and `engines differ`, or an empty text. */
function stateText(row: LimitRow, now: number): string {
  return [
    closingText(row, now),
    Object.keys(row.overrides).length > 0 ? 'overridden' : '',
    row.differs ? 'engines differ' : '',
  ]
    .filter((text) => text !== '')
    .join(', ')
}

type Closing = Pick<LimitRow, 'closedForMs'>

function closingText({ closedForMs }: Closing, now: number): string {
  if (closedForMs === undefined) return ''
  return closedForMs === null ? 'closed until it is opened' : `closed until ${instantText(now + closedForMs)}`
}

export async function show(
  runner: Runner,
  name: string,
  { json, limit }: DatabaseOptions & { readonly limit: number },
): Promise<void> {
  const row = await runner.limits.get(name)
  const found = await runner.limits.values(name, { limit: limit + 1 })
  const values = found.slice(0, limit)
  const now = runner.now()
  if (json) {
    return printJson({ ...limitRecord(row, now), values: values.map((value) => limitValueRecord(value, now)) })
  }
  const { maxActive, rate, per, used, waiting, differs, closedForMs } = row
  printFields({
    limit: name,
    'max active': overridden({
      value: maxActive,
      declared: row.declared?.maxActive,
      isOverridden: row.overrides.maxActive !== undefined,
      shown: String,
    }),
    rate: overridden({
      value: rate,
      declared: row.declared?.rate,
      isOverridden: row.overrides.rate !== undefined,
      shown: rateText,
    }),
    per: per ?? 'none: all share the slots',
    used: String(used),
    waiting: String(waiting),
    ...(closedForMs !== undefined && { closed: closingText(row, now).replace('closed ', '') }),
    ...(row.declared === null && { declared: 'no, not by a served script' }),
    ...(differs && { engines: 'differ: not all of them have the newest values, which apply' }),
  })
  if (limit === 0) return
  printLine('')
  printValues(values, now)
  if (found.length > limit) printMessage(`There are more values. Show them with: --limit ${limit * 10}`)
}

function printValues(values: readonly LimitValueRow[], now: number): void {
  printTable(
    ['VALUE', 'USED', 'WAITING', 'BEGUN', 'CLOSED', 'USED BY'],
    values.map((row) => [
      row.value,
      String(row.used),
      String(row.waiting),
      row.begun === null ? '' : String(row.begun),
      closingText(row, now).replace('closed ', ''),
      row.heldBy.map(idText).join(', '),
    ]),
    'No slot of this limit is in use, waited for or closed.',
    { columns: ['BEGUN', 'CLOSED'], lastWidth: 20 },
  )
}

/** Returns the effective value, and the declared one if a user has overridden it. */
function overridden<Value>(given: {
  readonly value: Value | null
  /** Undefined if no code declares the limit. */
  readonly declared: Value | null | undefined
  readonly isOverridden: boolean
  shown(value: Value): string
}): string {
  const text = (each: Value | null): string => (each === null ? 'none' : given.shown(each))
  const { value, declared } = given
  if (!given.isOverridden) return text(value)
  return `${text(value)} (overridden; declared: ${declared === undefined ? 'nowhere' : text(declared)})`
}
