/**
 * Detects an OpenTelemetry SDK, which registers itself in a global that all 1.x versions of `@opentelemetry/api` share
 * (seen in 1.9). Only then the API package, an optional peer, is loaded.
 */

import type { Clock } from '../engine/clock-port.ts'
import { toError } from '../errors.ts'
import type { Spans } from './spans.ts'

const REGISTERED = Symbol.for('opentelemetry.js.api.1')

interface Registered {
  readonly trace?: unknown
}

/** Returns null without an SDK. Calls `warn` for one that cannot be used. Never rejects. */
export async function openSpans(clock: Clock, warn: (message: string) => void): Promise<Spans | null> {
  const registered = (globalThis as { readonly [REGISTERED]?: Registered })[REGISTERED]
  if (registered?.trace === undefined) return null
  try {
    const [api, made] = await Promise.all([import('@opentelemetry/api'), import('./spans.ts')])
    return new made.Spans(api, clock)
  } catch (thrown) {
    warn(
      `Executions and tasks are not traced, although an OpenTelemetry SDK is set up: the package ` +
        `"@opentelemetry/api" cannot be loaded: ${toError(thrown).message}. Install it in the same project as cloaca.`,
    )
    return null
  }
}
