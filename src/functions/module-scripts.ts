/**
 * TypeScript and JavaScript scripts: loads them, and calls their functions here or in the worker of a script that asks for one.
 * The runner opens it with the first of them; the engine calls it through the host that knows both kinds of script.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { declarationsOf } from '../authoring/definition.ts'
import type { ContextCheck, ModuleDeclarations } from '../authoring/types.ts'
import type { NotEntered, PollRequest, TaskRequest } from '../engine/ports.ts'
import type { ContextText } from '../model/context.ts'
import type { Declarations } from '../model/declarations.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import type { PollOutcome } from '../model/trigger.ts'
import { LoopWatch } from './blocking/loop-watch.ts'
import { checkedText } from './checked-text.ts'
import { FunctionHost, type FunctionHostOptions } from './function-host.ts'
import { IsolatedScript } from './isolation/isolated-script.ts'
import { refuseIsolation, wantsWorker } from './isolation/wants-worker.ts'
import { exportedValues } from './loading/exported-values.ts'
import { pathOf } from './loading/module-graph.ts'
import { type ImportedModule, type ModuleFault, ModuleLoader, moduleFault } from './loading/module-loader.ts'

/** What came of loading one file. */
export interface LoadedModule extends Declarations {
  readonly script: string
  /** The user's files of which it is made; of one that could not be loaded, those that it came to. */
  readonly files: readonly string[]
  readonly fault: ModuleFault | null
}

export interface ModuleScriptsOptions extends FunctionHostOptions {
  readonly loadDeadlineMs: number
  /** The module that `cloaca` stands for in scripts. */
  readonly packageUrl: string
  /** What the default function of a script is called with. */
  readonly runner: () => unknown
  /** Of a script that has a worker: as its workers print, and how much memory each may use. */
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly prefixes: boolean
  readonly memoryMebibytes: number
}

export class ModuleScripts {
  readonly #options: ModuleScriptsOptions
  readonly #loader: ModuleLoader
  readonly #host: FunctionHost
  /** By script: those that were ever loaded or registered. */
  readonly #known = new Set<string>()
  readonly #inputs = new Map<string, ReadonlyMap<string, ContextCheck>>()
  /** By script: the user's files of which it is made. */
  readonly #files = new Map<string, ReadonlySet<string>>()
  #watch: LoopWatch | null = null
  /** By script: those with a worker of their own. */
  readonly #isolated = new Map<string, IsolatedScript>()
  /** While the default function of a script runs: what it has registered. */
  readonly #registering = new AsyncLocalStorage<unknown[]>()
  #registered: readonly unknown[] = []

  constructor(options: ModuleScriptsOptions) {
    this.#options = options
    this.#loader = new ModuleLoader(options.clock, options.loadDeadlineMs, options.packageUrl)
    this.#host = new FunctionHost(options)
  }

  /** Whether it is a script of this kind, be it that it is not served any more. */
  knows(script: string): boolean {
    return this.#known.has(script)
  }

  isServed(script: string): boolean {
    return this.#host.has(script) || this.#isolated.get(script)?.isServed === true
  }

  /** Loads a file. When it is good, its functions take the place of those before; when it is not, everything stays as it was. */
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
    this.#watch ??= this.#watchLoop() // first: the import may be what does not end
    this.#loader.watch = this.#watch
    const imported = await this.#loader.import(path)
    const { files } = imported
    if (imported.kind === 'failed') return { script, files, fault: imported.fault, triggers: [], workflows: [] }
    try {
      refuseIsolation(imported.exports)
      const declared = declarationsOf(await this.#valuesOf(imported), script)
      this.#use(script, declared, files)
      this.#forgetIsolated(script)
      return { script, files, fault: null, ...declared.declarations }
    } catch (thrown) {
      return { script, files, fault: await moduleFault(thrown, path, files), triggers: [], workflows: [] }
    }
  }

  /** Nothing of the script is called any more; what is under way goes on. */
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

  /**
   * Adds workflows and triggers to those of the program, or of the script whose default function is running: null then, since they
   */
  register(values: readonly unknown[], program: string): Declarations | null {
    const ofScript = this.#registering.getStore()
    if (ofScript !== undefined) {
      declarationsOf(values, program) // refuses what is none where it is registered
      ofScript.push(...values)
      return null
    }
    const all = [...new Set([...this.#registered, ...values])]
    const declared = declarationsOf(all, program)
    this.#registered = all
    this.#known.add(program)
    this.#use(program, declared, placesOf(declared.declarations))
    return declared.declarations
  }

  /** What a workflow begins with, as its input wants it: the same text where nothing has to change. Throws `INVALID_CONTEXT`. */
  async checkedInput(script: string, workflow: string, contextText: ContextText): Promise<ContextText> {
    const isolated = this.#isolated.get(script)
    if (isolated !== undefined) return await isolated.checkedInput(workflow, contextText)
    return await checkedText(this.#inputs.get(script)?.get(workflow), contextText)
  }

  poll(request: PollRequest): Promise<PollOutcome | NotEntered> {
    return (this.#hostOf(request.script) ?? this.#host).poll(request)
  }

  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    return (this.#hostOf(request.script) ?? this.#host).runTask(request)
  }

  cancelTasks(executionId: string): void {
    this.#host.cancelTasks(executionId)
    for (const isolated of this.#isolated.values()) isolated.cancelTasks(executionId)
  }

  /** What is under way, as logs name it. */
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

  /** Undefined for what runs here: most scripts do. */
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

/** The files in which the workflows and triggers of a program are declared. */
function placesOf({ workflows, triggers }: Declarations): readonly string[] {
  return [...workflows, ...triggers].flatMap(({ place }) => place?.file ?? [])
}

/** The path of a module of the user's; null for Node's own, for packages and for this one. */
function userFile(url: string): string | null {
  if (!url.startsWith('file:') || url.startsWith(OWN_FOLDER) || url.includes('/node_modules/')) return null
  return pathOf(url)
}

const OWN_FOLDER = new URL('../', import.meta.url).href
