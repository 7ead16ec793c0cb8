/** `runner.instances`: the runners that are open on the database, in whatever process. */

import type { Engine } from '../../engine/engine.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import type { KeepAlive } from '../keep-alive.ts'

/** `runner.instances`: engines that have the database open. */
export class RunnerInstances {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** Returns the engines, oldest first. An engine that polls and runs nothing is a standby, or has nothing to do. */
  async list(): Promise<readonly InstanceRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.instances.list()
  }
}
