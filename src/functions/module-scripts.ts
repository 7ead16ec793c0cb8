/**
 * Loads TypeScript and JavaScript scripts, and calls their functions here or in a script's worker. The runner opens it
 * for the first script. The engine calls it through the host for both kinds of script.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { moduleDeclarations } from '../authoring/definition.ts'
import type { ContextCheck, ModuleDeclarations } from '../authoring/function-types.ts'
import type { PollRequest, TaskRequest, TaskResult, TickResult } from '../engine/ports.ts'
import type { ContextText } from '../model/context.ts'
import type { Declarations } from '../model/declarations.ts'
import type { ScriptLineSink } from '../output/script-line.ts'
import { LoopWatch } from './blocking/loop-watch.ts'
import { checkedText } from './checked-text.ts'
import { FunctionHost, type FunctionHostOptions } from './function-host.ts'
import { IsolatedScript } from './isolation/isolated-script.ts'
import { refuseIsolation, wantsWorker } from './isolation/wants-worker.ts'
import { exportedValues } from './loading/exported-values.ts'
import { pathFromUrl } from './loading/module-graph.ts'
import { type ImportedModule, type ModuleFault, ModuleLoader, moduleFault } from './loading/module-loader.ts'

export interface LoadedModule extends Declarations {
  readonly script: string
  /** Files of the user that the script consists of; after a failed load, those up to the failure. */
  readonly files: readonly string[]
  readonly fault: ModuleFault | null
}

export interface ModuleScriptsOptions extends FunctionHostOptions {
  readonly loadDeadlineMs: number
  /** Module that `cloaca` resolves to in scripts. */
  readonly packageUrl: string
  /** Returns the argument of a script's default function. */
  readonly runner: () => unknown
  /** Output stream and memory limit of workers. */
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly prefixes: boolean
  /** Receives the output of workers in place of the streams. Default: none. */
  readonly output?: ScriptLineSink | undefined
  readonly memoryMebibytes: number
}

export class ModuleScripts {
  readonly #options: ModuleScriptsOptions
  readonly #loader: ModuleLoader
  readonly #host: FunctionHost
  /** Scripts that were ever loaded or registered. */
  readonly #known = new Set<string>()
  readonly #inputs = new Map<string, ReadonlyMap<string, ContextCheck>>()
  readonly #files = new Map<string, ReadonlySet<string>>()
  #watch: LoopWatch | null = null
  readonly #isolated = new Map<string, IsolatedScript>()
  /** Values that the running default function has registered. */
  readonly #registering = new AsyncLocalStorage<unknown[]>()
  #registered: readonly unknown[] = []

  constructor(options: ModuleScriptsOptions) {
    this.#options = options
    this.#loader = new ModuleLoader(options.clock, options.loadDeadlineMs, options.packageUrl)
    this.#host = new FunctionHost(options)
  }

  /** Returns whether it is a script of this kind, even if it is no longer served. */
  knows(script: string): boolean {
    return this.#known.has(script)
  }

  isServed(script: string): boolean {
    return this.#host.has(script) || this.#isolated.get(script)?.isServed === true
  }

  /** Loads a file. Good functions replace the previous ones; after a failure nothing changes. */
  async load(script: string, path: string): Promise<LoadedModule> {
    this.#known.add(script)
    return wantsWorker(path) ? await this.#loadIsolated(script, path) : await this.#loadHere(script, path)
  }

  async #loadIsolated(script: string, path: string): Promise<LoadedModule> {
    const known = this.#isolated.get(script)
    const isolated = known ?? new IsolatedScript({ ...this.#options, script, path })
    const { files, result } = await isolated.load()
    if (result.kind === 'failed') return { script, files, fault: result.fault, triggers: [], workflows: [] }
    this.#isolated.set(script, isolated)
    this.#forgetHere(script)
    return { script, files, fault: null, ...result.declarations }
  }

  async #loadHere(script: string, path: string): Promise<LoadedModule> {
    this.#watch ??= this.#watchLoop() // first, because the import may not end
    this.#loader.watch = this.#watch
    const imported = await this.#loader.import(path)
    const { files } = imported
    if (imported.kind === 'failed') return { script, files, fault: imported.fault, triggers: [], workflows: [] }
    try {
      refuseIsolation(imported.exports)
      const declared = moduleDeclarations(await this.#valuesOf(imported), script)
      this.#use(script, declared, files)
      this.#forgetIsolated(script)
      return { script, files, fault: null, ...declared.declarations }
    } catch (thrown) {
      return { script, files, fault: await moduleFault(thrown, path, files), triggers: [], workflows: [] }
    }
  }

  /** Stops new calls of the script. Running ones continue. */
  unload(script: string): void {
    this.#forgetHere(script)
    this.#forgetIsolated(script)
  }

  #forgetHere(script: string): void {
    this.#host.remove(script)
    this.#inputs.delete(script)
  }

  #forgetIsolated(script: string): void {
    this.#isolated.get(script)?.unload()
    this.#isolated.delete(script)
  }

  /** Adds workflows and triggers to the program, or to the script whose default function runs. Returns null then. */
  register(values: readonly unknown[], program: string): Declarations | null {
    const ofScript = this.#registering.getStore()
    if (ofScript !== undefined) {
      moduleDeclarations(values, program) // throws here for a wrong value
      ofScript.push(...values)
      return null
    }
    const all = [...new Set([...this.#registered, ...values])]
    const declared = moduleDeclarations(all, program)
    this.#registered = all
    this.#known.add(program)
    this.#use(program, declared, placesOf(declared.declarations))
    return declared.declarations
  }

  /** Checks the context of a new execution. Returns the same text if nothing changes. Throws `INVALID_CONTEXT`. */
  async checkedInput(script: string, workflow: string, contextText: ContextText): Promise<ContextText> {
    const isolated = this.#isolated.get(script)
    if (isolated !== undefined) return await isolated.checkedInput(workflow, contextText)
    return await checkedText(this.#inputs.get(script)?.get(workflow), contextText)
  }

  poll(request: PollRequest): Promise<TickResult> {
    return (this.#hostOf(request.script) ?? this.#host).poll(request)
  }

  runTask(request: TaskRequest): Promise<TaskResult> {
    return (this.#hostOf(request.script) ?? this.#host).runTask(request)
  }

  cancelTasks(executionId: string): void {
    this.#host.cancelTasks(executionId)
    for (const isolated of this.#isolated.values()) isolated.cancelTasks(executionId)
  }

  underWay(): readonly string[] {
    return [...this.#host.underWay(), ...[...this.#isolated.values()].flatMap((isolated) => isolated.underWay())]
  }

  async close(): Promise<void> {
    this.#host.close()
    await this.#watch?.close()
    await Promise.all([...this.#isolated.values()].map((isolated) => isolated.close()))
    this.#loader.close()
    await this.#options.printer.drain()
  }

  #watchLoop(): LoopWatch {
    const { clock, notice } = this.#options
    return new LoopWatch({
      clock,
      notice,
      fileOf: userFile,
      suspects: (file, at) => this.#host.suspects((script) => this.#files.get(script)?.has(file) === true, at),
    })
  }

  /** Returns undefined for a script that runs in this thread, as most do. */
  #hostOf(script: string): IsolatedScript | undefined {
    return this.#isolated.size === 0 ? undefined : this.#isolated.get(script)
  }

  async #valuesOf({ url, exports }: ImportedModule & { readonly kind: 'imported' }): Promise<readonly unknown[]> {
    const { values, defaultFunction } = exportedValues(exports)
    if (defaultFunction === null) return values
    const registered: unknown[] = []
    const call = async () => await defaultFunction(this.#options.runner())
    await this.#loader.within(url, () => this.#registering.run(registered, call))
    return [...new Set([...values, ...registered])]
  }

  #use(script: string, { functions }: ModuleDeclarations, files: readonly string[]): void {
    this.#files.set(script, new Set(files))
    this.#watch ??= this.#watchLoop()
    this.#inputs.set(script, functions.inputs)
    this.#host.use(script, functions)
  }
}

/** Returns the files that declare the workflows and triggers of a program. */
function placesOf({ workflows, triggers }: Declarations): readonly string[] {
  return [...workflows, ...triggers].flatMap(({ place }) => place?.file ?? [])
}

/** Returns the path of a user's module; null for Node's own, for packages and for this package. */
function userFile(url: string): string | null {
  if (!url.startsWith('file:') || url.startsWith(OWN_FOLDER) || url.includes('/node_modules/')) return null
  return pathFromUrl(url)
}

const OWN_FOLDER = new URL('../', import.meta.url).href
