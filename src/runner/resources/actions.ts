/** `runner.actions`: what people did, to whatever. */

import type { Store } from '../../engine/ports.ts'
import type { ActionRow } from '../../model/action.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type PageAfterOptions, pageAfterOf } from './page.ts'

/** `runner.actions`: actions of users. */
export class RunnerActions {
  readonly #alive: KeepAlive
  readonly #store: Pick<Store, 'actions'>

  constructor(alive: KeepAlive, store: Pick<Store, 'actions'>) {
    this.#alive = alive
    this.#store = store
  }

  /** Returns all actions, newest first. `actions` of an execution, trigger or schedule returns only its own. */
  async list(options: PageAfterOptions = {}): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    return await this.#store.actions.list(null, pageAfterOf(options))
  }
}
