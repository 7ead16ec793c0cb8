/** What a source of secrets is: a function that is asked by name, on behalf of a task that runs. */

/** Fields of a secret by their names. */
export type SecretFields = Readonly<Record<string, string>>

/** The task that asks. */
export interface SecretRequest {
  readonly workflow: string
  readonly executionId: string
  readonly taskId: string
}

/**
 * Finds a secret: its fields, or null where there is none of that name (`KeyError` in the task). It is asked each time that a task
 * asks, and is to throw `SecretNotGranted` for a workflow that may not have it (`PermissionError`). Anything else that it throws is
 * told to the task (`RuntimeError`), so nothing secret may be in its message.
 */
export type SecretProvider = (
  name: string,
  request: SecretRequest,
) => SecretFields | null | Promise<SecretFields | null>

/** Thrown by a provider: the workflow that asks may not have the secret. The task gets `PermissionError`. */
export class SecretNotGranted extends Error {
  override readonly name = 'SecretNotGranted'

  constructor(message = 'The workflow is not allowed to read this secret.') {
    super(message)
  }
}

/** The field of a secret that has one value alone. */
export const ONLY_FIELD = 'value'

/** A copy with fields that are texts; null for anything else. */
export function secretFields(found: unknown): SecretFields | null {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return null
  const fields = Object.entries(found)
  if (!fields.every((field): field is [string, string] => typeof field[1] === 'string')) return null
  return Object.freeze(Object.fromEntries(fields))
}
