/** Type of a setting. Used by `settings-table.ts`, which lists all settings. */

import type { ValueType } from './value-types.ts'

export interface Setting<Value> {
  readonly type: ValueType<Value>
  readonly default: Value
  readonly variable: string
  /** Null for settings without a flag: the list of processes would show secrets. */
  readonly flag: string | null
  readonly placeholder: string
  /** Phrase for help texts and the manual. */
  readonly doc: string
  /** Whether messages never show a wrong value. */
  readonly isPrivate: boolean
  /** Whether the value, or a part of it, must stay secret. */
  readonly hasSecret: (value: Value) => boolean
  /** Whether the flag may be repeated: its values are joined by commas, as in the variable. */
  readonly isRepeatable: boolean
}

type Words<Value> = Omit<Setting<unknown>, 'type' | 'default' | 'isPrivate' | 'hasSecret' | 'isRepeatable'> & {
  readonly isPrivate?: true
  /** Default: whether the setting is private, or does not show its whole value. */
  readonly hasSecret?: (value: NonNullable<Value>) => boolean
  readonly isRepeatable?: true
}

export function setting<Value>(
  type: ValueType<Value>,
  byDefault: NoInfer<Value>,
  words: Words<NoInfer<Value>>,
): Setting<Value> {
  const { isPrivate = false, isRepeatable = false } = words
  const isHidden = (value: Value): boolean => isPrivate || (typeof value === 'string' && type.show(value) !== value)
  const { hasSecret = isHidden } = words
  const hasSecretIn = (value: Value): boolean => value !== null && value !== undefined && hasSecret(value)
  return Object.freeze({ ...words, isPrivate, isRepeatable, hasSecret: hasSecretIn, type, default: byDefault })
}
