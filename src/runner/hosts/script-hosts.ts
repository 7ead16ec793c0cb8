/**
 * The hosts of a runner's scripts, each started by its first script: nobody pays for Python who has none, nor for the functions
 * of TypeScript. Held by `runner.ts`.
 */

import type { ScriptHost } from '../../engine/ports.ts'
import { StartOnce } from '../../engine/start-once.ts'
import type { ModuleScripts } from '../../functions/module-scripts.ts'
import { lateHost } from '../../host/late-host.ts'
import type { Scripting } from '../composition.ts'
import { closed } from '../refusals.ts'
import { type MixedHostParts, mixedHost } from './mixed-host.ts'

export interface ScriptHostsOptions extends Pick<MixedHostParts, 'targets' | 'loading'> {
  readonly openPython: (stopping: AbortSignal) => Promise<Scripting>
  readonly openModules: () => Promise<ModuleScripts>
}

export class ScriptHosts {
  readonly #stopping = new AbortController()
  readonly #python: StartOnce<Scripting>
  readonly #modules: StartOnce<ModuleScripts>
  /** Both, for the engine. */
  readonly host: ScriptHost

  constructor({ openPython, openModules, ...parts }: ScriptHostsOptions) {
    this.#python = new StartOnce(() => openPython(this.#stopping.signal))
    this.#modules = new StartOnce(openModules)
    this.host = mixedHost({ ...parts, python: this.#lateHost(), modules: () => this.modulesNow })
  }

  /** The interpreters; null while there are none, or they are starting. */
  get pythonNow(): Scripting | null {
    return this.#python.result
  }

  get modulesNow(): ModuleScripts | null {
    return this.#modules.result
  }

  /** Settles with the interpreters that are starting; null where there are none. Never rejects. */
  pythonSettled(): Promise<Scripting | null> {
    return this.#python.settled()
  }

  /** Starts the interpreters. A start that failed is tried again by the next who needs them. Rejects after `stop`. */
  async python(): Promise<Scripting> {
    if (this.#stopping.signal.aborted) throw closed()
    try {
      return await this.#python.done()
    } catch (error) {
      throw this.#stopping.signal.aborted ? closed() : error
    }
  }

  async modules(): Promise<ModuleScripts> {
    if (this.#stopping.signal.aborted) throw closed()
    return await this.#modules.done()
  }

  /** Nothing is started any more. */
  stop(): void {
    this.#stopping.abort()
  }

  /** `say`: hears what goes wrong with the runners that scripts have opened. */
  async close(say: (message: string) => void): Promise<void> {
    const python = await this.#python.settled()
    await python?.runners.close(say)
    await python?.host.close()
    await (await this.#modules.settled())?.close()
  }

  /** The engine asks for nothing before there is a script. What runs during a stop may go on to its end. */
  #lateHost(): ScriptHost {
    return lateHost(
      () => this.#python.result?.host,
      async () => ((await this.#python.settled()) ?? (await this.python())).host,
    )
  }
}
