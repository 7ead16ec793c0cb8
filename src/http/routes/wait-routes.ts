/** `/api/v1/signals` and `/api/v1/approvals`: what nodes of executions wait for. */

import { UsageError } from '../../errors.ts'
import { parseExactly } from '../../model/context.ts'
import type { ApprovalRow, SignalRow } from '../../model/waits.ts'
import { codec } from '../../native/index.ts'
import { approvalRecord, receiptRecord, signalRecord } from '../../runner/records/wait-records.ts'
import { pageAfterWithin } from '../answer-pages.ts'
import { type Operation, readOperation, withoutUndefined, writeOperation } from '../operations.ts'
import * as schema from '../schemas/wait-schemas.ts'
import { shortText, textLength } from '../short-texts.ts'
import { Replayed } from './start-key.ts'

const source = 'http'
/** A payload of 1 MiB, and room for the other members. */
const MAX_SIGNAL_MEBIBYTES = 2

const NOT_AN_OBJECT = 'The values of an answer must be a JSON object, but a list was given.'

const idOf = (row: { readonly id: string }): string => row.id

function charactersOf({ form, valuesText }: ApprovalRow): number {
  return JSON.stringify(form).length + (valuesText?.length ?? 0)
}

const SIGNALS: readonly Operation[] = [
  readOperation({
    path: '/signals',
    tag: 'signals',
    summary: 'List signals that are still stored, newest first',
    query: schema.SIGNAL_QUERY,
    answer: schema.SIGNAL_LIST,
    handle: ({ runner, query: { limit, cursor, ...filter } }) =>
      pageAfterWithin<SignalRow>(
        { limit, cursor },
        idOf,
        (row) => {
          const { payloadText, ...record } = signalRecord(row)
          return { ...record, payloadText: shortText(payloadText), payloadLength: textLength(payloadText) }
        },
        ({ payloadText }) => payloadText.length,
        (page) => runner.signals.list({ ...withoutUndefined(filter), ...page }),
      ),
  }),
  writeOperation({
    path: '/signals/{name}',
    tag: 'signals',
    summary: 'Send a signal to the nodes that wait for its name and key; it is kept if none does',
    body: schema.SEND_SIGNAL,
    maxBodyMebibytes: MAX_SIGNAL_MEBIBYTES,
    answer: schema.SENT_SIGNAL,
    status: 201,
    handle: async ({ runner, param, body: { payload: _, ...options }, bodyText }) => {
      const payloadText = codec.pick(bodyText ?? '{}', 'payload') ?? 'null'
      const given = { ...withoutUndefined(options), payloadText, source } as const
      const { isRepeated, ...answer } = receiptRecord(await runner.signals.send(param('name'), given))
      return isRepeated ? new Replayed(answer) : answer
    },
  }),
]

const answering = (verb: 'approve' | 'reject'): Operation =>
  writeOperation({
    path: `/approvals/{id}/${verb}`,
    tag: 'approvals',
    summary: verb === 'approve' ? 'Approve, so that the execution continues' : 'Reject, so that the node fails',
    body: schema.APPROVAL_ANSWER,
    answer: schema.APPROVAL,
    handle: async ({ runner, param, body: { values: _, ...options }, bodyText }) => {
      const { values } = parseExactly(bodyText ?? '{}') as { readonly values?: unknown }
      // The schema accepts a list as an object with numbers as keys.
      if (Array.isArray(values)) throw new UsageError('INVALID_ARGUMENT', NOT_AN_OBJECT, { path: 'values' })
      const given = {
        ...withoutUndefined(options),
        ...(values !== undefined && { valuesText: JSON.stringify(values) }),
        source,
      } as const
      return approvalRecord(await runner.approvals[verb](param('id'), given))
    },
  })

const APPROVALS: readonly Operation[] = [
  readOperation({
    path: '/approvals',
    tag: 'approvals',
    summary: 'List approvals, oldest first; by default only open ones',
    query: schema.APPROVAL_QUERY,
    answer: schema.APPROVAL_LIST,
    handle: ({ runner, query: { limit, cursor, ...filter } }) =>
      pageAfterWithin<ApprovalRow>({ limit, cursor }, idOf, approvalRecord, charactersOf, (page) =>
        runner.approvals.list({ ...withoutUndefined(filter), ...page }),
      ),
  }),
  readOperation({
    path: '/approvals/counts',
    tag: 'approvals',
    summary: 'Count open approvals',
    answer: schema.APPROVAL_COUNTS,
    isShared: true,
    handle: async ({ runner }) => ({ open: await runner.approvals.countOpen() }),
  }),
  readOperation({
    path: '/approvals/{id}',
    tag: 'approvals',
    summary: 'Get an approval with its form, and its answer if there is one',
    answer: schema.APPROVAL,
    handle: async ({ runner, param }) => approvalRecord(await runner.approvals.get(param('id'))),
  }),
  answering('approve'),
  answering('reject'),
]

export const WAIT_OPERATIONS: readonly Operation[] = [...SIGNALS, ...APPROVALS]
