/** `cloaca trigger enable | disable | delete | fire | poll`: done immediately, or by the polling process. */

import type { Command } from 'commander'
import { type ActionOptions, type PollReport, type Runner, UsageError } from '../../index.ts'
import { type DatabaseOptions, withRunner } from '../command-database.ts'
import { contextOption } from '../context-option.ts'
import { idText } from '../display.ts'
import { formatDuration, printError, printJson, printLine, printTraceback, UsageMistake } from '../print.ts'

const ANSWER_WITHIN_MS = 5_000
const FAILED = 1

type NamedCommand = (name: string, description: string, example: string) => Command
type NoteOptions = DatabaseOptions & { readonly note?: string }
type FireOptions = NoteOptions & { readonly context?: string; readonly force?: true; readonly key?: string }
type PollOptions = NoteOptions & { readonly wait: boolean; readonly force?: true }

export function addSteeringCommands(named: NamedCommand, finish: (exitCode: number) => void): void {
  const noted = (name: string, description: string, example: string) =>
    named(name, description, example).option('--note <text>', 'record a reason for this action')

  noted('enable', 'enable a trigger and resume polling', 'cloaca trigger enable inbox_watcher').action(
    (name: string, options: NoteOptions) => setEnabled(name, true, options),
  )
  noted(
    'disable',
    'stop polling a trigger until it is enabled again',
    'cloaca trigger disable inbox_watcher --note "the folder is moved"',
  ).action((name: string, options: NoteOptions) => setEnabled(name, false, options))
  noted(
    'delete',
    'delete a trigger that no script declares, with its history',
    'cloaca trigger delete old_inbox',
  ).action((name: string, options: NoteOptions) => remove(name, options))
  noted(
    'fire',
    'start the workflow of a trigger as if it fired',
    `cloaca trigger fire inbox_watcher --context '{"file": "a.txt"}'`,
  )
    .option('--context <json>', 'pass this context: JSON object or @FILE (default: no context)')
    .option('--key <key>', 'fire once with this key')
    .option('--force', 'start despite max_active or an active execution with equal context')
    .action(async (name: string, options: FireOptions) => finish(await fire(name, options)))
  noted('poll', 'poll a trigger now, in the engine that serves it', 'cloaca trigger poll inbox_watcher')
    .option('--no-wait', 'return without waiting for the engine to answer')
    .option('--force', 'poll while executions wait because of max_active')
    .action(async (name: string, options: PollOptions) => finish(await poll(name, options)))
}

async function setEnabled(name: string, isEnabled: boolean, options: NoteOptions): Promise<void> {
  await withRunner(options, (runner) => runner.triggers.setEnabled(name, isEnabled, action(options)))
  if (options.json) printJson({ trigger: name, enabled: isEnabled, note: options.note ?? null })
  else printLine(`Trigger "${name}" ${isEnabled ? 'enabled' : 'disabled'}.`)
}

async function remove(name: string, options: NoteOptions): Promise<void> {
  await withRunner(options, (runner) => runner.triggers.delete(name, action(options)))
  if (options.json) printJson({ trigger: name, deleted: true })
  else printLine(`Trigger "${name}" deleted. Its executions are kept.`)
}

/** Exit code 1 if nothing is started. */
async function fire(name: string, options: FireOptions): Promise<number> {
  const contextText = options.context === undefined ? null : contextOption(options.context)
  const report = await withRunner(options, (runner) => fireText(runner, name, contextText, options))
  const { outcome, executionId, reason } = report
  if (options.json) printJson({ trigger: name, ...report })
  else if (outcome === 'fired') printLine(`Trigger "${name}" fired: execution ${idText(executionId ?? '')}.`)
  else if (outcome === 'limited')
    printLine(`Trigger "${name}" started nothing: ${reason}. To start the workflow anyway, pass --force.`)
  else {
    const active = executionId === null ? '' : ` (execution ${idText(executionId)})`
    printLine(
      options.key === undefined
        ? `Trigger "${name}" started nothing: an execution with the same context is active${active}. ` +
            'To start another execution, pass --force.'
        : `Trigger "${name}" started nothing: it has already fired with the key "${options.key}"${active}.`,
    )
  }
  return outcome === 'fired' ? 0 : FAILED
}

async function fireText(runner: Runner, name: string, contextText: string | null, options: FireOptions) {
  try {
    const { force = false, key } = options
    const keyed = key === undefined ? {} : { key }
    return await runner.triggers.fireText(name, contextText, { ...action(options), force, ...keyed })
  } catch (error) {
    if (error instanceof UsageError && error.code === 'INVALID_ARGUMENT' && error.facts.path === 'key')
      throw new UsageMistake(`Invalid --key: ${error.message}`)
    if (error instanceof UsageError && error.code === 'INVALID_CONTEXT')
      throw new UsageMistake(`Invalid --context: ${error.message}`)
    throw error
  }
}

/** Exit code 1 if the poll failed, like `trigger test`, or if its firings were refused. */
async function poll(name: string, options: PollOptions): Promise<number> {
  const answerWithinMs = options.wait ? ANSWER_WITHIN_MS : 0
  const result = await withRunner(options, (runner) =>
    runner.triggers.poll(name, { ...action(options), answerWithinMs, force: options.force ?? false }),
  )
  if (options.json) printJson({ trigger: name, ...result })
  else if (result.state === 'polled') printPoll(name, result)
  else {
    const waited = options.wait ? ` No engine answered within ${ANSWER_WITHIN_MS / 1_000} s.` : ''
    printLine(
      `Request to poll trigger "${name}" stored.${waited} ` +
        `The trigger will be polled when its engine reads the request; see: cloaca trigger history ${name} --ticks`,
    )
  }
  return result.state === 'polled' && (result.error !== null || result.outcome === 'refused') ? FAILED : 0
}

function printPoll(name: string, report: PollReport): void {
  const { outcome, reason, executionId, firings, duplicates, error, durationMs } = report
  const took = `(${formatDuration(durationMs)})`
  if (error !== null) {
    if (error.traceback) printTraceback(error.traceback)
    printError(
      new UsageMistake(
        `Trigger "${name}" ${outcome === 'timedOut' ? 'timed out' : 'failed'} ${took}: ${error.message}`,
      ),
    )
  } else if (outcome === 'refused') {
    printLine(`Trigger "${name}" fired ${took}, but started nothing: ${reason}`)
  } else if (firings > 1) {
    const dropped = duplicates === 0 ? '' : `; ${duplicates} started nothing, because they are duplicates`
    printLine(`Trigger "${name}" fired ${took}: ${firings} firings${dropped}.`)
  } else if (outcome === 'fired') {
    printLine(`Trigger "${name}" fired ${took}: execution ${idText(executionId ?? '')}.`)
  } else if (outcome === 'duplicate') {
    printLine(
      `Trigger "${name}" fired ${took}, but started nothing: ` +
        `its key has fired, or an execution with the same context is active (execution ${idText(executionId ?? '')}).`,
    )
  } else if (outcome === 'limited') {
    printLine(`Trigger "${name}" fired ${took}, but started nothing: ${reason}.`)
  } else {
    printLine(`Trigger "${name}" skipped ${took}${reason === null ? '.' : `: ${reason}`}`)
  }
}

function action({ note }: NoteOptions): ActionOptions {
  return { source: 'cli', ...(note !== undefined && { note }) }
}
