/** Faults of a program: kills, suspensions, refusals, cut connections and changes of the clock. */

import type { Fault, ProgramProcess } from './program.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** Time after the replacement of the database until all processes have noticed it. */
export const LET_GO_WITHIN_MS = 3_000

/** Interval at which a store checks that its file is in place, plus a margin. */
const CHECKED_WITHIN_MS = 12
/** Longest wait for a moment at which all processes are idle. */
const QUIET_WITHIN_MS = 2_000

export interface FaultPorts {
  readonly database: () => SimulatedDatabase | null
  readonly start: (spec: ProgramProcess) => void
}

export class Faults {
  readonly #simulation: Simulation
  readonly #ports: FaultPorts
  #replacedAt = Number.NEGATIVE_INFINITY

  constructor(simulation: Simulation, ports: FaultPorts) {
    this.#simulation = simulation
    this.#ports = ports
  }

  /** Time at which all processes have closed the replaced database. */
  get letGoAt(): number {
    return this.#replacedAt + LET_GO_WITHIN_MS
  }

  apply(fault: Fault): void {
    const { processes, coverage, loop } = this.#simulation
    this.#simulation.log(`fault ${JSON.stringify(fault)}`)
    const process = 'process' in fault && typeof fault.process === 'string' ? processes.get(fault.process) : undefined
    if (fault.kind !== 'refuse') coverage.fault(fault.kind, process?.spec.name ?? null)
    switch (fault.kind) {
      case 'start':
        this.#ports.start(fault.process)
        break
      case 'setWall':
        this.#setWall(fault.machine, fault.byMs)
        break
      case 'moveDatabase':
      case 'replaceDatabase':
        this.#disturbWhenQuiet(fault.kind, fault.forMs, loop.now + QUIET_WITHIN_MS)
        break
      case 'copyDatabase':
        this.#ports.database()?.copy()
        break
      case 'restoreDatabase':
        this.#disturbWhenQuiet(fault.kind, 0, loop.now + QUIET_WITHIN_MS)
        break
      case 'cutConnection':
      case 'loseAnswer':
        this.#ports.database()?.disturbConnection(fault.kind, fault.process)
        break
      default:
        if (process !== undefined) this.#applyTo(process, fault)
    }
  }

  /**
   * Moves or replaces the database when no process has computed for some time. Otherwise a store that has just checked
   * its file would commit into the file that was moved away.
   */
  #disturbWhenQuiet(kind: 'moveDatabase' | 'replaceDatabase' | 'restoreDatabase', forMs: number, until: number): void {
    const { loop } = this.#simulation
    const processes = [...this.#simulation.processes.values()]
    if (loop.now > until || (kind !== 'moveDatabase' && !processes.every(closesReplaced))) return
    if (processes.some((each) => each.loop.busyUntil + CHECKED_WITHIN_MS > loop.now)) {
      loop.step(loop.now + 1, () => this.#disturbWhenQuiet(kind, forMs, until))
      return
    }
    if (kind !== 'moveDatabase') this.#replacedAt = loop.now
    this.#ports.database()?.disturb(kind, forMs)
    for (const each of processes) each.isTroubled = true
  }

  #applyTo(process: SimulatedProcess, fault: Fault): void {
    const { loop } = this.#simulation
    if (loop.now < this.letGoAt && ['kill', 'killAfterCommit', 'suspend', 'stop', 'refuseFor'].includes(fault.kind))
      return
    switch (fault.kind) {
      case 'kill':
        process.kill()
        break
      case 'killAfterCommit':
        process.refusals.killAfterCommit()
        break
      case 'suspend':
        process.suspend(fault.withPython)
        loop.step(loop.now + fault.forMs, () => {
          this.#simulation.log(`continue ${process.spec.name}`)
          process.resume()
        })
        break
      case 'stop':
        void process.stop(fault.graceMs)
        break
      case 'reload':
        process.reload(fault.generation, fault.fails)
        break
      case 'refuse':
        process.refusals.refuse(fault)
        break
      case 'refuseFor':
        process.refuseFor(fault.code, fault.forMs)
        break
      case 'loseInterpreter':
        process.loseInterpreter(fault.forMs)
        break
      default:
        throw new Error(`A process has no fault ${fault.kind}.`)
    }
  }

  #setWall(index: number, byMs: number): void {
    const { machines, model } = this.#simulation
    this.#simulation.hasWallJumps = true
    const machine = machines[index]
    if (machine !== undefined) machine.wallOffsetMs += byMs
    const offsets = [0, ...machines.map(({ wallOffsetMs }) => wallOffsetMs)]
    if (Math.max(...offsets) - Math.min(...offsets) > 590_000) {
      model.triggers.clockSetBackFar()
      model.batches.clockSetBackFar()
    }
  }
}

/**
 * Returns whether a process closes a replaced file and its log before another process opens the new file. An idle
 * client does not check its file. A process that cannot write keeps the log, and opens no file until it is removed.
 */
function closesReplaced({ state, isSuspended, refusals, spec }: SimulatedProcess): boolean {
  return state === 'ended' || (state === 'running' && !isSuspended && !refusals.isRefusing && spec.role === 'serve')
}
