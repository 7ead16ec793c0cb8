/** Values of limits: of the newest code, with those that a person set instead. */

import type { LimitDefinition, LimitOverrides, LimitValues } from '../../../model/limits/limits.ts'
import { jsonOrEmpty } from '../../store-rows.ts'

export interface LimitRecord {
  readonly name: string
  readonly declared: string | null
  readonly overrides: string | null
  readonly closedUntil: number | null
}

/** End of a closing that lasts until a person opens the limit. */
export const UNTIL_OPENED = Number.MAX_SAFE_INTEGER

const UNLIMITED: LimitValues = { maxActive: null, rate: null, per: null }

export function declaredValues({ declared }: Pick<LimitRecord, 'declared'>): LimitValues | null {
  return declared === null ? null : (JSON.parse(declared) as LimitValues)
}

export function storedOverrides({ overrides }: Pick<LimitRecord, 'overrides'>): LimitOverrides {
  return jsonOrEmpty(overrides)
}

/** Returns the values that apply. A limit that no code has declared has none. */
export function effectiveValues(record: LimitRecord | undefined): LimitValues {
  if (record === undefined) return UNLIMITED
  return { ...(declaredValues(record) ?? UNLIMITED), ...storedOverrides(record) }
}

/** Longest window in which attempts of a limit are counted, now or after its overrides are reset. Null: none are. */
export function longestWindowMs(record: LimitRecord | undefined): number | null {
  if (record === undefined) return null
  const windows = [declaredValues(record)?.rate, storedOverrides(record).rate].flatMap((rate) => rate?.windowMs ?? [])
  return windows.length === 0 ? null : Math.max(...windows)
}

/** Returns the text that is stored, in which equal values are equal. */
export function valuesText({ maxActive, rate, per }: LimitDefinition | LimitValues): string {
  const { count, windowMs } = rate ?? { count: 0, windowMs: 0 }
  return JSON.stringify({ maxActive, rate: rate === null ? null : { count, windowMs }, per })
}

/** Returns the time for which a closing lasts. Null: until a person opens the limit. Undefined: it is not closed. */
export function closedForMs(until: number | null, now: number): number | null | undefined {
  if (until === null || until <= now) return undefined
  return until === UNTIL_OPENED ? null : until - now
}
