/** Type of a setting. Used by `table.ts`, which lists all settings. */

import type { ValueType } from './value-types.ts'

export interface Setting<Value> {
  readonly type: ValueType<Value>
  readonly default: Value
  readonly variable: string
  /** Null where it has none: secrets would be seen in the list of processes. */
  readonly flag: string | null
  /** Name of the value in the help of the flag. */
  readonly placeholder: string
  /** One phrase, for help texts and the manual. */
  readonly doc: string
  /** Nothing of a value that is wrong is shown. */
  readonly isPrivate: boolean
  /** Its flag may be given several times: the values are joined by commas, as in its variable. */
  readonly isRepeatable: boolean
}

type Words = Omit<Setting<unknown>, 'type' | 'default' | 'isPrivate' | 'isRepeatable'> & {
  readonly isPrivate?: true
  readonly isRepeatable?: true
}

export function setting<Value>(type: ValueType<Value>, byDefault: NoInfer<Value>, words: Words): Setting<Value> {
  return Object.freeze({ isPrivate: false, isRepeatable: false, ...words, type, default: byDefault })
}
