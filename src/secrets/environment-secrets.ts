/** Secrets in environment variables: `CLOACA_SECRET_WAREHOUSE` is the secret `warehouse`. */

import { ONLY_FIELD, type SecretFields, type SecretProvider, secretFields } from './provider.ts'
import { isSecretVariable, SECRET_PREFIX } from './variables.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Returns null if no variable is set. Ignores empty ones. A JSON object of texts has the fields of a secret, other
 * texts are its field `value`. After the prefix is the name, or its capitals with `_` for characters that a variable
 * cannot have.
 */
export function environmentSecrets(environment: Environment = process.env): SecretProvider | null {
  // A copy, so that later removals from the environment have no effect.
  const values = new Map(
    Object.entries(environment).flatMap(([name, text = '']) =>
      isSecretVariable(name) && text !== '' ? [[name, text] as const] : [],
    ),
  )
  if (values.size === 0) return null
  return (name) => {
    const text = values.get(SECRET_PREFIX + name) ?? values.get(variableOf(name))
    return text === undefined ? null : fieldsOf(text)
  }
}

function variableOf(name: string): string {
  return SECRET_PREFIX + name.toUpperCase().replace(/[^A-Z0-9]/g, '_')
}

function fieldsOf(text: string): SecretFields {
  return objectOf(text) ?? { [ONLY_FIELD]: text }
}

function objectOf(text: string): SecretFields | null {
  if (!text.trimStart().startsWith('{')) return null
  try {
    return secretFields(JSON.parse(text))
  } catch {
    return null
  }
}
