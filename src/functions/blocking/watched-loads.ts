/**
 * Scripts that the engine's thread is loading, with their limits. Stopping the thread drops its stack and all waiting
 * microtasks, so it is done only in the script's own code. Used by `watch-entry.ts`.
 */

import type { Clock } from '../../engine/clock-port.ts'
import type { BlockedFrame, ToWatch } from './watch-messages.ts'

/** Gives the loader's own timer time to fire first. */
const TOLERANCE_MS = 200
const LOOK_AGAIN_AFTER_MS = 1_000
const OWN_FOLDER = new URL('../../', import.meta.url).href

interface Load {
  readonly until: number
  readonly urls: Set<string>
  /** Monotonic time of the last look at the thread for this load, or null before its limit. */
  lookedAt: number | null
}

export class WatchedLoads {
  readonly #clock: Clock
  /** By URL of the script. */
  readonly #loads = new Map<string, Load>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  received(message: ToWatch): void {
    const { load } = message
    if (message.type === 'module') this.#loads.get(load)?.urls.add(message.url)
    else if (message.type === 'loaded') this.#loads.delete(load)
    else {
      const until = this.#clock.monotonic() + message.limitMs + TOLERANCE_MS
      this.#loads.set(load, { until, urls: new Set(message.urls), lookedAt: null })
    }
  }

  /**
   * Returns whether an overdue load needs a look at the thread. Repeats after a second, because a look may find other
   * code.
   */
  needLook(): boolean {
    const now = this.#clock.monotonic()
    const due = [...this.#loads.values()].filter(
      ({ until, lookedAt }) => until <= now && (lookedAt === null || now - lookedAt >= LOOK_AGAIN_AFTER_MS),
    )
    for (const load of due) load.lookedAt = now
    return due.length > 0
  }

  /** Returns the load that the frames belong to, with its innermost frame; null for tasks, polls and the engine. */
  of(frames: readonly BlockedFrame[]): { readonly load: string; readonly frame: BlockedFrame } | null {
    const outermost = frames.findLast(({ url }) => url.startsWith('file:') && !url.startsWith(OWN_FOLDER))
    for (const [load, { urls }] of this.#loads) {
      const frame = frames.find(({ url }) => urls.has(url))
      if (frame !== undefined && outermost !== undefined && urls.has(outermost.url)) return { load, frame }
    }
    return null
  }

  overdueOf(frames: readonly BlockedFrame[]): ReturnType<WatchedLoads['of']> {
    const found = this.of(frames)
    return found !== null && typeof this.#loads.get(found.load)?.lookedAt === 'number' ? found : null
  }
}

/**
 * False for callbacks of timers and immediates, because Node 24 and 26 end the process when these do not return ("async
 * hook stack has become corrupted"). Modules, ticks, microtasks and callbacks of the system may be stopped.
 */
export function canBeStopped(frames: readonly BlockedFrame[]): boolean {
  return !frames.some(
    ({ name, url }) => url === 'node:internal/timers' && /^(listOnTimeout|processImmediate)$/.test(name),
  )
}
