/** A real store whose database a test can make refuse or wait: stands at the Store port, in front of the real one. */

import type { ActionStore, AlertStore, GraphStore, Store } from '../../src/engine/ports.ts'
import { StoreError } from '../../src/errors.ts'

type StepName = keyof Store | keyof ActionStore | keyof AlertStore | keyof GraphStore

export class Refusals {
  readonly #refused = new Map<StepName, number>()
  readonly #held = new Map<StepName, Promise<void>>()

  /** The next `times` calls of a step reject as when the disk is full. */
  refuse(step: StepName, times: number): void {
    this.#refused.set(step, times)
  }

  /** Calls of a step wait, as for a lock, until the function that is returned is called. */
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

  /** The store, or one part of it, with what was asked for in front of it. */
  of<Part extends Store | ActionStore | AlertStore | GraphStore>(store: Part): Part {
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
