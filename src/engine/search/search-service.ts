/** `runner.search`: search over names and ids, and the counts of the navigation of the page. */

import { textArgument } from '../../model/arguments.ts'
import { parseOptions } from '../../options/checked.ts'
import { wholeNumberAtLeast } from '../../options/schemas.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { DatabaseCounts, SearchHit } from './search-store.ts'

/** Options of `runner.search.find`. */
export interface SearchOptions {
  /** Maximum number of results, at most 100. Default: 20. */
  readonly limit?: number
}

const MAX_FOUND = 100
/** Characters of a text that are searched, which bounds the work for each name. */
const MAX_CHARACTERS = 200
const MAX_WORDS = 8
/** Shorter beginnings of ids match too many executions to be useful. */
const MIN_ID_CHARACTERS = 4
const LIMIT = wholeNumberAtLeast(1)

/** `runner.search`: search over the names and ids of a database. */
export class DatabaseSearch {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock'>

  /** @internal */
  constructor(ports: Pick<EnginePorts, 'store' | 'clock'>) {
    this.#ports = ports
  }

  /**
   * Returns triggers, schedules, workflows, reactors, sources and graphs whose names contain all words of a text in
   * their order, without regard to the case of ASCII letters. Executions, schedules and approvals whose id begins with
   * the text come first.
   */
  async find(text: string, options: SearchOptions = {}): Promise<readonly SearchHit[]> {
    const words = wordsOf(textArgument(text, 'text'))
    const limit = Math.min(parseOptions(LIMIT, options.limit ?? 20, 'limit'), MAX_FOUND)
    const [first = ''] = words
    if (first === '') return []
    const { search } = this.#ports.store
    const isId = words.length === 1 && first.length >= MIN_ID_CHARACTERS
    const [named, identified] = await Promise.all([
      search.findNames(words, limit),
      isId ? search.findIds(first, limit) : [],
    ])
    return [...identified, ...named].slice(0, limit)
  }

  /** Returns the numbers of open approvals, open incidents, reactors, sources and graphs. */
  async counts(): Promise<DatabaseCounts> {
    return await this.#ports.store.search.counts(this.#ports.clock.now())
  }
}

/** Returns the words in lower case. Names contain no control characters, and PostgreSQL rejects NUL. */
function wordsOf(text: string): readonly string[] {
  const ascii = text.slice(0, MAX_CHARACTERS).replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return ascii
    .split(/[\s\p{Cc}]+/u)
    .flatMap((word) => (word === '' ? [] : word))
    .slice(0, MAX_WORDS)
}
