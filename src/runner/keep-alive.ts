/**
 * Keeps the process alive exactly as long as somebody counts on it: while a call is under way, while a runner that was
 * started serves, while a program runs. Timers and interpreters do not, so that a Node program which forgets to close
 * its runner ends all the same. Held by the two composition roots.
 */

import { SystemClock } from '../engine/clock.ts'
import type { Timer } from '../engine/ports.ts'

const clock = new SystemClock({ keepsProcessAlive: true })

export class KeepAlive {
  #holds = 0
  #timer: Timer | null = null

  /** Returns the end of it, which may be called more than once. */
  hold(): () => void {
    if (this.#holds++ === 0) this.#timer = clock.wakeAfter(Number.POSITIVE_INFINITY, () => {})
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      if (--this.#holds === 0) this.#timer?.cancel()
    }
  }

  async during<Result>(work: Promise<Result>): Promise<Result> {
    const release = this.hold()
    try {
      return await work
    } finally {
      release()
    }
  }

  /** The same object; what its methods return is waited for. */
  duringCallsOf<Door extends object>(door: Door): Door {
    return new Proxy(door, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...words: unknown[]) => this.during(Promise.resolve(Reflect.apply(member, target, words)))
      },
    })
  }
}
