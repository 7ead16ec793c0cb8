/**
 * Checks the initial contexts of executions with the `input` schemas of their workflows. A schema is code: it is called
 * in this process if the code is here, and else by the engine that serves the workflow, which is asked through the
 * store.
 */

import { CloacaError, type ErrorFacts, toError, UsageError } from '../../errors.ts'
import type { ActionAnswer, ActionRow, NewAction } from '../../model/action.ts'
import { type ContextText, EMPTY_CONTEXT } from '../../model/context.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { ActionInbox } from './action-inbox.ts'
import { type ActionRequests, isServed } from './action-requests.ts'

type InputCheckPorts = Pick<EnginePorts, 'store' | 'clock' | 'newId' | 'checkInput'>

/** Answer of an engine that called the schema. `contextText` is null if nothing changes. */
type Verdict =
  | { readonly contextText: ContextText | null }
  | { readonly problem: string; readonly problems?: ErrorFacts['problems'] }

const CHECKED_WITHIN_MS = 10_000

/** Age from which any engine refuses a request, because its process has ended. Clocks of two hosts may differ. */
const ABANDONED_AFTER_MS = 600_000

export class InputChecks {
  readonly #ports: InputCheckPorts
  readonly #requests: ActionRequests

  constructor(ports: InputCheckPorts, requests: ActionRequests) {
    this.#ports = ports
    this.#requests = requests
  }

  /** Answers other processes that start workflows of this one. */
  serve(inbox: ActionInbox): void {
    inbox.handle('check', (action) => this.#answer(action))
  }

  /**
   * Returns the context as the schema makes it, or the same text if nothing changes. Rejects with `INVALID_CONTEXT`
   * for a context that does not fit, and with `ACTION_REFUSED` if no engine can call the schema.
   */
  async checked({ key, checksInput }: WorkflowDefinition, contextText: ContextText): Promise<ContextText> {
    const here = await this.#ports.checkInput(key, contextText)
    if (here !== null) return here
    return checksInput === true ? await this.#checkedElsewhere(key, contextText) : contextText
  }

  /** Checks the context of a firing. Null is checked as the empty context. */
  async checkedFiring(workflow: WorkflowDefinition, contextText: ContextText | null): Promise<ContextText | null> {
    const given = contextText ?? EMPTY_CONTEXT
    const checked = await this.checked(workflow, given)
    return checked === given ? contextText : checked
  }

  async #checkedElsewhere(workflow: string, contextText: ContextText): Promise<ContextText> {
    const { store, clock, newId } = this.#ports
    if (!(await isServed(store, clock.now()))) throw unchecked(workflow, 'no engine serves this database')
    const action: NewAction = {
      ...{ id: newId(), kind: 'check', target: workflow, source: 'node', note: null },
      ...{ argumentsText: contextText, at: clock.now() },
    }
    const answer = await this.#requests.ask(action, CHECKED_WITHIN_MS).finally(() => store.actions.remove(action.id))
    if (answer === null) throw unchecked(workflow, 'no engine that serves the script of the workflow answered in time')
    if (answer.isRefused)
      throw unchecked(
        workflow,
        answer.text ?? 'the engine that serves the script rejected the request without a reason',
      )
    const verdict = JSON.parse(answer.text ?? '{}') as Verdict
    if (!('problem' in verdict)) return verdict.contextText ?? contextText
    const { problem, problems } = verdict
    throw new UsageError('INVALID_CONTEXT', problem, { workflow, ...(problems && { problems }) })
  }

  /** Returns null if another engine has the code. */
  async #answer({ target, argumentsText, at }: ActionRow): Promise<ActionAnswer | null> {
    const given = argumentsText ?? EMPTY_CONTEXT
    const verdict = await this.#verdict(target, given)
    if (verdict !== null) return { isRefused: false, text: JSON.stringify(verdict) }
    const isAbandoned = this.#ports.clock.now() - at > ABANDONED_AFTER_MS
    return isAbandoned
      ? { isRefused: true, text: 'no engine that serves the script of the workflow answered in time' }
      : null
  }

  async #verdict(workflow: string, contextText: ContextText): Promise<Verdict | null> {
    try {
      const checked = await this.#ports.checkInput(workflow, contextText)
      if (checked === null) return null
      return { contextText: checked === contextText ? null : checked }
    } catch (thrown) {
      // A schema that throws would throw again, so that the request is refused and not tried again.
      if (!(thrown instanceof CloacaError) || thrown.code !== 'INVALID_CONTEXT') {
        throw new UsageError('ACTION_REFUSED', toError(thrown).message, { workflow })
      }
      const { problems } = thrown.facts
      return { problem: thrown.message, ...(problems && { problems }) }
    }
  }
}

function unchecked(workflow: string, reason: string): UsageError {
  const message =
    `Workflow "${workflow}" was not started because its input could not be checked: ${reason}. ` +
    'Serve its script with cloaca serve, and try again.'
  return new UsageError('ACTION_REFUSED', message, { workflow, reason })
}
