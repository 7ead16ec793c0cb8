/** Events that can occur thousands of times a second. Readers receive their numbers by name. */

import type { EngineEventMap, EngineEventName } from '../engine/engine-events.ts'

export type CountedKind = 'skips' | 'firings' | 'failedRuns' | 'failedEvents'

/** Returns null for an event that is sent by itself. */
export function countedKind(name: EngineEventName, event: EngineEventMap[EngineEventName]): CountedKind | null {
  switch (name) {
    case 'tick':
      return (event as EngineEventMap['tick']).outcome === 'skipped' ? 'skips' : null
    case 'reactorFired':
      return 'firings'
    case 'graphFailed':
      return 'failedRuns'
    case 'sourceFailed':
      return 'failedEvents'
    default:
      return null
  }
}

/** Returns the name of the event's trigger, reactor, graph or source. */
export function eventSubject(event: object): string {
  const { trigger, reactor, graph, source } = event as Readonly<Record<string, string>>
  return trigger ?? reactor ?? graph ?? source ?? ''
}

export class CountedEvents {
  readonly #counts = new Map<CountedKind, Map<string, number>>()

  add(kind: CountedKind, name: string): void {
    const names = this.#counts.get(kind) ?? new Map<string, number>()
    names.set(name, (names.get(name) ?? 0) + 1)
    this.#counts.set(kind, names)
  }

  /** Returns and resets the numbers, as events: `skips`, and `graphs` for the others. */
  take(): readonly (readonly [event: string, data: object])[] {
    const { skips, ...graphs } = Object.fromEntries(
      [...this.#counts].map(([kind, names]) => [kind, Object.fromEntries(names)]),
    )
    this.#counts.clear()
    return [
      ...(skips === undefined ? [] : [['skips', { triggers: skips }] as const]),
      ...(Object.keys(graphs).length === 0 ? [] : [['graphs', graphs] as const]),
    ]
  }
}
