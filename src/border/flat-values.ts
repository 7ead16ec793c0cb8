/** How the values that functions returned lie in a message: all texts as one, and a number for each. */

import type { FlatValues, RaisedFault } from './protocol.ts'

const SIZE_OF_NONE = -1
/** Every other negative size stands for an error. */
const SIZE_OF_OVERDUE = -3

/** Result of one call. `valueText` is JSON. */
export type FlatValue =
  | { readonly kind: 'value'; readonly valueText: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'raised' | 'overdue'; readonly error: RaisedFault }

const UNKNOWN: RaisedFault = {
  type: 'RuntimeError',
  message: 'the interpreter did not report the exception',
  traceback: '',
}

export function flatValues({ text, sizes, errors }: FlatValues): readonly FlatValue[] {
  let [begin, nextError] = [0, 0]
  return sizes.map((size) => {
    if (size === SIZE_OF_NONE) return { kind: 'none' }
    if (size < 0) {
      return { kind: size === SIZE_OF_OVERDUE ? 'overdue' : 'raised', error: errors[nextError++] ?? UNKNOWN }
    }
    begin += size
    return { kind: 'value', valueText: text.slice(begin - size, begin) }
  })
}
