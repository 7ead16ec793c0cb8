/**
 * `cloaca engine`, which users do not call. A program under the system's CPython starts it with its first request to
 * the engine (`python/cloaca/_cpython/engine_process.py`), and exchanges lines with it. It ends with the program, in
 * any case. Called by `main.ts`.
 *
 * Errors of the start go to its own stderr, which the program reads then. Log lines go to the stderr of the program.
 */

import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { HostError, toError } from '../../errors.ts'
import { type ParentLines, type Program, serveParent } from '../../runner/python-program.ts'
import { programLimitsFromSettings } from '../../runner/start/setting-options.ts'
import { loadSettings } from '../../settings/settings.ts'
import { openLog } from '../engine-log.ts'
import { UsageMistake } from '../print.ts'
import { sendStderrTo } from '../standard-streams.ts'

const USAGE = `usage: cloaca engine --lines MESSAGES,CONTROL [--log DESCRIPTOR]

This command is internal. A Python program that opens a cloaca.DefaultRunner starts it:
  python script.py`

const STDERR = 2
const FAILED = 1

interface Arguments {
  readonly lines: ParentLines
  /** Descriptor for log lines. */
  readonly log: number | null
}

export async function engineCommand(words: readonly string[]): Promise<number> {
  // A terminal sends these to the whole group. The engine learns from the program what to do.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  const { lines, log } = argumentsIn(words)
  let program: Program
  try {
    sendStderrTo(log)
    const limits = programLimitsFromSettings(loadSettings({ folder: process.cwd(), environment: process.env }))
    program = await serveParent(lines, openLog('warn'), limits)
  } catch (error) {
    writeSync(STDERR, `${toError(error).message}\n`)
    return FAILED
  }
  try {
    await program.exitCode
  } catch (error) {
    if (!(error instanceof HostError && error.code === 'INTERPRETER_DIED')) throw error
  }
  return 0
}

function argumentsIn(words: readonly string[]): Arguments {
  const { lines = '', log } = valuesIn(words)
  const [messages, control, ...others] = lines.split(',').map(descriptorIn)
  if (messages === undefined || control === undefined || others.length > 0)
    throw new UsageMistake('--lines needs two file descriptors, such as --lines 3,4.', USAGE)
  return { lines: { messages, control }, log: log === undefined ? null : descriptorIn(log) }
}

function valuesIn(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: { lines: { type: 'string' }, log: { type: 'string' } } }).values
  } catch (error) {
    throw new UsageMistake(toError(error).message, USAGE)
  }
}

function descriptorIn(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageMistake(`"${text}" is not a file descriptor.`, USAGE)
  return Number(text)
}
