/** `runner.alerts`: what somebody was told of, and what came of it. */

import type { Store } from '../../engine/ports.ts'
import type { AlertRow } from '../../model/alert.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type PageAfterOptions, pageAfterOf } from './page.ts'

/** `runner.alerts`: sent alerts. */
export class RunnerAlerts {
  readonly #alive: KeepAlive
  readonly #store: Pick<Store, 'alerts'>

  constructor(alive: KeepAlive, store: Pick<Store, 'alerts'>) {
    this.#alive = alive
    this.#store = store
  }

  /** Returns alerts, newest first. */
  async list(options: PageAfterOptions = {}): Promise<readonly AlertRow[]> {
    using _hold = this.#alive.hold()
    return await this.#store.alerts.list(pageAfterOf(options))
  }
}
