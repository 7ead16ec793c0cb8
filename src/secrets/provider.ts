/** Providers of secrets: functions that return a secret by name, for a task. */

/** Fields of a secret by name. */
export type SecretFields = Readonly<Record<string, string>>

/** Request of a task for a secret. */
export interface SecretRequest {
  readonly workflow: string
  readonly executionId: string
  readonly taskId: string
}

/**
 * Function that returns the fields of a secret, or null if there is none (`KeyError` in the task). The function is
 * called for each request of a task. It throws `SecretNotGranted` if the workflow has no access (`PermissionError`).
 * The task receives the message of any other error (`RuntimeError`), so messages must not contain secrets.
 */
export type SecretProvider = (
  name: string,
  request: SecretRequest,
) => SecretFields | null | Promise<SecretFields | null>

/** Error that a provider throws if the workflow has no access to the secret. The task receives `PermissionError`. */
export class SecretNotGranted extends Error {
  override readonly name = 'SecretNotGranted'

  constructor(message = 'The workflow is not allowed to read this secret.') {
    super(message)
  }
}

/** Field of a secret with a single value. */
export const ONLY_FIELD = 'value'

/** Returns a copy with text fields; null for other values. */
export function secretFields(found: unknown): SecretFields | null {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return null
  const fields = Object.entries(found)
  if (!fields.every((field): field is [string, string] => typeof field[1] === 'string')) return null
  return Object.freeze(Object.fromEntries(fields))
}
