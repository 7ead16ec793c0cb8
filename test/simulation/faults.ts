/** Carries out the faults of a program. */

import type { Fault, ProgramProcess } from './program.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** Time after which all processes have noticed that the database was replaced. */
const LET_GO_WITHIN_MS = 3_000

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

  /** Time at which all processes have closed a database that was replaced. */
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
        if (fault.kind === 'replaceDatabase') {
          if (!this.#canReplace()) break
          this.#replacedAt = loop.now
        }
        this.#ports.database()?.disturb(fault.kind, fault.forMs)
        for (const each of processes.values()) each.isTroubled = true
        break
      case 'cutConnection':
      case 'loseAnswer':
        this.#ports.database()?.disturbConnection(fault.kind, fault.process)
        break
      default:
        if (process !== undefined) this.#applyTo(process, fault)
    }
  }

  /** Whether all processes will let go of the file and its log before another one opens them. */
  #canReplace(): boolean {
    return [...this.#simulation.processes.values()].every(
      ({ state, isSuspended }) => !isSuspended && (state === 'running' || state === 'ended'),
    )
  }

  #applyTo(process: SimulatedProcess, fault: Fault): void {
    const { loop } = this.#simulation
    if (loop.now < this.letGoAt && ['kill', 'killAfterCommit', 'suspend', 'stop'].includes(fault.kind)) return
    switch (fault.kind) {
      case 'kill':
        process.kill()
        break
      case 'killAfterCommit':
        process.killAfterCommit()
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
        process.refuse(fault)
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
    if (Math.max(...offsets) - Math.min(...offsets) > 590_000) model.triggers.clockSetBackFar()
  }
}
