/**
 * Imports the file of a script, and hands out what it exports. What is wrong with it is a value: its own error with the place,
 * or that it took too long. Made by `function-scripts.ts`, and in the worker of a script that has one.
 */

import type { Clock } from '../../engine/ports.ts'
import type { SourcePlace } from '../../model/workflow.ts'
import { faultOf } from '../calls/faults.ts'
import { ModuleGraph } from './module-graph.ts'
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
      readonly exports: Readonly<Record<string, unknown>>
      readonly files: readonly string[]
    }
  | { readonly kind: 'failed'; readonly fault: ModuleFault; readonly files: readonly string[] }

export class ModuleLoader {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #graph: ModuleGraph

  constructor(clock: Clock, deadlineMs: number, packageUrl: string) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#graph = new ModuleGraph(packageUrl)
  }

  /** Never rejects. What was imported before is imported anew, with all that it imports. */
  async import(path: string): Promise<ImportedModule> {
    const url = this.#graph.begin(path)
    try {
      const exports = await this.#inTime(import(url) as Promise<Readonly<Record<string, unknown>>>)
      return { kind: 'imported', exports, files: this.#graph.filesOf(url) }
    } catch (thrown) {
      const files = this.#graph.filesOf(url)
      return { kind: 'failed', fault: await moduleFault(thrown, path, files), files }
    }
  }

  /** Work that belongs to the loading of a script. Rejects when it takes too long. */
  async within<Result>(work: Promise<Result>): Promise<Result> {
    return await this.#inTime(work)
  }

  close(): void {
    this.#graph.close()
  }

  async #inTime<Result>(work: Promise<Result>): Promise<Result> {
    const limit = Promise.withResolvers<never>()
    const timer = this.#clock.wakeAfter(this.#deadlineMs, () => {
      limit.reject(new LoadTimeout(`its import did not end within ${this.#deadlineMs / 1_000} s`))
    })
    try {
      return await Promise.race([work, limit.promise])
    } finally {
      timer.cancel()
    }
  }
}

class LoadTimeout extends Error {
  override readonly name = 'TimeoutError'
}

/** What was thrown while a script was loaded, with the place in one of the user's files. */
export async function moduleFault(thrown: unknown, path: string, files: readonly string[]): Promise<ModuleFault> {
  const { type, message, traceback } = faultOf(thrown, '')
  const text = message.replace(/^: /, '').replace(new RegExp(`^${type}: `), '')
  const place = thrown instanceof SyntaxError ? await placeOfSyntaxError(thrown, files) : placeIn(traceback, files)
  return { type, message: text, traceback, place: place ?? missingImport(thrown, path) }
}

/** The first frame in a file of the script. */
function placeIn(traceback: string, files: readonly string[]): SourcePlace | null {
  for (const [, file = '', line] of traceback.matchAll(/^ {4}at .*?\(?(\/[^()]*?|[A-Za-z]:[^()]*?):(\d+):\d+\)?$/gm)) {
    if (files.includes(file)) return { file, line: Number(line) }
  }
  return null
}

/** Of a module that was not found, Node says by which file it was asked for. */
function missingImport(thrown: unknown, path: string): SourcePlace | null {
  const importer = thrown instanceof Error ? / imported from (\/.+|[A-Za-z]:.+)$/m.exec(thrown.message)?.[1] : undefined
  return importer === undefined ? { file: path, line: 0 } : { file: importer, line: 0 }
}
