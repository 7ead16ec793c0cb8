/**
 * The command line: picks the command, and returns its exit code.
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; `run` exits with the script's own.
 */

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { StandardStreams } from './standard-streams.ts'

const FAILED = 1
const WRONG_USAGE = 2

/** Commands for parts of cloaca that many users never need. */
const IN_OWN_GROUP: ReadonlySet<string> = new Set(['graph', 'reactor', 'source', 'tenant'])
const GROUP_HEADING = 'Graphs and tenants:'

/** Runs a command to its end. `streams` take its output instead of the descriptors of this process. */
export async function main(words: readonly string[], streams?: StandardStreams): Promise<number> {
  const { printError, UsageMistake } = await import('./print.ts')
  const { UnwritableOutput, drainOutput, writeTo } = await import('./standard-streams.ts')
  if (streams !== undefined) writeTo(streams)
  try {
    // The launcher that scripts find as `sys.executable`: `host/environment/python-launcher.ts`.
    if (words[0] === '--as-python') {
      const { runAsPython } = await import('./python/as-python.ts')
      return await runAsPython(words.slice(1))
    }
    if (words[0] === 'serve') {
      const { printJsonEarly } = await import('./serve/serve-output.ts')
      printJsonEarly(words, process.env)
    }
    const { returnToFolderOfCaller } = await import('./start/npm.ts')
    returnToFolderOfCaller()
    if (words[0] === 'run') {
      const { runCommand } = await import('./run-command.ts')
      return await runCommand(words.slice(1))
    }
    if (words[0] === 'engine') {
      const { engineCommand } = await import('./engine/engine-command.ts')
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
    await drainOutput()
  }
}

async function runSubcommand(words: readonly string[]): Promise<number> {
  const { Command, CommanderError } = await import('commander')
  const { serveCommand } = await import('./serve/serve.ts')
  const { triggerCommand } = await import('./trigger/trigger-command.ts')
  const { workflowCommand } = await import('./workflow/workflow-command.ts')
  const { executionCommand } = await import('./execution/execution-command.ts')
  const { scheduleCommand } = await import('./schedule-command.ts')
  const { instanceCommand, statusCommand } = await import('./status-command.ts')
  const { completionCommand } = await import('./completion/completion-command.ts')
  const { completeCommand } = await import('./completion/completed-names.ts')
  const { pipCommand } = await import('./pip.ts')
  const { actionCommand } = await import('./action/action-command.ts')
  const { alertCommand } = await import('./alerts/alert-command.ts')
  const { checkCommand } = await import('./check/check-command.ts')
  const { configCommand } = await import('./settings/config-command.ts')
  const { limitCommand } = await import('./limit/limit-command.ts')
  const { approvalCommand } = await import('./waits/approval-command.ts')
  const { signalCommand } = await import('./waits/signal-command.ts')
  const { printWrongWords } = await import('./print.ts')
  const { withExamples } = await import('./help-examples.ts')
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
    .addCommand(checkCommand(finish))
    .addCommand(triggerCommand(finish))
    .addCommand(workflowCommand(finish))
    .addCommand(executionCommand(finish))
    .addCommand(approvalCommand())
    .addCommand(signalCommand())
    .addCommand(limitCommand())
    .addCommand(scheduleCommand())
    .addCommand(statusCommand())
    .addCommand(instanceCommand())
    .addCommand(alertCommand(finish))
    .addCommand(actionCommand())
    .addCommand(configCommand())
    .addCommand(pipCommand())
    .addCommand(completionCommand(program))
    .addCommand(completeCommand(), { hidden: true })
  await addGraphAndTenantCommands(program, finish)
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

async function addGraphAndTenantCommands(program: Command, finish: (code: number) => void): Promise<void> {
  const { graphCommand } = await import('./graph/graph-command.ts')
  const { reactorCommand } = await import('./reactor/reactor-command.ts')
  const { sourceCommand } = await import('./source/source.ts')
  const { tenantCommand } = await import('./tenant/tenant.ts')
  program
    .addCommand(graphCommand(finish))
    .addCommand(reactorCommand())
    .addCommand(sourceCommand())
    .addCommand(tenantCommand())
  for (const command of program.commands) if (IN_OWN_GROUP.has(command.name())) command.helpGroup(GROUP_HEADING)
}

/** Makes commander throw instead of ending the process, and write with our functions, in every subcommand. */
function forEachCommand(command: Command, configure: (command: Command) => void): void {
  configure(command)
  for (const subcommand of command.commands) forEachCommand(subcommand, configure)
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String(JSON.parse(text).version)
}
