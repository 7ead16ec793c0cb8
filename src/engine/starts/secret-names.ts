/** Context key with the secret for each local name. Only the declared parameters of an instance may set it. */

import type { ContextText } from '../../model/context.ts'
import type { ContextCodec } from '../ports.ts'

export const SECRET_NAMES_KEY = '__cloacina_secret_refs__'

/** Escape of `_` or a lower-case letter, with which the key can be written. Few contexts contain one. */
const ESCAPED_LETTER = /\\u00(?:5f|6[1-9a-f]|7[0-9a])/i

/** Returns the context without the key. Values keep their text. */
export function withoutSecretNames(contextText: ContextText, codec: ContextCodec): ContextText {
  if (!contextText.includes(SECRET_NAMES_KEY) && !ESCAPED_LETTER.test(contextText)) return contextText
  const keys = Object.keys(JSON.parse(contextText) as Record<string, unknown>)
  if (!keys.includes(SECRET_NAMES_KEY)) return contextText
  const kept = keys.filter((key) => key !== SECRET_NAMES_KEY)
  return `{${kept.map((key) => `${JSON.stringify(key)}:${codec.pick(contextText, key)}`).join(',')}}`
}
