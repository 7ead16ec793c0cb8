/** Events of which there may be thousands a second: readers hear how many there were of each name. */

import type { EngineEventMap, EngineEventName } from '../engine/events.ts'

export type CountedKind = 'skips' | 'firings' | 'failedRuns' | 'failedEvents'

/** Null: it is told by itself. */
export function kindOf(name: EngineEventName, event: EngineEventMap[EngineEventName]): CountedKind | null {
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

/** Of the trigger, reactor, graph or source that it is about. */
export function nameIn(event: object): string {
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

  /** What there was since, as events: `skips`, and `graphs` for all the rest. */
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
