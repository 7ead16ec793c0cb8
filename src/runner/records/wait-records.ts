/** Signals, approvals and open waits as JSON. The fields are a contract, listed in `docs/command-line.md`. */

import { parseExactly } from '../../model/context.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import type { ApprovalRow, ExecutionWait, OpenWait, SignalReceipt, SignalRow } from '../../model/waits.ts'

/** Returns the JSON of `waitingFor` of an execution. */
export function waitRecord(wait: ExecutionWait | null) {
  return wait === null || !('node' in wait) ? wait : openWaitRecord(wait)
}

/** Returns the JSON of `waitingFor` of a node. */
export function openWaitRecord(wait: OpenWait) {
  if (wait.kind === 'delay') return { ...wait, since: formatInstant(wait.since), until: formatInstant(wait.until) }
  return { ...wait, since: formatInstant(wait.since), until: formatInstantOrNull(wait.until) }
}

export function signalRecord({ sentAt, usedAt, ...row }: SignalRow) {
  return {
    id: row.id,
    name: row.name,
    key: row.key,
    state: row.state,
    executions: row.executions,
    source: row.source,
    sentAt: formatInstant(sentAt),
    usedAt: formatInstantOrNull(usedAt),
    payloadText: row.payloadText,
  }
}

export function receiptRecord({ id, state, executions, isRepeated }: SignalReceipt) {
  return { id, state, executions, isRepeated }
}

/** The numbers of the values are exact. */
export function approvalRecord(row: ApprovalRow) {
  const { answer } = row
  return {
    id: row.id,
    executionId: row.executionId,
    workflow: row.workflow,
    node: row.node,
    title: row.title,
    form: row.form,
    createdAt: formatInstant(row.createdAt),
    expiresAt: formatInstantOrNull(row.expiresAt),
    state: row.state,
    answer:
      answer === null
        ? null
        : {
            approved: answer.approved,
            values: parseExactly(row.valuesText ?? '{}'),
            by: answer.by,
            at: formatInstant(answer.at),
            note: answer.note,
          },
  }
}
