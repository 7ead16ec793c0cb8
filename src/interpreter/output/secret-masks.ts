/**
 * What is to be hidden of what polls and attempts print: the secrets that their execution was given. Held by `session.ts`, which
 * sees the secrets come in; `call-logs.ts` and `script-output.ts` ask before they let anything out.
 */

import type { RaisedFault, StackToken } from '../../border/protocol.ts'
import { boundedFault } from '../../model/fault.ts'
import type { Printed } from '../../output/call-log.ts'
import { Masks } from '../../output/masks.ts'

/**
 * Of executions that were given secrets, and of attempts: one that has ended may have left threads behind. Many are forgotten together:
 * to find the oldest of a map, what was deleted before it is stepped over.
 */
const MOST_REMEMBERED = 2_000
const FORGOTTEN_TOGETHER = 500

/** One try of a task. */
export interface Attempt {
  readonly token: StackToken
  readonly executionId: string
  readonly taskId: string
}

export class SecretMasks {
  readonly #attempts = new Map<StackToken, Attempt>()
  readonly #byExecution = new Map<string, Masks>()

  attemptBegins(attempt: Attempt): void {
    remember(this.#attempts, attempt.token, attempt)
  }

  /** An attempt is about to be given a secret, by this reply. */
  addReply(token: StackToken, valueJson: string): void {
    const { executionId } = this.#attempts.get(token) ?? {}
    if (executionId === undefined) return
    const { fields } = JSON.parse(valueJson) as { readonly fields: Readonly<Record<string, string>> }
    const masks = this.#byExecution.get(executionId) ?? new Masks()
    masks.add(Object.values(fields))
    remember(this.#byExecution, executionId, masks)
  }

  /** Null where nothing is to be hidden. */
  of(token: StackToken): Masks | null {
    if (this.#byExecution.size === 0) return null
    const attempt = this.#attempts.get(token)
    return (attempt && this.#byExecution.get(attempt.executionId)) ?? null
  }

  /** Hides secrets first and cuts the texts afterwards: half a secret would not be found. */
  inFault(token: StackToken, fault: RaisedFault): RaisedFault {
    const masks = this.of(token)
    if (masks === null) return boundedFault(fault)
    return boundedFault({
      ...fault,
      type: masks.inText(fault.type),
      message: masks.inText(fault.message),
      traceback: masks.inText(fault.traceback),
    })
  }

  /** What is to be said of the context that an attempt returns, which is stored as it is; null for nothing. */
  warning(token: StackToken, contextText: string): string | null {
    if (this.of(token)?.isTold(contextText) !== true) return null
    const task = `task "${this.#attempts.get(token)?.taskId}"`
    return `${task} put the value of a secret into its context, which is stored and shown. Call ctx.secret in each task that needs the secret.`
  }
}

/** What calls print, with secrets hidden that come in several pieces, too: what may be the beginning of one is held back. */
export class MaskedStreams {
  readonly #masks: SecretMasks
  readonly #held = new Map<StackToken, Map<Printed, Buffer>>()

  constructor(masks: SecretMasks) {
    this.#masks = masks
  }

  /** Takes what is printed, whose memory may change afterwards. Returns what may be shown of it, and of what was held. */
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

  /** Nothing more comes of a call: what was held of it. */
  end(call: StackToken): readonly (readonly [Printed, Uint8Array])[] {
    const held = this.#held.get(call)
    if (held === undefined) return []
    this.#held.delete(call)
    return [...held].map(([stream, bytes]) => [stream, this.#masks.of(call)?.inLastBytes(bytes) ?? bytes])
  }

  /** Calls of which something is held. */
  get holding(): readonly StackToken[] {
    return [...this.#held.keys()]
  }
}

/** As the newest; the oldest are forgotten when there are too many. */
function remember<Key, Value>(all: Map<Key, Value>, key: Key, value: Value): void {
  all.delete(key)
  all.set(key, value)
  if (all.size <= MOST_REMEMBERED) return
  for (const oldest of [...all.keys()].slice(0, FORGOTTEN_TOGETHER)) all.delete(oldest)
}
