/** Limits as stored: declared values, values that a person set, and closings. Used by the other models of limits. */

import type { LimitOverrides, LimitValues } from '../../../src/model/limits/limits.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { numberOrNull, textOrNull } from './executions.ts'

export interface ModelLimit {
  declared: LimitValues | null
  overrides: LimitOverrides | null
  closedUntil: number | null
  /** Simulated time of the last change of a rate. Attempts that began earlier may not be stored. */
  rateSince: number
}

const UNLIMITED: LimitValues = { maxActive: null, rate: null, per: null }

export class LimitModel {
  readonly #program: Program
  /** Returns the time of the database at a simulated time. */
  readonly databaseTime: (now: number) => number
  readonly byName = new Map<string, ModelLimit>()
  /** End of the closing of values, by key. */
  readonly #closedValues = new Map<string, number | null>()
  /** Latest end of all closings, by key, and by name for those of all values. */
  readonly #longest = new Map<string, number>()
  /** Names of limits, and keys of their values, that the current commit may have opened or widened. */
  readonly changedNow = new Set<string>()

  constructor(program: Program, databaseTime: (now: number) => number) {
    this.#program = program
    this.databaseTime = databaseTime
  }

  apply({ table, after, before }: RowChange, now: number): void {
    if (table === 'limits' && after !== null) this.#limitChanged(after, now)
    else if (table === 'limit_values') this.#valueChanged(before, after)
  }

  committed(): void {
    this.changedNow.clear()
  }

  /** Returns the values that apply. */
  values(name: string): LimitValues {
    const { declared = null, overrides = null } = this.byName.get(name) ?? {}
    return { ...UNLIMITED, ...declared, ...overrides }
  }

  /** Returns the time of the database until which a value is closed, or 0. */
  closedUntil(name: string, value: string): number {
    return Math.max(this.byName.get(name)?.closedUntil ?? 0, this.#closedValues.get(keyOf(name, value)) ?? 0)
  }

  isClosed(name: string, value: string, now: number): boolean {
    return this.closedUntil(name, value) > this.databaseTime(now)
  }

  /** Returns whether a closing was stored that lasts until a simulated time. `value`: null for all values. */
  wasClosed(name: string, value: string | null, until: number): boolean {
    const longest = this.#longest.get(value === null ? name : keyOf(name, value)) ?? 0
    return longest >= this.databaseTime(until) - 2
  }

  /** Returns whether a closing is stored that only a person can have caused. `value`: null for all values. */
  isClosedByPerson(name: string, value: string | null): boolean {
    if (value === null) return (this.byName.get(name)?.closedUntil ?? null) !== null
    const isClosedByTasks = this.#program.workflows.some(({ tasks }) =>
      tasks.some(({ triesLater }) => triesLater?.limit === name),
    )
    return !isClosedByTasks && (this.#closedValues.get(keyOf(name, value)) ?? null) !== null
  }

  #limitChanged(row: RowValues, now: number): void {
    const name = String(row.name)
    const before = this.byName.get(name)
    const declared = parsed<LimitValues>(row.declared)
    const overrides = parsed<LimitOverrides>(row.overrides)
    const closedUntil = numberOrNull(row.closed_until)
    const isSameRate =
      before !== undefined &&
      JSON.stringify([before.declared?.rate, before.overrides?.rate]) ===
        JSON.stringify([declared?.rate, overrides?.rate])
    const rateSince = isSameRate ? before.rateSince : now
    this.byName.set(name, { declared, overrides, closedUntil, rateSince })
    this.changedNow.add(name)
    this.#noteClosing(name, closedUntil)
  }

  #valueChanged(before: RowValues | null, after: RowValues | null): void {
    const row = after ?? before
    const key = keyOf(String(row?.limit_name), String(row?.value))
    const closedUntil = after === null ? null : numberOrNull(after.closed_until)
    const isOpened = (this.#closedValues.get(key) ?? null) !== null && closedUntil === null
    // Unused rows of values that are open again are removed.
    if (isOpened && after !== null) this.changedNow.add(key)
    this.#closedValues.set(key, closedUntil)
    this.#noteClosing(key, closedUntil)
  }

  #noteClosing(key: string, until: number | null): void {
    this.#longest.set(key, Math.max(this.#longest.get(key) ?? 0, until ?? 0))
  }
}

/** Returns the key of a limit and a JSON text of a value of `per`. */
export function keyOf(name: string, value: string): string {
  return `${name} ${value}`
}

/** Returns the value of `per` in an input as JSON text. */
export function valueIn(inputText: string, per: string | null): string {
  if (per === null) return 'null'
  const input = JSON.parse(inputText) as Readonly<Record<string, unknown>>
  return JSON.stringify(input[per] ?? null)
}

function parsed<Value>(text: string | number | null | undefined): Value | null {
  const json = textOrNull(text)
  return json === null ? null : (JSON.parse(json) as Value)
}
