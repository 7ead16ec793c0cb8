/**
 * States of triggers that users read and change. The engine that polls a trigger makes the changes, after a running
 * poll; its inbox answers requests of other processes. If no engine polls the trigger, the caller makes the change.
 */

import { UsageError } from '../../../errors.ts'
import type { ActionAnswer, ActionRow, NewAction } from '../../../model/action.ts'
import { numberArgument } from '../../../model/arguments.ts'
import { type ContextText, type JsonObject, parseContext, parseExactly } from '../../../model/context.ts'
import type { TriggerRow } from '../../../model/schedule-rows.ts'
import type { ActionInbox } from '../../actions/action-inbox.ts'
import type { ActionRequests } from '../../actions/action-requests.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { StateChange } from '../../store-ports.ts'
import type { StateChangeResult, TriggerStateRow } from '../../triggers/poll-records.ts'
import type { Scheduler } from '../../triggers/scheduler.ts'
import { type ActionOptions, newAction } from '../action-service.ts'

/** State of a trigger, with its last change. */
export interface TriggerState {
  readonly trigger: string
  readonly state: JsonObject
  /** JSON text of `state` with exact numbers. */
  readonly stateText: string
  /** JSON text of the state before the last change, with exact numbers. Null before the first change. */
  readonly previousText: string | null
  /** Number of changes. */
  readonly version: number
  /** Time of the last change, in milliseconds since 1970. Null before the first change. */
  readonly changedAt: number | null
  /** `poll`, or the id of the action that changed the state. Null before the first change. */
  readonly changedBy: string | null
}

/** Options of `runner.triggers.setState`. */
export interface StateOptions extends ActionOptions {
  /** Version that the stored state must have. Default: any. */
  readonly version?: number
}

interface Parts {
  readonly inbox: ActionInbox
  readonly scheduler: Scheduler
  readonly requests: ActionRequests
}

/** Arguments of an action. One of the first two is given. */
interface ChangeArguments {
  readonly state?: unknown
  readonly isReset?: true
  readonly version?: number
}

/** Interval at which a request is checked for an engine that has died. */
const CHECK_EVERY_MS = 2_000
/** Time for the answer of an engine after the time limit of a poll. */
const ANSWER_AFTER_POLL_MS = 10_000

export class TriggerStates {
  readonly #ports: EnginePorts
  readonly #parts: Parts

  constructor(ports: EnginePorts, parts: Parts) {
    this.#ports = ports
    this.#parts = parts
    parts.inbox.handle('state', (action) => this.#answer(action))
  }

  /** Throws `TRIGGER_HAS_NO_STATE`. */
  async read({ name }: TriggerRow): Promise<TriggerState> {
    const row = await this.#ports.store.getState(name)
    if (row === null || row.initialText === null) throw statelessError(name)
    return stateOf(name, row)
  }

  /** `text`: null resets the state. Throws `TRIGGER_HAS_NO_STATE`, `STATE_CHANGED` and `ACTION_REFUSED`. */
  async change(row: TriggerRow, text: ContextText | null, options: StateOptions): Promise<TriggerState> {
    const { name } = row
    const version = options.version === undefined ? null : numberArgument(options.version, 'version', 0)
    const compact = text === null ? null : this.#compact(text)
    const known = text === null ? '"isReset":true' : `"state":${compact}`
    const argumentsText = `{${known}${version === null ? '' : `,"version":${version}`}}`
    const action = { ...newAction(this.#ports, 'state', name, options), argumentsText }
    const change = { trigger: name, text: compact, version, at: action.at, recorded: recordedBy(action, null) }
    const made = await this.#make(change)
    if (made.kind !== 'held') return changed(name, made)
    const waitMs = (row.policy.timeoutMs ?? this.#ports.config.pollDeadlineMs) + ANSWER_AFTER_POLL_MS
    return await this.#ask(action, change, options.answerWithinMs ?? waitMs)
  }

  /** Returns the text without spaces, as polls store it. Throws `INVALID_ARGUMENT` if it is too large. */
  #compact(text: ContextText): ContextText {
    const { config } = this.#ports
    const compact = JSON.stringify(parseExactly(text))
    const bytes = Buffer.byteLength(compact)
    const { triggerStateBytes: limit } = config
    if (bytes <= limit) return compact
    const message = `The state has ${bytes} bytes, but a trigger can store at most ${limit} (limits.trigger-state).`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'state' })
  }

  async #make(change: Omit<StateChange, 'lease'>): Promise<StateChangeResult> {
    const here = await this.#parts.scheduler.changeState(change)
    return here ?? (await this.#ports.store.changeState({ ...change, lease: null }))
  }

  /** Waits for the engine that polls the trigger, and makes the change if that engine dies. */
  async #ask(action: NewAction, change: Omit<StateChange, 'lease'>, waitMs: number): Promise<TriggerState> {
    const { store, clock } = this.#ports
    const until = clock.monotonic() + waitMs
    let answer = await this.#parts.requests.ask(action, Math.min(waitMs, CHECK_EVERY_MS))
    while (answer === null && clock.monotonic() < until) {
      const at = clock.now()
      const made = await store.changeState({ ...change, at, lease: null, recorded: recordedBy(action, at) })
      if (made.kind !== 'held') return changed(action.target, made)
      answer = await this.#parts.requests.answerTo(action.id, CHECK_EVERY_MS)
    }
    const refusal = { isRefused: true, text: notAnswered(action.target) }
    if (answer === null && !(await store.actions.answer(action.id, refusal, clock.now()))) {
      answer = (await store.actions.get(action.id))?.answer ?? null
    }
    return this.#answered(action.target, answer ?? refusal, change.version)
  }

  async #answered(trigger: string, answer: ActionAnswer, version: number | null): Promise<TriggerState> {
    const text = answer.text ?? ''
    if (!answer.isRefused) return stateOf(trigger, JSON.parse(text) as TriggerStateRow)
    const stored = await this.#ports.store.getState(trigger)
    if (stored !== null && version !== null && stored.version !== version) throw conflict(trigger, stored.version)
    throw new UsageError('ACTION_REFUSED', text, { trigger })
  }

  /** Returns null if another engine polls the trigger, or none, or if the answer is stored with the change. */
  async #answer(action: ActionRow): Promise<ActionAnswer | null> {
    const { scheduler } = this.#parts
    // An engine that has just started does not know yet what it polls.
    await scheduler.triggers.settled()
    const { target: trigger, argumentsText } = action
    const given = JSON.parse(argumentsText ?? '{}') as ChangeArguments
    const text = given.isReset ? null : this.#ports.codec.pick(argumentsText ?? '{}', 'state')
    const at = this.#ports.clock.now()
    const made = await scheduler.changeState({
      trigger,
      text,
      version: given.version ?? null,
      at,
      recorded: recordedBy(action, at),
    })
    if (made === null || made.kind === 'held' || made.kind === 'stored') return null
    try {
      changed(trigger, made)
    } catch (refused) {
      return { isRefused: true, text: (refused as UsageError).message }
    }
    return null
  }
}

/** `answeredAt`: time of the answer if another process has stored the action. */
function recordedBy(action: NewAction, answeredAt: number | null): StateChange['recorded'] {
  return (state) => ({
    action,
    answer: { isRefused: false, text: JSON.stringify(state) },
    ...(answeredAt !== null && { answeredAt }),
  })
}

function changed(trigger: string, result: StateChangeResult): TriggerState {
  switch (result.kind) {
    case 'stored':
      return stateOf(trigger, result.state)
    case 'stateChanged':
      throw conflict(trigger, result.state.version)
    case 'stateless':
      throw statelessError(trigger)
    case 'unknown':
      throw new UsageError('TRIGGER_NOT_FOUND', `Trigger "${trigger}" not found in this database.`, { trigger })
    case 'held':
      throw new UsageError('ACTION_REFUSED', notAnswered(trigger), { trigger })
  }
}

function stateOf(trigger: string, row: TriggerStateRow): TriggerState {
  const { text, initialText, previousText, version, changedAt, changedBy } = row
  const stateText = text ?? initialText ?? '{}'
  return { trigger, state: parseContext(stateText), stateText, previousText, version, changedAt, changedBy }
}

export function statelessError(trigger: string): UsageError {
  const advice =
    'To use a state, add a parameter "state" without a default to its function (TypeScript: the option "state").'
  const message = `Trigger "${trigger}" takes no state. ${advice}`
  return new UsageError('TRIGGER_HAS_NO_STATE', message, { trigger })
}

export function refusedOnChange(trigger: string): UsageError {
  const message = `Trigger "${trigger}" takes a state, so it cannot have on_change, which would drop firings.`
  return new UsageError('INVALID_ARGUMENT', message, { trigger, path: 'onChange' })
}

function conflict(trigger: string, version: number): UsageError {
  const message =
    `The state of trigger "${trigger}" was not changed, because its version is ${version}, not the given one. ` +
    'Read the state again.'
  return new UsageError('STATE_CHANGED', message, { trigger, version })
}

function notAnswered(trigger: string): string {
  return `The state of trigger "${trigger}" was not changed, because the engine that polls it did not answer in time.`
}
