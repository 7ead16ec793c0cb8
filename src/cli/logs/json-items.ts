/** Writes the items of a list as JSON, each immediately. */

import { writeStdout } from '../standard-streams.ts'
import { visibleJson } from '../visible-text.ts'

/** Writes an array or, for a list without an end, an object per line. */
export class JsonItems {
  readonly #isEndless: boolean
  #count = 0

  constructor(isEndless: boolean) {
    this.#isEndless = isEndless
  }

  print(item: object): void {
    const json = visibleJson(JSON.stringify(item))
    if (this.#isEndless) writeStdout(`${json}\n`)
    else writeStdout(`${this.#count === 0 ? '[\n' : ',\n'}  ${json}`)
    this.#count += 1
  }

  end(): void {
    if (!this.#isEndless) writeStdout(this.#count === 0 ? '[]\n' : '\n]\n')
  }
}
