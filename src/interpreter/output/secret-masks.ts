/**
 * Hides secrets that executions received from the output of polls and attempts. Held by `interpreter-session.ts`, which
 * adds the secrets; used by `call-logs.ts` and `script-output.ts` before any output.
 */

import type { RaisedFault, StackToken } from '../../border/protocol.ts'
import { limitedFault } from '../../model/fault.ts'
import type { Printed } from '../../output/call-log.ts'
import { ExecutionMasks, rememberNewest } from '../../output/execution-masks.ts'
import type { Masks } from '../../output/masks.ts'

export interface TaskAttempt {
  readonly token: StackToken
  readonly executionId: string
  readonly taskId: string
}

export class SecretMasks {
  readonly #attempts = new Map<StackToken, TaskAttempt>()
  readonly #executions = new ExecutionMasks()

  attemptBegins(attempt: TaskAttempt): void {
    rememberNewest(this.#attempts, attempt.token, attempt)
  }

  /** Adds a secret that an attempt is about to receive with this reply. */
  addReply(token: StackToken, valueJson: string): void {
    const { executionId } = this.#attempts.get(token) ?? {}
    if (executionId === undefined) return
    const { fields } = JSON.parse(valueJson) as { readonly fields: Readonly<Record<string, string>> }
    this.#executions.of(executionId).add(Object.values(fields))
  }

  /** Returns the masks of a call, or null if there is nothing to hide. */
  of(token: StackToken): Masks | null {
    const attempt = this.#attempts.get(token)
    return attempt === undefined ? null : this.#executions.known(attempt.executionId)
  }

  /** Hides secrets first and cuts the texts afterwards: half a secret would not be found. */
  inFault(token: StackToken, fault: RaisedFault): RaisedFault {
    const masks = this.of(token)
    if (masks === null) return limitedFault(fault)
    return limitedFault({
      ...fault,
      type: masks.inText(fault.type),
      message: masks.inText(fault.message),
      traceback: masks.inText(fault.traceback),
    })
  }

  /** Returns a warning if an attempt's context, which is stored unchanged, contains a secret; else null. */
  warning(token: StackToken, contextText: string): string | null {
    if (this.of(token)?.isTold(contextText) !== true) return null
    const task = `task "${this.#attempts.get(token)?.taskId}"`
    return (
      `${task} put the value of a secret into its context, which is stored and shown. Call ctx.secret in ` +
      `each task that needs the secret.`
    )
  }
}

/** Hides secrets in printed pieces. Holds back bytes that may be the beginning of a secret. */
export class MaskedStreams {
  readonly #masks: SecretMasks
  readonly #held = new Map<StackToken, Map<Printed, Buffer>>()

  constructor(masks: SecretMasks) {
    this.#masks = masks
  }

  /** Takes bytes, whose memory may change afterwards. Returns the bytes that may be shown, held ones included. */
  take(call: StackToken, stream: Printed, printed: Uint8Array): Uint8Array {
    const masks = this.#masks.of(call)
    if (masks === null) return printed
    const fresh = Buffer.from(printed.buffer, printed.byteOffset, printed.length)
    const held = this.#held.get(call) ?? new Map<Printed, Buffer>()
    const before = held.get(stream)
    const { masked, rest } = masks.inBytes(before === undefined ? fresh : Buffer.concat([before, fresh]))
    if (rest === null) held.delete(stream)
    else held.set(stream, rest)
    if (held.size === 0) this.#held.delete(call)
    else this.#held.set(call, held)
    return masked
  }

  /** Returns the held bytes of an ended call. */
  end(call: StackToken): readonly (readonly [Printed, Uint8Array])[] {
    const held = this.#held.get(call)
    if (held === undefined) return []
    this.#held.delete(call)
    return [...held].map(([stream, bytes]) => [stream, this.#masks.of(call)?.inLastBytes(bytes) ?? bytes])
  }

  get holding(): readonly StackToken[] {
    return [...this.#held.keys()]
  }
}
