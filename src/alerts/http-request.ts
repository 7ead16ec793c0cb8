/**
 * Sends one HTTP request to a URL of the settings. Follows no redirects, because they must not send data to a place
 * that the user did not choose. Reads only the status of the response. Messages never show the URL.
 */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { connect, type NetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { BLOCKED_ADDRESSES } from './blocked-addresses.ts'

const MAX_REQUEST_MS = 10_000

export interface HttpRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether link-local addresses and metadata services are allowed. */
  readonly allowsPrivateAddresses: boolean
}

/** Returns the status. Rejects with a reason without the URL; see `reasonOf`. */
export async function sendRequest(
  { url, method, headers, body, allowsPrivateAddresses }: HttpRequest,
  stopping: AbortSignal,
): Promise<number> {
  const isHttps = new URL(url).protocol === 'https:'
  const timeout = AbortSignal.timeout(MAX_REQUEST_MS)
  const agent = makeAgent(isHttps, allowsPrivateAddresses)
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        ...{ method, agent, signal: AbortSignal.any([stopping, timeout]) },
        headers: { 'user-agent': 'cloaca', ...headers },
      }
      const request = isHttps ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve)
      request.on('error', reject)
      request.end(body)
    })
    response.on('error', () => undefined) // Ignored: the body is not read
    response.destroy() // the body may be endless
    return response.statusCode ?? 0
  } catch (thrown) {
    // Uncoded: the reason of a failed delivery
    throw new Error(reasonOf(thrown, stopping, timeout), { cause: thrown })
  } finally {
    agent.destroy()
  }
}

/** An agent of its own has no open connections whose addresses were not compared, and uses no proxy. */
function makeAgent(isHttps: boolean, allowsPrivateAddresses: boolean): HttpAgent | HttpsAgent {
  if (allowsPrivateAddresses) return isHttps ? new HttpsAgent() : new HttpAgent()
  return isHttps ? new GuardedHttpsAgent() : new GuardedHttpAgent()
}

class GuardedHttpAgent extends HttpAgent {
  override createConnection(options: NetConnectOpts) {
    return connect({ ...options, blockList: BLOCKED_ADDRESSES })
  }
}

/** Opens the TCP connection itself, because `tls.connect` ignores the list of addresses (Node 26). */
class GuardedHttpsAgent extends HttpsAgent {
  override createConnection(options: NetConnectOpts, callback?: (error: Error | null, stream: Duplex) => void) {
    const withSocket = { ...options, socket: connect({ ...options, blockList: BLOCKED_ADDRESSES }) }
    return super.createConnection(withSocket, callback)
  }
}

function reasonOf(thrown: unknown, stopping: AbortSignal, timeout: AbortSignal): string {
  if (stopping.aborted) return 'the engine stopped'
  if (timeout.aborted) return `the server did not answer within ${MAX_REQUEST_MS / 1_000} s`
  const { code, message } = thrown as NodeJS.ErrnoException
  if (code === 'ERR_IP_BLOCKED') {
    return (
      'the address is link-local or a metadata service, and refused; to allow it, set ' +
      'alerts.allow-private-addresses = true'
    )
  }
  return `the server is unreachable: ${code ?? message}`
}
