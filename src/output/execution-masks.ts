/** Masks of executions, which hide the secrets that an execution received in everything that it prints. */

import { Masks } from './masks.ts'

/** Maximum number of entries. An execution or an attempt that has ended may have left threads behind, which print. */
const MAX_REMEMBERED = 2_000
/** Number of entries that are deleted together, because the search for the oldest one steps over deleted entries. */
const FORGOTTEN_TOGETHER = 500

export class ExecutionMasks {
  readonly #byExecution = new Map<string, Masks>()

  of(executionId: string): Masks {
    const masks = this.#byExecution.get(executionId) ?? new Masks()
    rememberNewest(this.#byExecution, executionId, masks)
    return masks
  }

  /** Returns the masks of an execution, or null if it has no secrets. */
  known(executionId: string): Masks | null {
    return this.#byExecution.size === 0 ? null : (this.#byExecution.get(executionId) ?? null)
  }
}

/** Sets an entry as the newest one, and deletes the oldest entries if there are too many. */
export function rememberNewest<Key, Value>(entries: Map<Key, Value>, key: Key, value: Value): void {
  entries.delete(key)
  entries.set(key, value)
  if (entries.size <= MAX_REMEMBERED) return
  for (const oldest of [...entries.keys()].slice(0, FORGOTTEN_TOGETHER)) entries.delete(oldest)
}
