/** Idempotency keys of tasks. Pure. */

/** Returns the JSON text that identifies a name of a task in all executions of a chain. Its SHA-256 is the key. */
export function chainNameText(chainId: string, taskId: string, name: string): string {
  return JSON.stringify([chainId, taskId, name])
}

/** Maximum size of a stored result, in bytes of JSON. */
export const MAX_RESULT_BYTES = 1_048_576
