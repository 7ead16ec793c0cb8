/** Reads a secret for a worker. Returns errors as values, because they cannot be sent as they are. */

import { toError } from '../../errors.ts'
import { SecretNotGranted, type SecretProvider, type SecretRequest } from '../../secrets/provider.ts'
import type { SecretAnswered } from './worker-messages.ts'

export async function answeredSecret(
  secrets: SecretProvider | null,
  { name, request }: { readonly name: string; readonly request: SecretRequest },
): Promise<SecretAnswered> {
  try {
    return { kind: 'found', fields: (await secrets?.(name, request)) ?? null }
  } catch (thrown) {
    return { kind: thrown instanceof SecretNotGranted ? 'notGranted' : 'failed', message: toError(thrown).message }
  }
}
