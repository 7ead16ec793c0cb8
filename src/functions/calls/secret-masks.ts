/** What is to be hidden of what attempts print: the secrets that their executions were given. */

import { Masks } from '../../output/masks.ts'

/** Executions that are remembered: what has ended may have left something behind that goes on. */
const MOST_REMEMBERED = 2_000

export class SecretMasks {
  readonly #byExecution = new Map<string, Masks>()

  /** To be added to. */
  of(executionId: string): Masks {
    const masks = this.#byExecution.get(executionId) ?? new Masks()
    this.#byExecution.delete(executionId)
    this.#byExecution.set(executionId, masks)
    if (this.#byExecution.size > MOST_REMEMBERED) {
      const [oldest] = this.#byExecution.keys()
      if (oldest !== undefined) this.#byExecution.delete(oldest)
    }
    return masks
  }

  /** Null where nothing is to be hidden. */
  known(executionId: string): Masks | null {
    return this.#byExecution.size === 0 ? null : (this.#byExecution.get(executionId) ?? null)
  }
}
