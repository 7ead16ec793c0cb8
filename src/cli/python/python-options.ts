/** The options of python's command line, parsed as python does. Used by `cli/run-command.ts` and `as-python.ts`. */

import type { PythonOptions } from '../../runner/python-program.ts'

/** Program to run. `rest`: its arguments. */
export type PythonTarget =
  | { readonly kind: 'module' | 'code'; readonly text: string; readonly rest: readonly string[] }
  | { readonly kind: 'path'; readonly rest: readonly string[] }
  | { readonly kind: 'version' | 'help' }

export interface PythonCommandLine {
  readonly options: PythonOptions
  /** All words except cloaca's options, for a python that parses them itself. */
  readonly words: readonly string[]
  readonly target: PythonTarget
}

/** Wrong command line: an option is unknown, or lacks its argument. */
export class PythonUsage extends Error {
  readonly option: string
  readonly lacks: string | null

  constructor(option: string, lacks: string | null = null) {
    super(lacks === null ? `unknown option ${option}` : `argument expected for the ${option} option`)
    this.option = option
    this.lacks = lacks
  }
}

export interface OwnOption {
  readonly takesArgument: boolean
  given(argument: string): void
}

export type OwnOptions = Readonly<Record<string, OwnOption>>

const ARGUMENTS: Readonly<Record<string, string>> = {
  c: 'code',
  m: 'the name of a module',
  W: 'a rule',
  X: 'an option',
}

/** Letters without an argument, and the names in `sys.flags` that they increment. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  b: ['bytes_warning'],
  B: ['dont_write_bytecode'],
  d: ['debug'],
  E: ['ignore_environment'],
  I: ['isolated', 'ignore_environment', 'no_user_site', 'safe_path'],
  O: ['optimize'],
  P: ['safe_path'],
  q: ['quiet'],
  R: [],
  s: ['no_user_site'],
  S: ['no_site'],
  u: [],
  v: ['verbose'],
}

/** `environ`: variables such as PYTHONWARNINGS, unless `-E` or `-I` forbids them. */
export function parsePython(
  words: readonly string[],
  environ: NodeJS.ProcessEnv,
  own: OwnOptions = {},
): PythonCommandLine {
  return new Reader(words, own).read(environ)
}

class Reader {
  readonly #words: string[]
  readonly #own: OwnOptions
  /** Words so far that are python's. */
  readonly #taken: string[] = []
  readonly #flags: Record<string, number> = {}
  readonly #warnings: string[] = []
  readonly #xOptions: string[] = []
  #isUnbuffered = false

  constructor(words: readonly string[], own: OwnOptions) {
    this.#words = [...words]
    this.#own = own
  }

  read(environ: NodeJS.ProcessEnv): PythonCommandLine {
    const target = this.#target()
    return { options: this.#options(environ), target, words: [...this.#taken, ...this.#words] }
  }

  #target(): PythonTarget {
    for (;;) {
      const word = this.#words[0]
      if (word === undefined || word === '-' || !word.startsWith('-')) return { kind: 'path', rest: this.#words }
      this.#words.shift()
      const own = this.#own[word]
      if (own !== undefined) {
        own.given(own.takesArgument ? (this.#words.shift() ?? '') : 'true')
        continue
      }
      this.#taken.push(word)
      if (word === '--') return { kind: 'path', rest: this.#words }
      if (word === '--version') return { kind: 'version' }
      if (word === '--help') return { kind: 'help' }
      if (word === '--check-hash-based-pycs') this.#take()
      else if (word.startsWith('--')) throw new PythonUsage(word)
      else {
        const target = this.#letters(word.slice(1))
        if (target !== null) return target
      }
    }
  }

  #take(): string | undefined {
    const word = this.#words.shift()
    if (word !== undefined) this.#taken.push(word)
    return word
  }

  /** Reads a word of several letters. The rest after a letter with an argument is the argument. */
  #letters(word: string): PythonTarget | null {
    for (let place = 0; place < word.length; place++) {
      const letter = word[place] ?? ''
      if ('cmWX'.includes(letter)) return this.#withArgument(letter, word.slice(place + 1))
      if (letter === 'V') return { kind: 'version' }
      if (letter === 'h' || letter === '?') return { kind: 'help' }
      const names = FLAGS[letter]
      if (names === undefined) throw new PythonUsage(`-${letter}`)
      for (const name of names) this.#flags[name] = (this.#flags[name] ?? 0) + 1
      if (letter === 'u') this.#isUnbuffered = true
    }
    return null
  }

  #withArgument(letter: string, attached: string): PythonTarget | null {
    const argument = attached !== '' ? attached : this.#take()
    if (argument === undefined) throw new PythonUsage(`-${letter}`, ARGUMENTS[letter] ?? 'an argument')
    if (letter === 'c') return { kind: 'code', text: argument, rest: this.#words }
    if (letter === 'm') return { kind: 'module', text: argument, rest: this.#words }
    if (letter === 'W') this.#warnings.push(argument)
    else this.#xOptions.push(argument)
    return null
  }

  #options(environ: NodeJS.ProcessEnv): PythonOptions {
    const heeded: Record<string, string> = {}
    if (!this.#flags.ignore_environment) {
      for (const [name, value] of Object.entries(environ)) {
        if (name.startsWith('PYTHON') && value !== undefined) heeded[name] = value
      }
    }
    if (this.#isUnbuffered) heeded.PYTHONUNBUFFERED = '1'
    if (this.#flags.dont_write_bytecode) heeded.PYTHONDONTWRITEBYTECODE = '1'
    if (heeded.PYTHONSAFEPATH) this.#flags.safe_path = 1
    const isDeveloping = this.#xOptions.includes('dev') || Boolean(heeded.PYTHONDEVMODE)
    const rules = [isDeveloping ? 'default' : '', heeded.PYTHONWARNINGS ?? '', ...this.#warnings].filter(Boolean)
    if (rules.length > 0) heeded.PYTHONWARNINGS = rules.join(',')
    if (isDeveloping) this.#flags.dev_mode = 1
    return { environ: heeded, flags: { ...this.#flags }, xOptions: [...this.#xOptions] }
  }
}
