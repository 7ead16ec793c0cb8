/** Sends an alert as a JSON POST, signed by Standard Webhooks. Errors never show the secret or the path of the URL. */

import { createHmac } from 'node:crypto'
import type { Clock } from '../engine/clock-port.ts'
import { alertJson } from './alert-json.ts'
import type { AlertTarget, AttemptResult } from './alert-target.ts'
import { type HttpRequest, sendRequest } from './http-request.ts'

const ENCODED_SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/

export interface WebhookOptions extends Pick<HttpRequest, 'url' | 'allowsPrivateAddresses'> {
  readonly receiver: string
  readonly secret: string | null
  readonly publicUrl: string | null
}

export function webhook({ receiver, url, secret, ...options }: WebhookOptions, clock: Clock): AlertTarget {
  const { publicUrl, allowsPrivateAddresses } = options
  return {
    ...{ receiver, to: 'url' },
    shown: new URL(url).origin,
    async send(alert, stopping) {
      const body = alertJson(alert, publicUrl)
      const headers = { 'content-type': 'application/json', ...signed(alert.id, body, secret, clock) }
      const request = { url, method: 'POST', headers, body, allowsPrivateAddresses } as const
      return toResult(await sendRequest(request, stopping))
    },
  }
}

function toResult(status: number): AttemptResult {
  const isSuccess = status >= 200 && status < 300
  return { response: `status ${status}`, error: isSuccess ? null : `the server answered with status ${status}` }
}

function signed(id: string, body: string, secret: string | null, clock: Clock): Record<string, string> {
  const timestamp = String(Math.floor(clock.now() / 1_000))
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp }
  if (secret === null) return headers
  const encoded = ENCODED_SECRET.exec(secret)?.[1]
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}
