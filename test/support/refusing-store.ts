/** A real store whose database a test can make refuse or wait: stands at the Store port, in front of the real one. */

import type { Store } from '../../src/engine/ports.ts'
import { StoreError } from '../../src/errors.ts'

export class Refusals {
  readonly #refused = new Map<keyof Store, number>()
  readonly #held = new Map<keyof Store, Promise<void>>()

  /** The next `times` calls of a step reject as when the disk is full. */
  refuse(step: keyof Store, times: number): void {
    this.#refused.set(step, times)
  }

  /** Calls of a step wait, as for a lock, until the function that is returned is called. */
  hold(step: keyof Store): () => void {
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

  /** The store, with what was asked for in front of it. */
  of(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => this.#call(name as keyof Store, () => member.apply(target, args))
      },
    })
  }

  #call(step: keyof Store, call: () => unknown): unknown {
    const held = this.#held.get(step)
    if (held !== undefined) return held.then(() => this.#call(step, call))
    const left = this.#refused.get(step) ?? 0
    if (left === 0) return call()
    this.#refused.set(step, left - 1)
    return Promise.reject(new StoreError('DATABASE_FAILED', 'The database refused: the disk is full.'))
  }
}
