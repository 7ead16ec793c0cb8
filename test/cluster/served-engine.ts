/** Engine of a campaign: a process of `cloaca serve`, with its interpreters, which a campaign kills and suspends. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { MAIN } from '../support/main-path.ts'

export class ServedEngine {
  /** Newest output of all engines. */
  static log = ''
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(words: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#process = spawn(process.execPath, [MAIN, 'serve', ...words], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#ended = once(this.#process, 'exit')
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      ServedEngine.log = (ServedEngine.log + text).slice(-20_000)
    })
  }

  /** Starts an engine, and waits until it serves. */
  static async start(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<ServedEngine> {
    const engine = new ServedEngine(words, environment)
    let said = ''
    await new Promise<void>((resolve, reject) => {
      engine.#process.stderr?.on('data', (text: string) => {
        said += text
        if (said.includes('serving ')) resolve()
      })
      engine.#process.once('exit', () => reject(new Error(`an engine ended: ${said}`)))
    })
    return engine
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Process ids of the engine and of its interpreters. */
  pids(): readonly number[] {
    return withChildren(this.pid)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
  }
}

function withChildren(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(withChildren)]
}

/** Sends a signal to processes. Some may have ended. */
export function signalAll(pids: Iterable<number>, signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
