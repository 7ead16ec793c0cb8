/** `runner.approvals`: questions of workflows to people. */

import { UsageError } from '../../../errors.ts'
import { formatValue, nameArgument } from '../../../model/arguments.ts'
import { checkedContextText, type JsonObject, parseContext, toContextText } from '../../../model/context.ts'
import { formatInstant } from '../../../model/time/instant.ts'
import { APPROVAL_STATES, type ApprovalRow, type ApprovalState } from '../../../model/waits.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { RunWaits } from '../../executions/run-waits.ts'
import { answerProblems, problemsText } from '../../waits/answer-values.ts'
import { type ActionOptions, newAction } from '../action-service.ts'
import { checkedPageAfter, type PageAfterOptions } from '../page-options.ts'
import { type SenderOptions, senderText } from './sender.ts'

const MAX_VALUES_BYTES = 1_048_576

/** Options of `runner.approvals.approve` and `reject`. */
export interface AnswerOptions extends Omit<ActionOptions, 'answerWithinMs'>, SenderOptions {
  /** Values of the form, of at most 1 MiB. Default: none. */
  readonly values?: JsonObject
  /** Exact JSON text of the values, instead of `values`. */
  readonly valuesText?: string
}

/** Filter and page of `runner.approvals.list`. */
export interface ApprovalListOptions extends PageAfterOptions {
  /** Default: `open`. */
  readonly state?: ApprovalState | 'all'
  readonly workflow?: string
}

/** `runner.approvals`: questions of workflows to people. Throws `APPROVAL_NOT_FOUND` for an unknown id. */
export class Approvals {
  readonly #ports: EnginePorts
  readonly #waits: RunWaits

  /** @internal */
  constructor(ports: EnginePorts, waits: RunWaits) {
    this.#ports = ports
    this.#waits = waits
  }

  /** Returns approvals, oldest first. */
  async list(options: ApprovalListOptions = {}): Promise<readonly ApprovalRow[]> {
    const { state = 'open', workflow } = options
    const { store, clock } = this.#ports
    const filter = {
      ...(state !== 'all' && { state: checkedState(state) }),
      ...(workflow !== undefined && { workflow: nameArgument(workflow, 'workflow') }),
    }
    return await store.approvals.list(filter, checkedPageAfter(options), clock.now())
  }

  /** Returns an approval. */
  async get(id: string): Promise<ApprovalRow> {
    const known = nameArgument(id, 'id')
    const found = await this.#ports.store.approvals.get(known, this.#ports.clock.now())
    if (found !== null) return found
    const message = `Approval "${known}" not found in this database.`
    throw new UsageError('APPROVAL_NOT_FOUND', message, { approvalId: known })
  }

  /** Returns the number of open approvals. */
  async countOpen(): Promise<number> {
    return await this.#ports.store.approvals.countOpen(this.#ports.clock.now())
  }

  /**
   * Approves an open approval, whose workflow continues with the values. Throws `ALREADY_ANSWERED`, and
   * `INVALID_VALUES` if the values do not match the form.
   */
  async approve(id: string, options: AnswerOptions = {}): Promise<ApprovalRow> {
    return await this.#answer(id, true, options)
  }

  /**
   * Rejects an open approval, whose node fails. Throws `ALREADY_ANSWERED`, and `INVALID_VALUES` if values are given and
   * do not match the form.
   */
  async reject(id: string, options: AnswerOptions = {}): Promise<ApprovalRow> {
    return await this.#answer(id, false, options)
  }

  async #answer(id: string, approved: boolean, options: AnswerOptions): Promise<ApprovalRow> {
    const approval = await this.get(id)
    if (approval.state !== 'open') throw answeredError(approval)
    const valuesText = await checkedValues(approval, options, approved)
    const action = newAction(this.#ports, approved ? 'approve' : 'reject', approval.id, options)
    const answer = { approved, by: senderText(options), at: action.at, note: action.note }
    const available = await this.#ports.store.approvals.answer(approval.id, { ...answer, valuesText }, action)
    if (available === null) throw answeredError(await this.get(id))
    this.#waits.ended(available)
    return { ...approval, state: 'answered', answer: { ...answer, values: parseContext(valuesText) }, valuesText }
  }
}

function checkedState(state: unknown): ApprovalState {
  const known = APPROVAL_STATES.find((each) => each === state)
  if (known !== undefined) return known
  const listed = [...APPROVAL_STATES, 'all'].map((each) => `"${each}"`).join(', ')
  const message = `"state" must be one of ${listed}, but ${formatValue(state)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'state' })
}

/** Returns the values as JSON text. */
async function checkedValues({ id, form }: ApprovalRow, given: AnswerOptions, approved: boolean): Promise<string> {
  const text = given.valuesText === undefined ? toContextText(given.values ?? {}) : checkedContextText(given.valuesText)
  if (Buffer.byteLength(text) > MAX_VALUES_BYTES) {
    const message = `The values of an answer must have at most ${MAX_VALUES_BYTES} bytes of JSON.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'values' })
  }
  const problems = await answerProblems(form, parseContext(text), approved)
  if (problems.length === 0) return text
  const message = `The values of approval "${id}" do not match its form: ${problemsText(problems)}.`
  throw new UsageError('INVALID_VALUES', message, { approvalId: id, problems })
}

function answeredError({ id, state, answer, expiresAt }: ApprovalRow): UsageError {
  const verb = answer?.approved === true ? 'approved' : 'rejected'
  const reason =
    answer !== null
      ? `was ${verb} by ${answer.by} at ${formatInstant(answer.at)}`
      : state === 'expired'
        ? `expired at ${formatInstant(expiresAt ?? 0)}`
        : 'was cancelled, because its execution ended or its workflow no longer has the node'
  return new UsageError('ALREADY_ANSWERED', `Approval "${id}" ${reason}.`, { approvalId: id })
}
