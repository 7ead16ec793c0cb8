/**
 * Answers actions that other processes store, within half a second. Owned by the engine. The handler of a kind returns
 * null for an action of another process, which then answers it. Each action is answered once. An action whose handler
 * fails, for example because the database refuses a write, is tried again after a back-off. An answer that the database
 * refuses is stored again, without carrying out the action twice.
 */

import { toError, UsageError } from '../../errors.ts'
import type { ActionAnswer, ActionKind, ActionRow } from '../../model/action.ts'
import { GrowingDelay } from '../backoff/backoff.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import { RetriedWrites } from '../backoff/retried-writes.ts'
import type { EnginePorts } from '../engine-options.ts'
import { runPeriodically } from '../periodic.ts'

/**
 * Carries out an action. Returns null if another process does, or the answer is stored. Rejects with a `UsageError` if
 * the action is refused, and with another error if it has to be tried again.
 */
export type ActionHandler = (action: ActionRow) => Promise<ActionAnswer | null>

const LOOKED_AT_ONCE = 1_000
/** For stores that do not notify of changes by others. */
const CHECK_EVERY_MS = 30_000
const DURING = 'reading requests from other processes'
const DURING_ONE = 'carrying out a request from another process'

export class ActionInbox {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>
  readonly #handlers = new Map<ActionKind, ActionHandler>()
  /** Ids of actions that a handler is carrying out. */
  readonly #underWay = new Set<string>()
  readonly #looks: Reconciler
  readonly #backoff = new GrowingDelay()
  readonly #answers: RetriedWrites
  #releases: (() => void)[] = []

  constructor(ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>) {
    this.#ports = ports
    this.#answers = new RetriedWrites(ports)
    this.#looks = new Reconciler(ports, DURING, () => this.#answerAll())
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
    void this.#looks.start()
  }

  /** Begins no further action. Resolves when the answers of this time are stored. */
  async drain(): Promise<void> {
    void this.#looks.stop()
    for (const release of this.#releases) release()
    this.#releases = []
    await this.#answers.drain()
  }

  /** Resolves with the names of the answers that the database rejected again. */
  stop(): Promise<readonly string[]> {
    void this.drain()
    return this.#answers.stop()
  }

  look(): void {
    void this.#looks.request()
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
      const { store, clock } = this.#ports
      if (answer !== null) {
        await this.#answers.store({
          during: `storing the answer to the request "${action.kind}" for "${action.target}"`,
          run: () => store.actions.answer(action.id, answer, clock.now()),
        })
      }
      this.#backoff.succeeded()
    } catch (thrown) {
      this.#tryLater(toError(thrown))
    } finally {
      this.#underWay.delete(action.id)
    }
  }

  #tryLater(error: Error): void {
    const { clock, events } = this.#ports
    const delayMs = this.#backoff.failed()
    events.emit('trouble', { during: DURING_ONE, error, retryAt: clock.now() + delayMs })
    this.#looks.requestAfter(delayMs)
  }
}

function refusal(thrown: unknown): ActionAnswer {
  if (thrown instanceof UsageError) return { isRefused: true, text: thrown.message }
  throw thrown
}
