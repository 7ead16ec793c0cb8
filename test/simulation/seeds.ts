/** Runs seeds, one at a time or in several processes, and reports the failures. */

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Coverage } from './coverage.ts'
import { generate } from './generate.ts'
import type { Violation } from './model/violation.ts'
import type { Program, StoreKind } from './program.ts'
import { type SimulationOptions, type SimulationResult, simulate } from './simulation.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

export interface SeedResult {
  readonly seed: number
  readonly violation: Violation | null
  readonly coverage: ReturnType<Coverage['toJSON']>
  readonly simulatedMs: number
}

export async function runProgram(program: Program, options: SimulationOptions = {}): Promise<SimulationResult> {
  if (program.store === 'sqlite') return await simulate(program, openSqliteDatabase, options)
  // The PostgreSQL client is loaded only for programs that use it.
  const { openPostgresDatabase } = await import('./postgres/postgres-database.ts')
  return await simulate(program, openPostgresDatabase, options)
}

/** Runs the program of a seed, or a program that was written by hand. */
export async function runSeed(given: number | Program, store: StoreKind): Promise<SeedResult> {
  const program = typeof given === 'number' ? generate(given, store) : given
  const { violation, coverage, simulatedMs } = await runProgram(program)
  return { seed: program.seed, violation, coverage: coverage.toJSON(), simulatedMs }
}

export interface SeedRun {
  readonly store: StoreKind
  /** Returns the next seed or program, or null at the end. */
  readonly next: () => number | Program | null
  readonly ended: (result: SeedResult) => void
  readonly jobs: number
  /** Node options of the processes. */
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

/** Runs seeds in separate processes until none is left. Rejects when a process fails. */
export async function runSeeds(run: SeedRun): Promise<void> {
  await Promise.all(Array.from({ length: run.jobs }, () => runInWorker(run)))
}

function runInWorker({ store, next, ended, execArgv = [], env = {} }: SeedRun): Promise<void> {
  const worker = fork(WORKER, [store], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...execArgv],
    env: { ...process.env, ...env },
  })
  const sendNext = (): void => {
    const seed = next()
    if (seed !== null) worker.send(seed)
    else if (worker.connected) worker.disconnect()
  }
  return new Promise((resolve, reject) => {
    worker.on('message', (result) => {
      ended(result as SeedResult)
      sendNext()
    })
    worker.on('error', reject)
    worker.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`A process of the simulation ended with exit code ${code}.`))
    })
    sendNext()
  })
}
