/**
 * Output of `serve`: its log, and the lines of scripts unless they go to a terminal as text. In JSON, everything that
 * this process prints is a line of JSON, including errors of the start and warnings of Node.
 */

import type { LogSink, ScriptLine, ScriptLineSink } from '../../index.ts'
import { printedLines } from '../../output/printed-lines.ts'
import { replaceWarnings } from '../../output/warnings.ts'
import type { Settings } from '../../settings/settings.ts'
import { openLog } from '../engine-log.ts'
import { jsonLines } from '../json-log.ts'
import { formatMessages } from '../print.ts'
import { writeWithoutWaiting } from '../standard-streams.ts'
import { logLineText, scriptLineAtTerminal, scriptLineJson, scriptLineText } from './script-lines.ts'

interface ServeOutput {
  readonly log: LogSink
  readonly isJson: boolean
  readonly prefixOutput: boolean
  /** Receives the lines of scripts. Undefined: scripts write to the terminal. */
  readonly output?: ScriptLineSink
}

const FORMAT_FLAG = '--log-format'
const FORMAT_VARIABLE = 'CLOACA_LOG_FORMAT'

/** `prefixOutput`: whether text lines of scripts start with the names of their call. */
export function openServeOutput(settings: Settings, prefixOutput: boolean): ServeOutput {
  const format = settings.get('log.format')
  const level = settings.get('log.level')
  const isTerminal = { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true }
  if (format === 'json' || (format === 'auto' && !isTerminal.stderr)) {
    printJson()
    const output = Object.assign(writeJson, { takesRecords: true })
    return { log: openLog(level, jsonLines()), isJson: true, prefixOutput, output }
  }
  if (isTerminal.stdout && isTerminal.stderr) return { log: openLog(level), isJson: false, prefixOutput }
  const textOf = (stream: 'stdout' | 'stderr'): ((line: ScriptLine) => string) => {
    if (!prefixOutput) return ({ message }) => `${message}\n`
    return isTerminal[stream] ? scriptLineAtTerminal : scriptLineText
  }
  const formats = { stdout: textOf('stdout'), stderr: textOf('stderr') }
  const output = (line: ScriptLine): void => {
    const stream = line.stream === 'stdout' ? 'stdout' : 'stderr'
    writeWithoutWaiting(stream, formats[stream](line))
  }
  captureOutput(output)
  const log = isTerminal.stderr ? openLog(level) : openLog(level, logLineText)
  return { log, isJson: false, prefixOutput, output }
}

/** Prints errors of the command line as JSON from now on, if its words or the environment request it. */
export function printJsonEarly(words: readonly string[], environ: NodeJS.ProcessEnv): void {
  const at = words.findLastIndex((word) => word === FORMAT_FLAG || word.startsWith(`${FORMAT_FLAG}=`))
  const given = at === -1 ? environ[FORMAT_VARIABLE] : (words[at]?.split('=')[1] ?? words[at + 1])
  if (given === 'json') printJson()
}

let printsJson = false

function printJson(): void {
  if (printsJson) return
  printsJson = true
  formatMessages(jsonLines())
  captureOutput(writeJson)
}

function writeJson(line: ScriptLine): void {
  writeWithoutWaiting(line.stream === 'stdout' ? 'stdout' : 'stderr', scriptLineJson(line))
}

/** Passes on what code of this process prints outside of calls, such as modules at their import, and warnings. */
function captureOutput(output: ScriptLineSink): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = printedLines(stream, output, () => ({}))
    process[stream].write = (chunk: unknown, ...rest: unknown[]): boolean => {
      lines.write(0, typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array))
      const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined
      if (done !== undefined) process.nextTick(done)
      return true
    }
    process.on('exit', () => lines.end())
  }
  const warnings = printedLines(
    'stderr',
    (line) => output({ ...line, level: 'warn' }),
    () => ({}),
  )
  replaceWarnings((warning) => warnings.write(0, Buffer.from(`${warning}\n`)))
}
