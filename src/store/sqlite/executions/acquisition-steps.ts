/** How an engine acquires executions. Each function is the body of one step, or part of one, and runs in its transaction. */

import type { Acquisition } from '../../../engine/ports.ts'
import type { AcquiredExecution } from '../../../model/execution.ts'
import type { ExecutionRecord, OwnedRecord } from '../../rows.ts'
import type { Connection } from '../file/connection.ts'
import { insertLostAttempts } from '../history/attempt-steps.ts'
import { DECLARE_DEAD, DELETE_INSTANCE_WITHOUT_EXECUTIONS, LIST_OTHER_VERSIONS } from '../instance-queries.ts'
import { instanceSeqOrThrow } from '../instance-steps.ts'
import {
  EACH_OWNED_BY,
  EACH_UNOWNED,
  FIND_UNOWNED,
  FIRST_UNOWNED_WORKFLOW,
  NEXT_UNOWNED_WORKFLOW,
  OWN_EXECUTION,
  RECOVER_RUNNING_TASKS,
} from './execution-queries.ts'
import { loadExecution } from './execution-steps.ts'
import { takeOverRequest } from './request-steps.ts'

export function acquireExecutions(
  connection: Connection,
  acquisition: Acquisition,
  findDead: () => readonly number[],
): readonly AcquiredExecution[] {
  const owner = instanceSeqOrThrow(connection, acquisition.instanceId)
  const { executionIds, recover } = acquisition
  const deadSeqs = recover ? findDead() : []
  const found =
    executionIds === undefined
      ? withoutLivingOwner(connection, acquisition, deadSeqs, versionsOfOthers(connection, owner, findDead))
      : unownedOf(connection, acquisition.workflows, executionIds)
  const taken = [...found].sort(oldestFirst).slice(0, acquisition.limit)
  const acquired = taken.map((record) => acquire(connection, record, owner, acquisition.at))
  for (const dead of deadSeqs) connection.run(DELETE_INSTANCE_WITHOUT_EXECUTIONS, dead)
  for (const former of new Set(taken.map(({ owner_seq }) => owner_seq))) {
    if (former !== null) connection.run(DECLARE_DEAD, former)
  }
  return acquired
}

function acquire(connection: Connection, record: OwnedRecord, owner: number, at: number): AcquiredExecution {
  const { seq, id, status, started_at, owner_number } = record
  connection.run(OWN_EXECUTION, owner, at, id)
  if (status !== 'Pending') {
    insertLostAttempts(connection, seq, at)
    connection.run(RECOVER_RUNNING_TASKS, seq)
  }
  const { pausedAt, cancel, cancelRequestedAt } = takeOverRequest(connection, record, at)
  const current: ExecutionRecord = {
    ...record,
    status: pausedAt === null ? 'Running' : 'Paused',
    started_at: started_at ?? at,
    paused_at: pausedAt,
    cancel_requested_at: cancelRequestedAt,
  }
  return { ...loadExecution(connection, current), ownerNumber: owner_number + 1, cancel }
}

function unownedOf(
  connection: Connection,
  workflows: readonly string[],
  executionIds: readonly string[],
): readonly OwnedRecord[] {
  return executionIds
    .flatMap((id) => connection.one<OwnedRecord>(FIND_UNOWNED, id) ?? [])
    .filter(({ workflow }) => workflows.includes(workflow))
}

interface OtherVersion {
  readonly instance_seq: number
  readonly workflow: string
  readonly version: string
}

/** Whether an execution is for another living instance, which has its version of the workflow as this one has not. */
function versionsOfOthers(
  connection: Connection,
  own: number,
  findDead: () => readonly number[],
): (record: OwnedRecord) => boolean {
  const others = connection.all<OtherVersion>(LIST_OTHER_VERSIONS, own, own)
  if (others.length === 0) return () => false
  const dead = new Set(findDead())
  const living = others.filter(({ instance_seq }) => !dead.has(instance_seq))
  const versions = new Set(living.map(({ workflow, version }) => `${version} ${workflow}`))
  return ({ workflow, version }) => versions.has(`${version} ${workflow}`)
}

function withoutLivingOwner(
  connection: Connection,
  { workflows: names, limit }: Acquisition,
  deadSeqs: readonly number[],
  isOthers: (record: OwnedRecord) => boolean,
): readonly OwnedRecord[] {
  const workflows = new Set(names)
  const isOurs = (record: OwnedRecord) => workflows.has(record.workflow) && !isOthers(record)
  const matching = (sql: string, value: string | number) =>
    firstMatching(connection.each<OwnedRecord>(sql, value), isOurs, limit)
  return [
    ...unownedWorkflows(connection)
      .filter((workflow) => workflows.has(workflow))
      .flatMap((workflow) => matching(EACH_UNOWNED, workflow)),
    ...deadSeqs.flatMap((dead) => matching(EACH_OWNED_BY, dead)),
  ]
}

/** Steps from one to the next, so that a backlog of a workflow that nobody has costs one look and not its length. */
function unownedWorkflows(connection: Connection): readonly string[] {
  const named = (sql: string, ...values: readonly string[]) =>
    connection.one<{ readonly workflow: string | null }>(sql, ...values)?.workflow ?? null
  const workflows: string[] = []
  let next = named(FIRST_UNOWNED_WORKFLOW)
  while (next !== null) {
    workflows.push(next)
    next = named(NEXT_UNOWNED_WORKFLOW, next)
  }
  return workflows
}

function firstMatching(
  records: IterableIterator<OwnedRecord>,
  isOurs: (record: OwnedRecord) => boolean,
  limit: number,
): readonly OwnedRecord[] {
  const matching: OwnedRecord[] = []
  if (limit <= 0) return matching
  for (const record of records) {
    if (!isOurs(record)) continue
    matching.push(record)
    if (matching.length === limit) break
  }
  return matching
}

function oldestFirst(one: OwnedRecord, other: OwnedRecord): number {
  return one.created_at - other.created_at || one.seq - other.seq
}
