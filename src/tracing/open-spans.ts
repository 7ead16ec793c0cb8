/**
 * Whether there is anybody to make spans for. An SDK that is set up has registered itself in a global of this name, which all 1.x
 * versions of `@opentelemetry/api` share (seen in 1.9): the package itself, an optional peer, is loaded only where that is there.
 */

import type { Clock } from '../engine/ports.ts'
import { toError } from '../errors.ts'
import type { Spans } from './spans.ts'

const REGISTERED = Symbol.for('opentelemetry.js.api.1')

interface Registered {
  readonly trace?: unknown
}

/** Null where no SDK is set up. `warn` hears of one for which no spans can be made. Never rejects. */
export async function openSpans(clock: Clock, warn: (message: string) => void): Promise<Spans | null> {
  const registered = (globalThis as { readonly [REGISTERED]?: Registered })[REGISTERED]
  if (registered?.trace === undefined) return null
  try {
    const [api, made] = await Promise.all([import('@opentelemetry/api'), import('./spans.ts')])
    return new made.Spans(api, clock)
  } catch (thrown) {
    warn(
      'Cannot load the package "@opentelemetry/api", so no spans are recorded although an OpenTelemetry SDK is set up. ' +
        `Install the package next to cloaca. Cause: ${toError(thrown).message}`,
    )
    return null
  }
}
