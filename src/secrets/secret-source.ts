/** Selects the source of secrets, and handles its errors. Used by the composition roots. */

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

/** Maximum length of all fields. Docker and Kubernetes have no larger secrets, and all output is searched for them. */
const MAX_CHARACTERS = 1_048_576

/** Result of a request for a secret. `message` contains nothing of it but its name. */
export type SecretAnswer =
  | { readonly kind: 'found'; readonly fields: SecretFields }
  | { readonly kind: 'notConfigured' | 'unknown' | 'notGranted' | 'failed'; readonly message: string }

/** Undefined: the environment. A text: the environment and a folder of files. Null: no secrets. */
export type SecretsOption = SecretProvider | string | null | undefined

/** Throws `INVALID_ARGUMENT` for a missing folder. */
export function secretProvider(option: SecretsOption, environment = process.env): SecretProvider | null {
  if (typeof option === 'function' || option === null) return option
  const sources = [environmentSecrets(environment), option === undefined ? null : fileSecrets(folderOf(option))]
  const [first, ...others] = sources.filter((source) => source !== null)
  return first === undefined || others.length === 0 ? (first ?? null) : firstOf([first, ...others])
}

/** Returns a secret from the first provider that has it. */
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

/** Never rejects. The Python API documents the messages. */
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
    if (size > MAX_CHARACTERS) return failed(`"${name}" has ${size} characters, but may have at most ${MAX_CHARACTERS}`)
    return { kind: 'found', fields }
  } catch (thrown) {
    if (thrown instanceof SecretNotGranted) return { kind: 'notGranted', message: `secret not granted: ${name}` }
    return failed(toError(thrown).message)
  }
}

function failed(reason: string): SecretAnswer {
  return { kind: 'failed', message: `secret backend error: ${reason}` }
}
