/** A real store whose database a test can make refuse: stands at the Store port, in front of the real one. */

import type { Store } from '../../src/engine/ports.ts'
import { StoreError } from '../../src/errors.ts'

export class Refusals {
  readonly #steps = new Map<keyof Store, number>()

  /** The next `times` calls of a step reject as when the disk is full. */
  refuse(step: keyof Store, times: number): void {
    this.#steps.set(step, times)
  }

  /** The store, with what was refused in front of it. */
  of(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          const left = this.#steps.get(name as keyof Store) ?? 0
          if (left === 0) return member.apply(target, args)
          this.#steps.set(name as keyof Store, left - 1)
          return Promise.reject(new StoreError('DATABASE_FAILED', 'The database refused: the disk is full.'))
        }
      },
    })
  }
}
