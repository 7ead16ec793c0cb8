/**
 * Answers actions that other processes store, within half a second. Owned by the engine. The handler of a kind returns
 * null for an action of another process, which then answers it. Each action is answered once.
 */

import { toError } from '../../errors.ts'
import type { ActionAnswer, ActionKind, ActionRow } from '../../model/action.ts'
import type { EnginePorts } from '../engine-options.ts'
import { runPeriodically } from '../periodic.ts'

/** Carries out an action. Returns null if another process does, or the answer is stored. Rejects with the reason. */
export type ActionHandler = (action: ActionRow) => Promise<ActionAnswer | null>

const LOOKED_AT_ONCE = 1_000
/** For stores that do not notify of changes by others, and after a failed read. */
const CHECK_EVERY_MS = 30_000
const DURING = 'reading requests from other processes'

export class ActionInbox {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>
  readonly #handlers = new Map<ActionKind, ActionHandler>()
  /** Ids of actions that a handler is carrying out. */
  readonly #underWay = new Set<string>()
  #releases: (() => void)[] = []

  constructor(ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>) {
    this.#ports = ports
  }

  /** Must be called before `start`. */
  handle(kind: ActionKind, handler: ActionHandler): void {
    this.#handlers.set(kind, handler)
  }

  start(): void {
    const { store } = this.#ports
    this.#releases = [
      store.onForeignChange(() => this.look()),
      runPeriodically({ during: DURING, everyMs: CHECK_EVERY_MS, run: async () => this.look() }, this.#ports),
    ]
    this.look()
  }

  stop(): void {
    for (const release of this.#releases) release()
    this.#releases = []
  }

  look(): void {
    void this.#answerAll().catch((thrown: unknown) => this.#reportTrouble(thrown))
  }

  async #answerAll(): Promise<void> {
    for (const action of await this.#ports.store.actions.unanswered(LOOKED_AT_ONCE)) {
      if (!this.#underWay.has(action.id)) void this.#answer(action)
    }
  }

  async #answer(action: ActionRow): Promise<void> {
    const handler = this.#handlers.get(action.kind)
    if (handler === undefined) return
    this.#underWay.add(action.id)
    try {
      const answer = await handler(action).catch(refusal)
      if (answer !== null) await this.#ports.store.actions.answer(action.id, answer, this.#ports.clock.now())
    } catch (thrown) {
      this.#reportTrouble(thrown)
    } finally {
      this.#underWay.delete(action.id)
    }
  }

  #reportTrouble(thrown: unknown): void {
    const retryAt = this.#ports.clock.now() + CHECK_EVERY_MS
    this.#ports.events.emit('trouble', { during: DURING, error: toError(thrown), retryAt })
  }
}

function refusal(thrown: unknown): ActionAnswer {
  return { isRefused: true, text: toError(thrown).message }
}
