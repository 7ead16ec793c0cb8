/** Signals and answers to approvals of callers: see `requests.ts`. */

import type { Engine } from '../../src/engine/engine.ts'
import type { ActionOptions } from '../../src/engine/services/action-service.ts'
import { UsageError } from '../../src/errors.ts'
import type { ApprovalRow, SignalReceipt } from '../../src/model/waits.ts'
import type { ApprovalModel } from './model/approvals.ts'
import type { SignalModel } from './model/signals.ts'
import type { Report } from './model/violation.ts'
import type { Request } from './program.ts'
import type { Sent } from './requests.ts'

type SentSignal = Extract<Request, { readonly kind: 'signal' }>
type Answer = Extract<Request, { readonly kind: 'answer' }>

export interface WaitAnswerPorts {
  readonly signals: SignalModel
  readonly approvals: ApprovalModel
  readonly report: Report
  /** Requests so far. */
  readonly sent: readonly Sent[]
}

export function sendSignal(engine: Engine, request: SentSignal, options: ActionOptions): Promise<SignalReceipt> {
  const { source, note } = options
  const payload = JSON.parse(payloadOf(request)) as { readonly signal: number }
  return engine.services.signals.send(request.signal, {
    ...{ key: request.waitKey, id: idOf(request), payload },
    ...(source !== undefined && { source }),
    ...(note !== undefined && { note }),
  })
}

export function answerApproval(
  engine: Engine,
  { approves }: Answer,
  approvalId: string,
  options: ActionOptions,
): Promise<ApprovalRow> {
  const { approvals } = engine.services
  return approves ? approvals.approve(approvalId, options) : approvals.reject(approvalId, options)
}

/** Checks a receipt: the signal is stored with this payload, and repeated requests get the first answer. */
export function checkReceipt(sent: Sent, request: SentSignal, { signals, report, sent: all }: WaitAnswerPorts): void {
  const { state, executions, isRepeated } = sent.result as SignalReceipt
  const stored = signals.byId.get(idOf(request))
  const isStored = stored?.payload === payloadOf(request) && stored.key === request.waitKey
  const firstExecutions = stored?.isUsedAtOnce ? (JSON.parse(stored.executions) as readonly string[]) : []
  if (!isStored || executions.join() !== firstExecutions.join() || (state === 'used') !== firstExecutions.length > 0)
    report('answers-are-true', `signal ${request.n} was answered ${state} by ${executions}, stored: ${shown(stored)}`)
  const first = all.filter(
    (each) =>
      each.request.kind === 'signal' &&
      idOf(each.request) === idOf(request) &&
      each.outcome === 'done' &&
      !(each.result as SignalReceipt).isRepeated,
  )
  if (!isRepeated && first.length > 1) report('answers-are-true', `signal ${idOf(request)} was answered as new twice`)
}

/** Checks a refused signal: another signal has its id, or nothing is stored. */
export function checkRefusedSignal(
  request: SentSignal,
  thrown: unknown,
  { signals, report, sent }: WaitAnswerPorts,
): void {
  const stored = signals.byId.get(idOf(request))
  const isSame = stored?.payload === payloadOf(request)
  const isReused = thrown instanceof UsageError && thrown.code === 'KEY_REUSED'
  if (isReused && (stored === undefined || isSame))
    report('answers-are-true', `signal ${request.n} was refused as reused, stored: ${shown(stored)}`)
  const others = sent.filter(
    (each) => each.request.kind === 'signal' && idOf(each.request) === idOf(request) && each.request.n !== request.n,
  )
  if (isSame && others.length === 0)
    report('refused-leaves-nothing', `signal ${request.n} was refused (${thrown}) and is stored`)
}

/** Checks that the approval has the answer of the request. */
export function checkAnswered(sent: Sent, { n, approves }: Answer, { approvals, report }: WaitAnswerPorts): void {
  const { id } = sent.result as ApprovalRow
  const stored = approvals.byId.get(id)
  if (stored?.state !== 'answered' || !isAnswerOf(stored.answer, n, approves))
    report('answers-are-true', `request ${n} answered approval ${id}, which is ${stored?.state}: ${stored?.answer}`)
}

/** Checks that a refused answer is not stored, and that the approval was not open at a time if the refusal says so. */
export function checkRefusedAnswer(request: Answer, thrown: unknown, ports: WaitAnswerPorts, at: number): void {
  const { approvals, report } = ports
  for (const { id, answer } of approvals.byId.values()) {
    if (isAnswerOf(answer, request.n, request.approves))
      report('refused-leaves-nothing', `request ${request.n} was refused (${thrown}) and answered approval ${id}`)
  }
  if (!(thrown instanceof UsageError) || thrown.code !== 'ALREADY_ANSWERED') return
  const stored = approvals.byId.get(String(thrown.facts.approvalId))
  if (stored?.state === 'open' && (stored.expiresAt === null || stored.expiresAt > at))
    report('answers-are-true', `request ${request.n} was refused (${thrown.message}), and the approval is open`)
}

function isAnswerOf(answer: string | null, n: number, approves: boolean): boolean {
  if (answer === null) return false
  const { note, approved } = JSON.parse(answer) as { readonly note: string | null; readonly approved: boolean }
  return note === noteOf(n) && approved === approves
}

export function noteOf(n: number): string {
  return `n=${n}`
}

function idOf({ n, id }: SentSignal): string {
  return `signal ${id ?? n}`
}

function payloadOf({ n, id, isOther }: SentSignal): string {
  return JSON.stringify(isOther ? { signal: id ?? n, other: n } : { signal: id ?? n })
}

function shown(stored: object | undefined): string {
  return stored === undefined ? 'nothing' : JSON.stringify(stored)
}
