#!/usr/bin/env node
/**
 * The command line. Picks the command, and is the only place that ends the process.
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; `run` exits with the script's own.
 */

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'

const OLDEST_NODE = 24

// Before anything is imported that an older Node cannot even parse.
if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `cloaca needs Node ${OLDEST_NODE} or newer, but this is Node ${process.versions.node}. Install a newer Node.`,
  )
  process.exit(1)
}

// First: it remembers who has started this process.
const { returnToFolderOfCaller } = await import('./npm.ts')

// Compiling the command line takes 25 ms of each start otherwise.
const { compileCacheFolder } = await import('../host/environment/cache-folder.ts')
const { enableCompileCache } = await import('node:module') // an older Node has none, and would end at a static import
const compiled = compileCacheFolder(process.env)
if (compiled !== null) enableCompileCache(compiled)

const { hidePasswords } = await import('./settings/process-title.ts')
hidePasswords(process.argv.slice(2))

const FAILED = 1
const WRONG_USAGE = 2

async function main(words: readonly string[]): Promise<number> {
  const { printError, UsageMistake } = await import('./print.ts')
  const { UnwritableOutput, drainStderr } = await import('./standard-streams.ts')
  try {
    // By the launcher that scripts find as sys.executable: `host/environment/python-launcher.ts`.
    if (words[0] === '--as-python') {
      const { asPython } = await import('./python/as-python.ts')
      return await asPython(words.slice(1))
    }
    returnToFolderOfCaller()
    if (words[0] === 'run') {
      const { runCommand } = await import('./run.ts')
      return await runCommand(words.slice(1))
    }
    if (words[0] === 'engine') {
      const { engineCommand } = await import('./engine/engine.ts')
      return await engineCommand(words.slice(1))
    }
    if (words[0] === 'pip') {
      const { runPip } = await import('./pip.ts')
      return await runPip(words.slice(1))
    }
    return await runSubcommand(words)
  } catch (error) {
    printError(error)
    if (error instanceof UnwritableOutput) return error.exitCode
    return error instanceof UsageMistake ? WRONG_USAGE : FAILED
  } finally {
    await drainStderr()
  }
}

async function runSubcommand(words: readonly string[]): Promise<number> {
  const { Command, CommanderError } = await import('commander')
  const { serveCommand } = await import('./serve/serve.ts')
  const { triggerCommand } = await import('./trigger/trigger.ts')
  const { workflowCommand } = await import('./workflow/workflow.ts')
  const { executionCommand } = await import('./execution/execution.ts')
  const { graphCommand } = await import('./graph/graph.ts')
  const { reactorCommand } = await import('./reactor/reactor.ts')
  const { sourceCommand } = await import('./source/source.ts')
  const { scheduleCommand } = await import('./schedule.ts')
  const { instanceCommand, statusCommand } = await import('./status.ts')
  const { tenantCommand } = await import('./tenant/tenant.ts')
  const { completionCommand } = await import('./completion.ts')
  const { pipCommand } = await import('./pip.ts')
  const { alertCommand } = await import('./alerts/alert.ts')
  const { checkCommand } = await import('./check/check.ts')
  const { configCommand } = await import('./settings/config.ts')
  const { printWrongWords } = await import('./print.ts')
  const { withExamples } = await import('./help.ts')
  const { writeStdout } = await import('./standard-streams.ts')
  let exitCode = 0
  const finish = (code: number) => {
    exitCode = code
  }
  const program = withExamples(new Command('cloaca'), 'cloaca run hello.py', 'cloaca serve jobs', 'cloaca trigger list')
    .description('run workflows and triggers written in Python or TypeScript')
    .version(packageVersion())
    .showSuggestionAfterError()
  program.command('run').description('run a Python program like python; see cloaca run --help')
  program
    .addCommand(serveCommand(finish))
    .addCommand(triggerCommand(finish))
    .addCommand(workflowCommand(finish))
    .addCommand(executionCommand(finish))
    .addCommand(graphCommand(finish))
    .addCommand(reactorCommand())
    .addCommand(sourceCommand())
    .addCommand(scheduleCommand())
    .addCommand(instanceCommand())
    .addCommand(statusCommand())
    .addCommand(tenantCommand())
    .addCommand(pipCommand())
  program
    .addCommand(completionCommand(program))
    .addCommand(alertCommand())
    .addCommand(checkCommand(finish))
    .addCommand(configCommand())
  forEachCommand(program, (command) =>
    command.exitOverride().configureOutput({ writeOut: writeStdout, writeErr: printWrongWords }),
  )
  try {
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE
    throw error
  }
}

/** Commander throws instead of ending the process, and writes as we do, in every subcommand. */
function forEachCommand(command: Command, configure: (command: Command) => void): void {
  configure(command)
  for (const subcommand of command.commands) forEachCommand(subcommand, configure)
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String(JSON.parse(text).version)
}

process.exit(await main(process.argv.slice(2)))
