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
      const exports = await this.#inTime(nativeImport(url))
      return { kind: 'imported', exports, files: this.#graph.filesOf(url) }
    } catch (thrown) {
      const files = this.#graph.filesOf(url)
      const missing = missingModule(thrown)?.module
      // Where it would be: when it comes, the script is worth another try.
      const looked = missing !== undefined && isAbsolute(missing) ? [...files, missing] : files
      return { kind: 'failed', fault: await moduleFault(thrown, path, files), files: looked }
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
  const head = `: ${type}: `
  const text = message.startsWith(head) ? message.slice(head.length) : message.slice(': '.length)
  const place = thrown instanceof SyntaxError ? await placeOfSyntaxError(thrown, files) : placeIn(traceback, files)
  return { type, message: text, traceback, place: place ?? missingImport(thrown, path) }
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
