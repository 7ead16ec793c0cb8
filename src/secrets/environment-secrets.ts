/** Secrets in variables of the environment: `CLOACA_SECRET_WAREHOUSE` is the secret `warehouse`. */

import { ONLY_FIELD, type SecretFields, type SecretProvider, secretFields } from './provider.ts'
import { isSecretVariable, SECRET_PREFIX } from './variables.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Null where no variable is set. A JSON object of texts is the fields of a secret, any other text is its field `value`. What follows
 * the prefix is the name as it is, or in capitals with `_` for each character that a name of a variable cannot have. One that is
 * empty counts as not set.
 */
export function environmentSecrets(environment: Environment = process.env): SecretProvider | null {
  // Kept apart: whoever removes them from the environment afterwards takes nothing away.
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
    return null // any other text
  }
}
