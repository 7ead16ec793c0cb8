/** Server that all connections of a simulation share. */

import type { SimulationLoop } from '../loop.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import type { LockWaits } from './lock-waits.ts'
import type { RealConnections } from './real-connections.ts'
import type { LogRecord } from './recording.ts'
import type { ServerWork } from './server-work.ts'

export interface Server {
  readonly loop: SimulationLoop
  readonly work: ServerWork
  readonly locks: LockWaits
  readonly connections: RealConnections
  log(line: string): void
  /** Called after the commit of a transaction. */
  committed(process: SimulatedProcess, records: readonly LogRecord[]): void
  /** Sends the notifications of the last commit to the listening backends. */
  notify(): Promise<void>
}
