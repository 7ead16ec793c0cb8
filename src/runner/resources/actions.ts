/** `runner.actions`: what people did, to whatever. */

import type { Store } from '../../engine/ports.ts'
import type { ActionRow } from '../../model/action.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type PageAfterOptions, pageAfterOf } from './page.ts'

export class RunnerActions {
  readonly #alive: KeepAlive
  readonly #store: Pick<Store, 'actions'>

  constructor(alive: KeepAlive, store: Pick<Store, 'actions'>) {
    this.#alive = alive
    this.#store = store
  }

  /** Newest first. What was done to one execution, trigger or schedule is told by `actions` of these. */
  async list(options: PageAfterOptions = {}): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    return await this.#store.actions.list(null, pageAfterOf(options))
  }
}
