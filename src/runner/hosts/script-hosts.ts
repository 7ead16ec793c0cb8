/** Hosts of a runner's scripts. The first script of a kind starts its host. Used by `runner.ts`. */

import type { LoadTarget } from '../../border/protocol.ts'
import type { ScriptHost } from '../../engine/ports.ts'
import { StartOnce } from '../../engine/start-once.ts'
import type { LoadedModule, ModuleScripts } from '../../functions/module-scripts.ts'
import { refuseRestricted, requireMatches } from '../../host/restriction/checked-restrictions.ts'
import type { Restrictions } from '../../host/restriction/restriction.ts'
import type { LoadedScript } from '../../host/scripts/script-generations.ts'
import type { Scripting } from '../composition.ts'
import { runnerClosedError } from '../refusals.ts'
import { isModuleFile, type ScriptSource } from '../script-sources.ts'
import { type DispatcherParts, ScriptDispatcher } from './script-dispatcher.ts'

export interface ScriptHostsOptions extends Pick<DispatcherParts, 'targets' | 'inputs' | 'loading'> {
  /** `scripts`: returns all loaded and expected scripts. */
  readonly openPython: (stopping: AbortSignal, scripts: () => readonly LoadTarget[]) => Promise<Scripting>
  readonly openModules: () => Promise<ModuleScripts>
  /** Restrictions of scripts, which TypeScript does not support. */
  readonly restrictions: Restrictions
}

export type LoadedCode = LoadedScript | LoadedModule

/** Result of loading a script. `isServed`: the host serves it now, perhaps in its old version. */
export interface LoadedIntoHost {
  readonly loaded: LoadedCode
  readonly isServed: boolean
}

export class ScriptHosts {
  readonly #stopping = new AbortController()
  readonly #python: StartOnce<Scripting>
  readonly #modules: StartOnce<ModuleScripts>
  /** Host for the engine, which includes both. */
  readonly host: ScriptHost
  readonly #restrictions: Restrictions
  readonly #known = new Map<string, LoadTarget>()

  constructor({ openPython, openModules, restrictions, ...parts }: ScriptHostsOptions) {
    this.#python = new StartOnce(() => openPython(this.#stopping.signal, () => [...this.#known.values()]))
    this.#modules = new StartOnce(openModules)
    this.#restrictions = restrictions
    this.host = new ScriptDispatcher({
      ...parts,
      python: () => this.pythonNow?.host.calls ?? null,
      startPython: async () => ((await this.#python.settled()) ?? (await this.python())).host.calls,
      modules: () => this.modulesNow,
    })
  }

  /** Interpreters, or null while there are none or they are starting. */
  get pythonNow(): Scripting | null {
    return this.#python.result
  }

  get modulesNow(): ModuleScripts | null {
    return this.#modules.result
  }

  /** Settles with the interpreters that are starting, or null. Never rejects. */
  pythonSettled(): Promise<Scripting | null> {
    return this.#python.settled()
  }

  /** Starts the interpreters, again after a failed start. Rejects after `stop`. */
  async python(): Promise<Scripting> {
    if (this.#stopping.signal.aborted) throw runnerClosedError()
    try {
      return await this.#python.done()
    } catch (error) {
      throw this.#stopping.signal.aborted ? runnerClosedError() : error
    }
  }

  async modules(): Promise<ModuleScripts> {
    if (this.#stopping.signal.aborted) throw runnerClosedError()
    return await this.#modules.done()
  }

  /** Starts immediately what these scripts need, before they are loaded. */
  async expect(sources: readonly ScriptSource[]): Promise<void> {
    for (const { script, target } of sources) this.#known.set(script, target)
    const ofPython = sources.filter(({ target }) => !isModule(target))
    if (ofPython.length > 0) (await this.python()).host.expect(ofPython)
  }

  /** Throws `INVALID_ARGUMENT` for a place of `restrictFor` that matches none of these scripts. */
  requireMatches(targets: readonly LoadTarget[]): void {
    const python = this.pythonNow
    if (python === null) requireMatches(targets, this.#restrictions)
    else python.host.requireMatches(targets)
  }

  /** Loads a script into its host. `graceMs`: time limit for running work of its old generation. */
  async load({ script, target }: ScriptSource, graceMs: number): Promise<LoadedIntoHost> {
    this.#known.set(script, target)
    if (isModule(target)) {
      refuseRestricted(target, this.#restrictions)
      const modules = await this.modules()
      return { loaded: await modules.load(script, target.path), isServed: modules.isServed(script) }
    }
    const { host } = await this.python()
    return { loaded: await host.load(script, target, graceMs), isServed: host.isServed(script) }
  }

  async unload({ script, target }: ScriptSource, graceMs: number): Promise<void> {
    if (isModule(target)) (await this.modules()).unload(script)
    else await (await this.python()).host.unload(script, graceMs)
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** `say`: receives errors of the runners that scripts have opened. */
  async close(say: (message: string) => void): Promise<void> {
    const python = await this.#python.settled()
    await python?.runners.close(say)
    await python?.host.close()
    await (await this.#modules.settled())?.close()
  }
}

function isModule(target: LoadTarget): target is LoadTarget & { readonly kind: 'file' } {
  return target.kind === 'file' && isModuleFile(target.path)
}
