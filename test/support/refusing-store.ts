/** Proxy of a real store that makes chosen calls fail or wait. */

import type { GraphStore } from '../../src/engine/graphs/graph-store.ts'
import type { IncidentStore } from '../../src/engine/incidents/incident-store.ts'
import type { ActionStore, Store } from '../../src/engine/store.ts'
import { StoreError } from '../../src/errors.ts'

type StepName = keyof Store | keyof ActionStore | keyof IncidentStore | keyof GraphStore

export class Refusals {
  readonly #refused = new Map<StepName, number>()
  readonly #held = new Map<StepName, Promise<void>>()

  /** Makes the next `times` calls of a step reject, as if the disk were full. */
  refuse(step: StepName, times: number): void {
    this.#refused.set(step, times)
  }

  /** Makes calls of a step wait, as for a lock, until the returned function is called. */
  hold(step: StepName): () => void {
    let release = (): void => {}
    this.#held.set(
      step,
      new Promise((resolve) => {
        release = resolve
      }),
    )
    return () => {
      this.#held.delete(step)
      release()
    }
  }

  /** Returns a proxy of the store, or of a part of it, that applies the requested failures and waits. */
  of<Part extends Store | ActionStore | IncidentStore | GraphStore>(store: Part): Part {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return name === 'graphs' ? this.of(member as GraphStore) : member
        return (...args: unknown[]): unknown => this.#call(name as StepName, () => member.apply(target, args))
      },
    })
  }

  #call(step: StepName, call: () => unknown): unknown {
    const held = this.#held.get(step)
    if (held !== undefined) return held.then(() => this.#call(step, call))
    const left = this.#refused.get(step) ?? 0
    if (left === 0) return call()
    this.#refused.set(step, left - 1)
    return Promise.reject(new StoreError('DATABASE_FAILED', 'The database refused: the disk is full.'))
  }
}
