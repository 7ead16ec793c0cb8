/** `cloaca graph run`: runs a graph of scripts once, without a database. */

import { type GraphTest, Runner, UsageError } from '../../index.ts'
import { runnerOptionsFromSettings } from '../../runner/start/setting-options.ts'
import { assertJson, contextOption } from '../context-option.ts'
import { openLog } from '../engine-log.ts'
import { formatDuration, printError, printJson, printLine, printTraceback, UsageMistake } from '../print.ts'
import { settingsFrom } from '../settings/flags.ts'
import { printNodes } from './nodes.ts'

interface RunOptions {
  readonly input: string
  readonly json?: true
}

/** A failed run has exit code 1. The output of the nodes goes to stderr, because stdout has the result. */
export async function runGraph(name: string, places: readonly string[], options: RunOptions): Promise<number> {
  const inputsText = contextOption(options.input, '--input')
  assertJson(inputsText, '--input')
  await using runner = await Runner.open({
    ...runnerOptionsFromSettings(settingsFrom(options)),
    alerts: {},
    database: ':memory:',
    schema: null,
    scriptRunners: false,
    stdoutTo: 'stderr',
    log: openLog('warn'),
  })
  for (const place of places) await runner.load(place)
  const ran = await run(runner, name, inputsText)
  if (options.json) printJson(ran)
  else print(name, ran)
  return ran.error === null ? 0 : 1
}

async function run(runner: Runner, name: string, inputsText: string): Promise<GraphTest> {
  try {
    return await runner.graphs.runText(name, inputsText)
  } catch (error) {
    if (error instanceof UsageError && error.code === 'INVALID_CONTEXT')
      throw new UsageMistake(`Invalid --input: ${error.message}`)
    throw error
  }
}

function print(name: string, { resultText, error, nodesText, durationMs }: GraphTest): void {
  const took = `(${formatDuration(durationMs)})`
  if (error === null) {
    printLine(`Graph "${name}" ran ${took}.`)
    printLine(`result  ${resultText ?? 'none (no terminal node ran)'}`)
  } else {
    if (error.traceback) printTraceback(error.traceback)
    printError(new UsageMistake(`Graph "${name}" failed ${took}: ${error.message}`))
  }
  printLine('')
  printNodes(nodesText, [])
}
