/** `runner.instances`: engines that have the database open, in any process. */

import type { InstanceRow } from '../../model/schedule-rows.ts'
import type { EnginePorts } from '../engine-options.ts'

/** `runner.instances`: engines that have the database open. */
export class Instances {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock'>

  /** @internal */
  constructor(ports: Pick<EnginePorts, 'store' | 'clock'>) {
    this.#ports = ports
  }

  /** Returns the engines, oldest first. An engine that polls and runs nothing is a standby, or has nothing to do. */
  async list(): Promise<readonly InstanceRow[]> {
    return await this.#ports.store.listInstances(this.#ports.clock.now())
  }
}
