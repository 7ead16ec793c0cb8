/** Selects the limits and values of one pass, so that a pass takes about as long however many values there are. */

import type { LimitKey } from '../../../model/limits/limits.ts'
import { compareKeys } from './key-states.ts'

/** Maximum number of limits and values of one pass. */
const MAX_KEYS_PER_PASS = 200

/** Continues after the last key of the pass before, and begins again after the last key of all. */
export class KeyRotation {
  #last: LimitKey | null = null

  /** Returns the next of the keys, which are sorted. */
  next(keys: readonly LimitKey[]): readonly LimitKey[] {
    if (keys.length <= MAX_KEYS_PER_PASS) return keys
    const last = this.#last
    const begin = last === null ? 0 : keys.findIndex((key) => compareKeys(key, last) > 0)
    const selected = keys.slice(Math.max(0, begin)).slice(0, MAX_KEYS_PER_PASS)
    this.#last = selected.at(-1) ?? null
    return selected
  }
}
