/**
 * Sends an alert to a URL: a JSON POST, signed as the Standard Webhooks specification says, so that its libraries verify it.
 * Neither the secret nor the path of the URL is ever in an error.
 */

import { createHmac } from 'node:crypto'
import type { Clock } from '../engine/ports.ts'
import type { Alert } from '../model/alert.ts'
import { alertJson } from './alert-json.ts'
import type { AlertReceiver } from './delivery-queue.ts'

const LONGEST_MS = 10_000
const ENCODED_SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/

export interface WebhookOptions {
  readonly url: string
  readonly secret: string | null
}

export function webhook({ url, secret }: WebhookOptions, clock: Clock): AlertReceiver {
  return {
    to: 'url',
    shown: new URL(url).origin,
    async send(alert, stopping) {
      const body = alertJson(alert)
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'cloaca',
        ...signed(alert, body, secret, clock),
      }
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(LONGEST_MS)])
      let response: Response
      try {
        // Nothing that is signed goes where the user has not sent it.
        response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      } catch (thrown) {
        throw new Error(reasonOf(thrown, stopping), { cause: thrown })
      }
      await response.body?.cancel().catch(() => undefined) // of no interest, and perhaps endless
      if (!response.ok) throw new Error(`the server answered with status ${response.status}`)
    },
  }
}

function signed(alert: Alert, body: string, secret: string | null, clock: Clock): Record<string, string> {
  const timestamp = String(Math.floor(clock.now() / 1_000))
  const headers = { 'webhook-id': alert.id, 'webhook-timestamp': timestamp }
  if (secret === null) return headers
  const encoded = ENCODED_SECRET.exec(secret)?.[1]
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64')
  const signature = createHmac('sha256', key).update(`${alert.id}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}

function reasonOf(thrown: unknown, stopping: AbortSignal): string {
  if (stopping.aborted) return 'the engine stopped'
  const { name, cause } = thrown as Error
  if (name === 'TimeoutError') return `the server did not answer within ${LONGEST_MS / 1_000} s`
  const { code, message } = (cause ?? {}) as { readonly code?: string; readonly message?: string }
  return `the server is unreachable: ${code ?? message ?? 'the request failed'}`
}
