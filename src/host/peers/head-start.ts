/**
 * The process of an interpreter that is started before the modules are loaded that speak with it: they take as long as the Node
 * of that process does. Given by `runner/start/program-start.ts`, taken by `process/interpreter-starter.ts`.
 */

import type { Peer } from './peer.ts'
import { type PyodideOptions, spawnPyodide } from './pyodide.ts'

export class HeadStart {
  readonly #options: string
  #peer: Peer | null

  constructor(options: PyodideOptions) {
    this.#options = JSON.stringify(options)
    this.#peer = spawnPyodide(options)
  }

  /** Once. Null, and it is ended, where it was not started as is wanted now. */
  take(options: PyodideOptions): Peer | null {
    const peer = this.#peer
    this.#peer = null
    if (peer === null || this.#options === JSON.stringify(options)) return peer
    peer.kill()
    return null
  }
}
