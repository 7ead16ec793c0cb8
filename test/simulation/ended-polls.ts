/** Polls that Python has answered, for the checks at rest that they are stored. */

import type { PollOutcome } from '../../src/model/trigger.ts'
import type { SimulatedProcess } from './simulated-process.ts'

export class EndedPolls {
  /** Number of answered polls by trigger. `certain`: polls of engines without faults, which must have ticks. */
  readonly counts = new Map<string, { certain: number; possible: number }>()
  readonly #fired: { readonly trigger: string; readonly process: SimulatedProcess }[] = []

  add(trigger: string, outcome: PollOutcome, process: SimulatedProcess | undefined): void {
    const counts = this.counts.get(trigger) ?? { certain: 0, possible: 0 }
    this.counts.set(trigger, counts)
    counts.possible += 1
    if (process?.isTroubled === false) counts.certain += 1
    if (outcome.kind === 'fired' && process?.state === 'running') this.#fired.push({ trigger, process })
  }

  /** Returns the number of firings that must be stored, also by processes whose database refused writes for a time. */
  fired(trigger: string): number {
    return this.#fired.filter((each) => each.trigger === trigger && !each.process.isCutOff).length
  }
}
