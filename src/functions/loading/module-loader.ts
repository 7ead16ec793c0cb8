/**
 * Imports the file of a script and returns its exports. Errors and timeouts are returned as values, with their place.
 * Made by `function-scripts.ts`, and in the worker of an isolated script.
 */

import { readFileSync } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import type { Clock } from '../../engine/clock-port.ts'
import type { SourcePlace } from '../../model/workflow.ts'
import { toPythonFault, userPlaces } from '../calls/faults.ts'
import { ModuleGraph } from './module-graph.ts'
import { nativeImport } from './native-import.ts'
import { placeOfSyntaxError } from './syntax-place.ts'

export interface ModuleFault {
  readonly type: string
  readonly message: string
  readonly traceback: string
  readonly place: SourcePlace | null
}

export type ImportedModule =
  | {
      readonly kind: 'imported'
      readonly url: string
      readonly exports: Readonly<Record<string, unknown>>
      readonly files: readonly string[]
    }
  | { readonly kind: 'failed'; readonly fault: ModuleFault; readonly files: readonly string[] }

/** Watches the loading thread from another thread. Scripts are identified by their URLs. */
export interface LoadWatch {
  /** Stops the script if it exceeds the limit. `urls`: its modules so far. Returns a function that ends the watch. */
  begin(script: string, urls: readonly string[], limitMs: number): () => void
  module(script: string, url: string): void
  /** Returns the line in which the script was stopped; null if it was not. */
  stoppedAt(script: string): SourcePlace | null
}

export class ModuleLoader {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #graph: ModuleGraph
  /** Null: a script in an endless loop blocks the thread. */
  watch: LoadWatch | null = null

  constructor(clock: Clock, deadlineMs: number, packageUrl: string) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#graph = new ModuleGraph(packageUrl, (script, module) => this.watch?.module(script, module))
  }

  /** Never rejects. Imports a known script again, with all its imports. */
  async import(path: string): Promise<ImportedModule> {
    const url = this.#graph.begin(path)
    try {
      const exports = await this.#inTime(url, () => nativeImport(url))
      return { kind: 'imported', url, exports, files: this.#graph.filesOf(url) }
    } catch (thrown) {
      const files = this.#graph.filesOf(url)
      const missing = missingModule(thrown)?.module
      // Includes the missing file, so that the script is retried when it appears.
      const looked = missing !== undefined && isAbsolute(missing) ? [...files, missing] : files
      return { kind: 'failed', fault: await moduleFault(thrown, path, files), files: looked }
    }
  }

  /** Calls a function that is part of a script's load. Rejects after the time limit. */
  async within<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
    return await this.#inTime(url, work)
  }

  close(): void {
    this.#graph.close()
  }

  async #inTime<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
    const limit = Promise.withResolvers<never>()
    const endWatch = this.watch?.begin(url, this.#graph.urlsOf(url), this.#deadlineMs)
    const overdue = (): void => limit.reject(new LoadTimeout(this.#deadlineMs, this.watch?.stoppedAt(url) ?? null))
    // Waits for the next turn, so that the message of a watch that has just stopped the script arrives first.
    const timer = this.#clock.wakeAfter(this.#deadlineMs, () => this.#clock.soon(overdue))
    try {
      // Runs as a microtask, so that only the script is stopped, and not its callers.
      return await Promise.race([Promise.resolve().then(work), limit.promise])
    } finally {
      timer.cancel()
      endWatch?.()
    }
  }
}

class LoadTimeout extends Error {
  override readonly name = 'TimeoutError'
  /** Line in which it was stopped while it computed; null if it waited. */
  readonly place: SourcePlace | null

  constructor(limitMs: number, place: SourcePlace | null) {
    const stopped = place === null ? '' : ' and was stopped because it never paused'
    super(
      `its import did not end within ${limitMs / 1_000} s${stopped}. Move the work into a task, or raise "limits.load"`,
    )
    this.place = place
    this.stack = `${this.name}: ${this.message}${place === null ? '' : `\n    at ${place.file}:${place.line}:1`}`
  }
}

/** Returns the fault of a failed load, with the place in one of the user's files. */
export async function moduleFault(thrown: unknown, path: string, files: readonly string[]): Promise<ModuleFault> {
  const { type, message, traceback } = toPythonFault(thrown, '')
  const head = `: ${type}: `
  const text = message.startsWith(head) ? message.slice(head.length) : message.slice(': '.length)
  return {
    type,
    message: text,
    traceback,
    place: (await placeOfFault(thrown, traceback, files)) ?? missingImport(thrown, path),
  }
}

async function placeOfFault(thrown: unknown, traceback: string, files: readonly string[]): Promise<SourcePlace | null> {
  if (thrown instanceof LoadTimeout) return thrown.place
  return thrown instanceof SyntaxError ? await placeOfSyntaxError(thrown, files) : placeIn(traceback, files)
}

function placeIn(traceback: string, files: readonly string[]): SourcePlace | null {
  return userPlaces(traceback).find(({ file }) => files.includes(file)) ?? null
}

/** For a missing module, Node reports the importing file, but not the line. */
function missingImport(thrown: unknown, path: string): SourcePlace {
  const { module, importer } = missingModule(thrown) ?? {}
  if (module === undefined || importer === undefined) return { file: path, line: 0 }
  return { file: importer, line: linesOf(importer).findIndex((line) => line.includes(basename(module))) + 1 }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return [] // the file was deleted
  }
}

/** Returns null for other errors. `module`: a path, or the name of a package. */
function missingModule(thrown: unknown): { readonly module: string; readonly importer: string } | null {
  if (!(thrown instanceof Error) || (thrown as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return null
  const found = /^Cannot find (?:module|package) '(.+)' imported from (.+)$/m.exec(thrown.message)
  return found === null ? null : { module: found[1] ?? '', importer: found[2] ?? '' }
}
