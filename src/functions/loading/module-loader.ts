/**
 * Imports the file of a script, and hands out what it exports. What is wrong with it is a value: its own error with the place,
 * or that it took too long. Made by `function-scripts.ts`, and in the worker of a script that has one.
 */

import { readFileSync } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import type { Clock } from '../../engine/ports.ts'
import type { SourcePlace } from '../../model/workflow.ts'
import { faultOf, placesIn } from '../calls/faults.ts'
import { ModuleGraph } from './module-graph.ts'
import { nativeImport } from './native-import.ts'
import { placeOfSyntaxError } from './syntax-place.ts'

/** Why a script could not be loaded. */
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

/** Watches, from another thread, the thread in which scripts are loaded. They are named by their URLs. */
export interface LoadWatch {
  /** Stops the script if it computes beyond the limit. `urls`: its modules so far. Returns what ends the watch. */
  begin(script: string, urls: readonly string[], limitMs: number): () => void
  /** Another module of the script. */
  module(script: string, url: string): void
  /** The line in which the script was stopped; null if it was not. */
  stoppedAt(script: string): SourcePlace | null
}

export class ModuleLoader {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #graph: ModuleGraph
  /** Null: a script that computes for ever keeps the thread. */
  watch: LoadWatch | null = null

  constructor(clock: Clock, deadlineMs: number, packageUrl: string) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#graph = new ModuleGraph(packageUrl, (script, module) => this.watch?.module(script, module))
  }

  /** Never rejects. What was imported before is imported anew, with all that it imports. */
  async import(path: string): Promise<ImportedModule> {
    const url = this.#graph.begin(path)
    try {
      const exports = await this.#inTime(url, () => nativeImport(url))
      return { kind: 'imported', url, exports, files: this.#graph.filesOf(url) }
    } catch (thrown) {
      const files = this.#graph.filesOf(url)
      const missing = missingModule(thrown)?.module
      // Where it would be: when it comes, the script is worth another try.
      const looked = missing !== undefined && isAbsolute(missing) ? [...files, missing] : files
      return { kind: 'failed', fault: await moduleFault(thrown, path, files), files: looked }
    }
  }

  /** Calls a function that belongs to the loading of a script, named by its URL. Rejects when it takes too long. */
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
    // Not in the same turn: the watch may have stopped the script in this moment, and its message has to come in.
    const timer = this.#clock.wakeAfter(this.#deadlineMs, () => this.#clock.soon(overdue))
    try {
      // Runs as a microtask, so that only the script is stopped: its callers would never continue either.
      return await Promise.race([Promise.resolve().then(work), limit.promise])
    } finally {
      timer.cancel()
      endWatch?.()
    }
  }
}

class LoadTimeout extends Error {
  override readonly name = 'TimeoutError'
  /** The line in which it was stopped while it computed; null if it waited. */
  readonly place: SourcePlace | null

  constructor(limitMs: number, place: SourcePlace | null) {
    const stopped = place === null ? '' : ' and was stopped because it never paused'
    super(
      `its import did not end within ${limitMs / 1_000} s${stopped}. Move the work into a task, or raise "limits.load"`,
    )
    this.place = place
    // Its own frames are those of the timer.
    this.stack = `${this.name}: ${this.message}${place === null ? '' : `\n    at ${place.file}:${place.line}:1`}`
  }
}

/** What was thrown while a script was loaded, with the place in one of the user's files. */
export async function moduleFault(thrown: unknown, path: string, files: readonly string[]): Promise<ModuleFault> {
  const { type, message, traceback } = faultOf(thrown, '')
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

/** The first frame in a file of the script. */
function placeIn(traceback: string, files: readonly string[]): SourcePlace | null {
  return placesIn(traceback).find(({ file }) => files.includes(file)) ?? null
}

/** Of a module that is not there, Node says by which file it was asked for, and not in which line. */
function missingImport(thrown: unknown, path: string): SourcePlace {
  const { module, importer } = missingModule(thrown) ?? {}
  if (module === undefined || importer === undefined) return { file: path, line: 0 }
  return { file: importer, line: linesOf(importer).findIndex((line) => line.includes(basename(module))) + 1 }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return [] // it has gone since
  }
}

/** Null for another error. `module`: a path, or the name of a package. */
function missingModule(thrown: unknown): { readonly module: string; readonly importer: string } | null {
  if (!(thrown instanceof Error) || (thrown as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return null
  const found = /^Cannot find (?:module|package) '(.+)' imported from (.+)$/m.exec(thrown.message)
  return found === null ? null : { module: found[1] ?? '', importer: found[2] ?? '' }
}
