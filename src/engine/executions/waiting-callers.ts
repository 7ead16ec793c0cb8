/** Callers of `execute` who wait for the end of a run. Each is notified once: of the end, or why there is none to wait for. */

import type { Execution } from '../../model/execution.ts'

interface Wait {
  readonly resolve: (execution: Execution) => void
  readonly reject: (reason: Error) => void
}

export class Waits {
  readonly #waits = new Map<string, Wait[]>()

  until(executionId: string): Promise<Execution> {
    return new Promise((resolve, reject) => {
      const others = this.#waits.get(executionId) ?? []
      this.#waits.set(executionId, [...others, { resolve, reject }])
    })
  }

  /** The executions that somebody waits for. */
  get executionIds(): readonly string[] {
    return [...this.#waits.keys()]
  }

  ended(execution: Execution): void {
    for (const wait of this.#take(execution.id)) wait.resolve(execution)
  }

  giveUp(executionId: string, reason: Error): void {
    for (const wait of this.#take(executionId)) wait.reject(reason)
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
