/** `cloaca approval`: lists, shows and answers approvals. The system user answers, and no option names another one. */

import { Command } from 'commander'
import { type ApprovalRow, type Runner, UsageError } from '../../index.ts'
import { approvalRecord } from '../../runner/records/wait-records.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from '../command-database.ts'
import { assertJson, contextOption } from '../context-option.ts'
import { type Cell, instantText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber, wordParser } from '../option-values.ts'
import { printFields, printJson, printLine, printTable, rowsOfPage, UsageMistake } from '../print.ts'
import { systemUser } from './system-user.ts'

const STATES = ['open', 'answered', 'expired', 'cancelled', 'all'] as const

type ListOptions = DatabaseOptions & {
  readonly state: (typeof STATES)[number]
  readonly workflow?: string
  readonly limit: number
  readonly cursor?: string
}

type AnswerOptions = DatabaseOptions & { readonly values?: string; readonly note?: string }

const APPROVE_EXAMPLE = `cloaca approval approve 0b7f2f8e-3c55-4d0e-8c39-2f5a0d8f6a11 --values '{"amount": 12.5}'`

export function approvalCommand(): Command {
  const group = new Command('approval').description('list, show and answer the approvals of workflows')
  const approval = withExamples(group, 'cloaca approval list', APPROVE_EXAMPLE)
  const listing = approval.command('list').description('list open approvals, oldest first')
  withDatabase(withExamples(listing, 'cloaca approval list --workflow refund'))
    .option('--state <state>', `show approvals in this state: ${STATES.join(', ')}`, wordParser(STATES), 'open')
    .option('--workflow <name>', 'show only approvals of this workflow')
    .option('--limit <n>', 'show at most this many approvals', wholeNumber, 20)
    .option('--cursor <id>', 'continue after this approval, the last of the previous page')
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  const named = (name: string, description: string, example: string) => {
    const command = withExamples(approval.command(name).description(description), example)
    return withDatabase(command).argument('<id>', 'id of the approval')
  }
  named(
    'show',
    'show an approval: form, state and answer',
    'cloaca approval show 0b7f2f8e-3c55-4d0e-8c39-2f5a0d8f6a11',
  ).action((id: string, options: DatabaseOptions) => withReader(options, (runner) => show(runner, id, options)))
  const answering = (verb: 'approve' | 'reject', description: string, example: string) =>
    named(verb, description, example)
      .option('--values <json>', 'pass these values for the form: JSON object or @FILE')
      .option('--note <text>', 'record a reason for this answer')
      .action((id: string, options: AnswerOptions) => answer(verb, id, options))
  answering('approve', 'approve, so that the execution continues', APPROVE_EXAMPLE)
  answering(
    'reject',
    'reject, so that the node fails',
    'cloaca approval reject 0b7f2f8e-3c55-4d0e-8c39-2f5a0d8f6a11 --note "too much"',
  )
  return approval
}

async function list(runner: Runner, { state, workflow, limit, cursor, json }: ListOptions): Promise<void> {
  const found = await runner.approvals.list({
    state,
    limit: limit + 1,
    ...(workflow !== undefined && { workflow }),
    ...(cursor !== undefined && { after: cursor }),
  })
  const rows = rowsOfPage(found, limit, 'approvals')
  if (json) return printJson(rows.map(approvalRecord))
  printTable(
    ['REQUESTED', 'WORKFLOW', 'NODE', 'STATE', 'EXPIRES', 'ID', 'TITLE'],
    rows.map((row) => [
      { instant: row.createdAt },
      row.workflow,
      row.node,
      stateCell(row),
      { instant: row.expiresAt, missing: 'never' },
      row.id,
      row.title,
    ]),
    limit === 0 ? null : `There are no ${state === 'all' ? '' : `${state} `}approvals in this database.`,
    { columns: ['NODE', 'EXPIRES', 'REQUESTED'], lastWidth: 20 },
  )
}

function stateCell({ state, answer }: ApprovalRow): Cell {
  if (answer === null) return { state }
  return { state: answer.approved ? 'approved' : 'rejected' }
}

async function show(runner: Runner, id: string, { json }: DatabaseOptions): Promise<void> {
  const row = await runner.approvals.get(id)
  if (json) return printJson(approvalRecord(row))
  const { title, workflow, node, executionId, createdAt, expiresAt, state, form, answer } = row
  printFields({
    approval: row.id,
    title,
    state,
    workflow,
    node,
    execution: executionId,
    requested: instantText(createdAt),
    expires: instantText(expiresAt, 'never'),
    ...(form !== null && { form: JSON.stringify(form) }),
    ...(answer !== null && {
      answer: answer.approved ? 'approved' : 'rejected',
      'answered by': answer.by,
      answered: instantText(answer.at),
      values: row.valuesText ?? '{}',
      ...(answer.note !== null && { note: answer.note }),
    }),
  })
}

async function answer(verb: 'approve' | 'reject', id: string, options: AnswerOptions): Promise<void> {
  const { values, note, json } = options
  const valuesText = values === undefined ? undefined : contextOption(values, '--values')
  if (valuesText !== undefined) assertJson(valuesText, '--values')
  if (valuesText !== undefined && !valuesText.trim().startsWith('{')) {
    throw new UsageMistake(`--values must be a JSON object, such as {"amount": 7}.`)
  }
  const given: NonNullable<Parameters<Runner['approvals']['approve']>[1]> = {
    source: 'cli',
    ...systemUser(),
    ...(valuesText !== undefined && { valuesText }),
    ...(note !== undefined && { note }),
  }
  const row = await withRunner(options, (runner) => runner.approvals[verb](id, given)).catch((thrown: unknown) => {
    if (thrown instanceof UsageError && thrown.code === 'INVALID_ARGUMENT') throw new UsageMistake(thrown.message)
    throw thrown
  })
  if (json) return printJson(approvalRecord(row))
  const done = verb === 'approve' ? 'approved' : 'rejected'
  printLine(`Approval "${row.title}" ${done} by ${row.answer?.by}.`)
}
