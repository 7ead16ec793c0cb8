/**
 * Answers what other processes ask for: a row of the store's actions, noticed within half a second. Owned by the engine.
 * Each kind has one handler, which says null for what is not its own: then another process answers, or nobody. An action
 * is answered once, however often it is looked at.
 */

import { toError } from '../../errors.ts'
import type { ActionAnswer, ActionKind, ActionRow } from '../../model/action.ts'
import type { EngineEvents } from '../events.ts'
import { runPeriodically } from '../periodic.ts'
import type { Clock, Store } from '../ports.ts'

export interface InboxPorts {
  readonly store: Pick<Store, 'actions' | 'onForeignChange'>
  readonly clock: Clock
  readonly events: EngineEvents
}

/** Does what is asked for and says what came of it; null: it is for another process. Rejects with why it cannot be done. */
export type ActionHandler = (action: ActionRow) => Promise<ActionAnswer | null>

const LOOKED_AT_ONCE = 1_000
/** Where changes by others cannot be heard of, and where a look failed. */
const CHECK_EVERY_MS = 30_000
const DURING = 'reading requests from other processes'

export class ActionInbox {
  readonly #ports: InboxPorts
  readonly #handlers = new Map<ActionKind, ActionHandler>()
  /** Those that a handler is busy with, by id. */
  readonly #underWay = new Set<string>()
  #releases: (() => void)[] = []

  constructor(ports: InboxPorts) {
    this.#ports = ports
  }

  /** Before `start`. */
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
