/** Which source of secrets counts, and what becomes of what it does. Used by the composition roots. */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { toError, UsageError } from '../errors.ts'
import { environmentSecrets } from './environment-secrets.ts'
import { fileSecrets } from './file-secrets.ts'
import {
  type SecretFields,
  SecretNotGranted,
  type SecretProvider,
  type SecretRequest,
  secretFields,
} from './provider.ts'

/** Of all fields: neither Docker nor Kubernetes has larger secrets, and all of it is looked for in whatever is printed. */
const MOST_CHARACTERS = 1_048_576

/** How a question for a secret ended. `message` holds nothing of a secret but its name. */
export type SecretAnswer =
  | { readonly kind: 'found'; readonly fields: SecretFields }
  | { readonly kind: 'notConfigured' | 'unknown' | 'notGranted' | 'failed'; readonly message: string }

/** Undefined: what the environment has. A text: that, and a folder of files. Null: there are none. */
export type SecretsOption = SecretProvider | string | null | undefined

/** Throws `INVALID_ARGUMENT` for what is no folder. */
export function secretProvider(option: SecretsOption, environment = process.env): SecretProvider | null {
  if (typeof option === 'function' || option === null) return option
  const sources = [environmentSecrets(environment), option === undefined ? null : fileSecrets(folderOf(option))]
  const [first, ...others] = sources.filter((source) => source !== null)
  return first === undefined || others.length === 0 ? (first ?? null) : firstOf([first, ...others])
}

/** The secret of the first that has it. */
function firstOf(providers: readonly SecretProvider[]): SecretProvider {
  return async (name, request) => {
    for (const provider of providers) {
      const found = await provider(name, request)
      if (found !== null) return found
    }
    return null
  }
}

function folderOf(option: string): string {
  const folder = resolve(option)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder
  const message = `The secrets folder "${folder}" does not exist. Check the path, or omit the option "secrets".`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'secrets' })
}

/** Never rejects. The messages are those that the Python API documents. */
export async function askForSecret(
  provider: SecretProvider | null,
  name: string,
  request: SecretRequest | null,
): Promise<SecretAnswer> {
  if (provider === null) return { kind: 'notConfigured', message: 'secrets backend not configured' }
  if (request === null) return failed('only running tasks can read secrets')
  try {
    const found = await provider(name, request)
    if (found === null || found === undefined) return { kind: 'unknown', message: `secret not found: ${name}` }
    const fields = secretFields(found)
    if (fields === null) return failed(`the fields of "${name}" must be an object of strings`)
    const size = Object.values(fields).reduce((sum, value) => sum + value.length, 0)
    if (size > MOST_CHARACTERS)
      return failed(`"${name}" has ${size} characters, but may have at most ${MOST_CHARACTERS}`)
    return { kind: 'found', fields }
  } catch (thrown) {
    if (thrown instanceof SecretNotGranted) return { kind: 'notGranted', message: `secret not granted: ${name}` }
    return failed(toError(thrown).message)
  }
}

function failed(reason: string): SecretAnswer {
  return { kind: 'failed', message: `secret backend error: ${reason}` }
}
