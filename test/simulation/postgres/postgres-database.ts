/** Database on a real PostgreSQL server, with simulated connections and with triggers that record its changes. */

import type { Store } from '../../../src/engine/store.ts'
import { openPostgresStore } from '../../../src/store/postgres/postgres-store.ts'
import { SeededRandom } from '../random.ts'
import { RowChanges } from '../row-changes.ts'
import { SIMULATION_START } from '../simulated-clock.ts'
import { type Leftovers, PROBLEMS, type SimulatedDatabase } from '../simulated-database.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import type { Simulation } from '../simulation.ts'
import { Backend } from './backend.ts'
import { ServerFaults } from './connection-faults.ts'
import { LockWaits } from './lock-waits.ts'
import { type PrivateDatabase, privateDatabase } from './private-server.ts'
import { type RealConnection, RealConnections } from './real-connections.ts'
import type { LogRecord } from './recording.ts'
import type { Server } from './server.ts'
import { ServerWork } from './server-work.ts'
import { simulatedDriver } from './simulated-client.ts'

export async function openPostgresDatabase(simulation: Simulation): Promise<SimulatedDatabase> {
  const database = await privateDatabase()
  const connections = new RealConnections(database.url)
  return new PostgresDatabase(simulation, database, connections, await connections.control())
}

class PostgresDatabase implements SimulatedDatabase {
  readonly #simulation: Simulation
  readonly #database: PrivateDatabase
  readonly #control: RealConnection
  readonly #server: Server
  readonly #changes = new RowChanges()
  readonly #backends: Backend[] = []
  readonly #faults = new Map<SimulatedProcess, ServerFaults>()
  #isClosing = false

  constructor(
    simulation: Simulation,
    database: PrivateDatabase,
    connections: RealConnections,
    control: RealConnection,
  ) {
    this.#simulation = simulation
    this.#database = database
    this.#control = control
    const { loop } = simulation
    const work = new ServerWork()
    const log = (line: string): void => this.#log(line)
    this.#server = {
      loop,
      work,
      log,
      locks: new LockWaits(control, { loop, work, log }),
      connections,
      committed: (process, records) => this.#committed(process, records),
      notify: () => this.#notify(),
    }
  }

  async open(process: SimulatedProcess): Promise<Store> {
    const { machine, pid, startedAt, clock, random, spec } = process
    const { loop, processes } = this.#simulation
    return await openPostgresStore({
      url: URL_OF_STORES,
      durability: 'full',
      clock,
      process: { host: machine.name, pid, startedAt },
      isProcessAlive: (other) => [...processes.values()].some((each) => each.pid === other && each.state !== 'ended'),
      newId: random.uuid,
      random: random.next,
      serverNow: () => Math.floor(SIMULATION_START + loop.now),
      notice: (message) => this.#simulation.log(`notice ${spec.name} ${message}`),
      driver: simulatedDriver((client) => {
        const name = `${spec.name}#${this.#backends.filter((each) => each.process === process).length + 1}`
        const faults = this.#faultsOf(process)
        const seeded = new SeededRandom(`${this.#simulation.program.seed} ${name}`)
        const backend = new Backend({ server: this.#server, name, process, client, faults, random: seeded })
        this.#backends.push(backend)
        return backend
      }),
    })
  }

  abandon(process: SimulatedProcess): void {
    for (const backend of this.#backends) if (backend.process === process) backend.abandon()
  }

  /** Does nothing, because the model receives each change with its commit. */
  look(): void {}

  async leftovers(): Promise<Leftovers> {
    const all = async <Row>(sql: string): Promise<readonly Row[]> => {
      const answer = await this.#control.query(sql)
      return (answer as { readonly rows: unknown }).rows as readonly Row[]
    }
    const count = async (sql: string): Promise<number> =>
      Number((await all<{ readonly count: string }>(`SELECT count(*) AS count FROM ${sql}`))[0]?.count)
    const instances = await all<{ readonly id: string }>('SELECT id FROM instances ORDER BY seq')
    return {
      subscriptions: await all(SUBSCRIPTIONS),
      instances: instances.map(({ id }) => id),
      ownedExecutions: await count('active_executions WHERE owner_seq IS NOT NULL'),
      leases: await count('triggers WHERE lease_seq IS NOT NULL'),
      unansweredActions: await count('actions WHERE answered_at IS NULL'),
      integrity: (await all<{ readonly problem: string }>(PROBLEMS)).map(({ problem }) => problem),
    }
  }

  leftoversAfterStop(): Promise<Leftovers> {
    const open = this.#backends.filter(({ isOpen }) => isOpen).map(({ name }) => name)
    if (open.length > 0) this.#simulation.report('nothing-is-left', `the connections ${open.join(', ')} are left`)
    return this.leftovers()
  }

  disturb(): void {}

  copy(): void {}

  countRestored(): null {
    return null
  }

  disturbConnection(kind: 'cutConnection' | 'loseAnswer', name: string): void {
    const process = this.#simulation.processes.get(name)
    if (process === undefined || process.state === 'ended') return
    if (!this.#faultsOf(process).disturb(kind)) return
    for (const backend of this.#backends) if (backend.process === process) backend.cut()
  }

  untilAnswered(): Promise<void> | null {
    return this.#server.work.settled
  }

  async close(): Promise<void> {
    this.#isClosing = true
    const { locks, work, connections } = this.#server
    for (const backend of this.#backends) backend.abandon()
    await work.settled
    await locks.cancelAll()
    await connections.close()
    await this.#database.drop()
  }

  /** Ignores statements that end while the database is closed: the run has its result. */
  #log(line: string): void {
    if (!this.#isClosing) this.#simulation.log(line)
  }

  #faultsOf(process: SimulatedProcess): ServerFaults {
    const { program, loop, coverage } = this.#simulation
    const random = new SeededRandom(`${program.seed} ${process.spec.name} connections`)
    const faults =
      this.#faults.get(process) ?? new ServerFaults(process, random, coverage, () => loop.now < program.durationMs)
    this.#faults.set(process, faults)
    return faults
  }

  #committed(process: SimulatedProcess, records: readonly LogRecord[]): void {
    if (this.#isClosing) return
    const { model, loop } = this.#simulation
    const changes = this.#changes.of(records)
    for (const change of changes) this.#simulation.log(`row ${JSON.stringify(change)}`)
    model.apply(changes, loop.now)
    process.refusals.afterCommit()
  }

  /** Delivers notifications, which PostgreSQL sends to each listening session with its next result. */
  async #notify(): Promise<void> {
    for (const backend of this.#backends) if (backend.isListening) await backend.takeNotifications()
  }
}

/** URL of the stores. Messages contain it, so it is the same in each run. */
const URL_OF_STORES = 'postgresql://simulated@server/simulation'

const SUBSCRIPTIONS = `
SELECT id, reactor, predicate, enabled::int AS enabled, is_degraded::int AS is_degraded,
  done_sequence::int AS done_sequence
FROM subscriptions ORDER BY seq`
