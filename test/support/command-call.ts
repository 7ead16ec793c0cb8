/**
 * Calls the command line in the process of the test, which is faster than starting a process. The working directory and
 * the environment belong to the process, so one call runs at a time.
 */

import { main } from '../../src/cli/command-line.ts'
import type { StandardStreams } from '../../src/cli/standard-streams.ts'
import { TEST_CACHE } from './test-cache.ts'
import { TEST_ENVIRON } from './test-python.ts'

/** Commands that start Python or another program, or end the process. */
const PROCESS_COMMANDS = /^(run|serve|pip|engine|check|graph run|trigger test|--as-python)( |$)/

export interface CallEnd {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  readonly signal: null
}

let last: Promise<unknown> = Promise.resolve()
let environBefore: NodeJS.ProcessEnv | null = null

/** Returns the environment of this process without the variables of a running call. */
export function ownEnviron(): NodeJS.ProcessEnv {
  return environBefore ?? process.env
}

interface Collector {
  readonly output: { stdout: string; stderr: string }
  readonly streams: StandardStreams
}

/** Returns streams for a command, and an object that collects the output. */
export function collector(): Collector {
  const output = { stdout: '', stderr: '' }
  const to = (stream: 'stdout' | 'stderr') => (text: string) => {
    output[stream] += text
  }
  return { output, streams: { stdout: to('stdout'), stderr: to('stderr') } }
}

/** Returns whether a command can be called in the process of the test. */
export function isCallable(words: readonly string[]): boolean {
  return words.includes('--help') || !PROCESS_COMMANDS.test(words.join(' '))
}

/** Calls `cloaca` with the given arguments, working directory and additional environment variables. */
export function callCommand(
  words: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<CallEnd> {
  const called = last.then(() => callNow(words, folder, env))
  last = called.catch(() => undefined)
  return called
}

async function callNow(
  words: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<CallEnd> {
  const before = { folder: process.cwd(), env: { ...process.env } }
  environBefore = before.env
  const { output, streams } = collector()
  process.chdir(folder)
  Object.assign(process.env, { CLOACA_CACHE_DIR: TEST_CACHE, CLOACA_HTTP_PORT: '0', ...TEST_ENVIRON, ...env })
  try {
    const exitCode = await main(words, streams)
    return { ...output, exitCode, signal: null }
  } finally {
    environBefore = null
    process.chdir(before.folder)
    for (const name of Object.keys(process.env)) if (!(name in before.env)) delete process.env[name]
    Object.assign(process.env, before.env)
  }
}
