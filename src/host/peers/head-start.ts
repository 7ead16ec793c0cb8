/**
 * Process of an interpreter that is started before the modules that communicate with it are loaded, because that takes
 * as long as the start of Node. Made by `runner/start/program-start.ts`, taken by `process/interpreter-starter.ts`.
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

  /** Returns the process once. Ends it and returns null if it was started with other options. */
  take(options: PyodideOptions): Peer | null {
    const peer = this.#peer
    this.#peer = null
    if (peer === null || this.#options === JSON.stringify(options)) return peer
    peer.kill()
    return null
  }
}
