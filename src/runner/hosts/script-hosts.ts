/**
 * The hosts of a runner's scripts, each started by its first script: nobody pays for Python who has none, nor for the functions
 * of TypeScript. Held by `runner.ts`.
 */

import type { LoadTarget } from '../../border/protocol.ts'
import type { ScriptHost } from '../../engine/ports.ts'
import { StartOnce } from '../../engine/start-once.ts'
import type { LoadedModule, ModuleScripts } from '../../functions/module-scripts.ts'
import { lateHost } from '../../host/late-host.ts'
import type { Restrictions } from '../../host/restriction/restriction.ts'
import type { LoadedScript } from '../../host/scripts/script-generations.ts'
import type { Scripting } from '../composition.ts'
import { closed } from '../refusals.ts'
import { refuseRestricted, requireMatches } from '../restriction/restrictions.ts'
import { isModuleFile, type ScriptSource } from '../script-sources.ts'
import { type MixedHostParts, mixedHost } from './mixed-host.ts'

export interface ScriptHostsOptions extends Pick<MixedHostParts, 'targets' | 'inputs' | 'loading'> {
  /** `scripts`: all that are loaded or expected, of Python and of TypeScript. */
  readonly openPython: (stopping: AbortSignal, scripts: () => readonly LoadTarget[]) => Promise<Scripting>
  readonly openModules: () => Promise<ModuleScripts>
  /** What scripts are held to: those of TypeScript cannot be. */
  readonly restrictions: Restrictions
}

export type Loaded = LoadedScript | LoadedModule

/** What a host made of a script. `isServed`: it serves it now, be it as it was before. */
export interface IntoHost {
  readonly loaded: Loaded
  readonly isServed: boolean
}

export class ScriptHosts {
  readonly #stopping = new AbortController()
  readonly #python: StartOnce<Scripting>
  readonly #modules: StartOnce<ModuleScripts>
  /** Both, for the engine. */
  readonly host: ScriptHost
  readonly #restrictions: Restrictions
  /** By script. */
  readonly #known = new Map<string, LoadTarget>()

  constructor({ openPython, openModules, restrictions, ...parts }: ScriptHostsOptions) {
    this.#python = new StartOnce(() => openPython(this.#stopping.signal, () => [...this.#known.values()]))
    this.#modules = new StartOnce(openModules)
    this.#restrictions = restrictions
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

  /** These are going to be loaded: what starts for them starts at once. */
  async expect(sources: readonly ScriptSource[]): Promise<void> {
    for (const { script, target } of sources) this.#known.set(script, target)
    const ofPython = sources.filter(({ target }) => !isModule(target))
    if (ofPython.length > 0) (await this.python()).host.expect(ofPython)
  }

  /** Throws `INVALID_ARGUMENT` for a place of `restrictFor` that none of these scripts is in: it would restrict nothing. */
  requireMatches(targets: readonly LoadTarget[]): void {
    const python = this.pythonNow
    if (python === null) requireMatches(targets, this.#restrictions)
    else python.host.requireMatches(targets)
  }

  /** Loads a script into the host of its kind. `graceMs`: how long what runs of its old generation may take to end. */
  async load({ script, target }: ScriptSource, graceMs: number): Promise<IntoHost> {
    this.#known.set(script, target)
    if (isModule(target)) {
      refuseRestricted(target, this.#restrictions)
      const modules = await this.modules()
      return { loaded: await modules.load(script, target.path), isServed: modules.isServed(script) }
    }
    const { host } = await this.python()
    return { loaded: await host.load(script, target, graceMs), isServed: host.isServed(script) }
  }

  /** Nothing of the script is polled or run any more. */
  async unload({ script, target }: ScriptSource, graceMs: number): Promise<void> {
    if (isModule(target)) (await this.modules()).unload(script)
    else await (await this.python()).host.unload(script, graceMs)
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

function isModule(target: LoadTarget): target is LoadTarget & { readonly kind: 'file' } {
  return target.kind === 'file' && isModuleFile(target.path)
}
