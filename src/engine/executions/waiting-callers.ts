/** Callers of `execute` that wait for the end of a run. Each is notified once: of the end, or why there is none. */

import type { Execution } from '../../model/execution.ts'

interface Wait {
  readonly promise: Promise<Execution>
  readonly resolve: (execution: Execution) => void
  readonly reject: (reason: Error) => void
}

export class WaitingCallers {
  readonly #waits = new Map<string, Wait[]>()

  until(executionId: string): Promise<Execution> {
    const wait = Promise.withResolvers<Execution>()
    this.#waits.set(executionId, [...(this.#waits.get(executionId) ?? []), wait])
    return wait.promise
  }

  get executionIds(): readonly string[] {
    return [...this.#waits.keys()]
  }

  ended(execution: Execution): void {
    for (const wait of this.#take(execution.id)) wait.resolve(execution)
  }

  giveUp(executionId: string, reason: Error): void {
    for (const wait of this.#take(executionId)) wait.reject(reason)
  }

  /** Rejects one wait. The others for the run continue. */
  leave(executionId: string, ended: Promise<Execution>, reason: Error): void {
    const waits = this.#take(executionId)
    const others = waits.filter(({ promise }) => promise !== ended)
    if (others.length > 0) this.#waits.set(executionId, others)
    waits.find(({ promise }) => promise === ended)?.reject(reason)
  }

  giveUpAll(reason: Error): void {
    for (const id of this.executionIds) this.giveUp(id, reason)
  }

  #take(executionId: string): readonly Wait[] {
    const waits = this.#waits.get(executionId) ?? []
    this.#waits.delete(executionId)
    return waits
  }
}
