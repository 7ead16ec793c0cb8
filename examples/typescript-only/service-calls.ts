/** HTTP requests of the workflow. */

const TICKETS_URL = () => process.env.TICKETS_URL ?? 'http://127.0.0.1:8812'

/** Returns the HTTP status of a service, or 599 if there is no answer. */
export async function statusOf(url: string, signal: AbortSignal): Promise<number> {
  try {
    const answer = await fetch(`${url}/health`, { signal })
    await answer.body?.cancel()
    return answer.status
  } catch (error) {
    signal.throwIfAborted()
    return error instanceof TypeError ? 599 : 500
  }
}

/** Returns the answer of a service as the cause of its outage. */
export async function findCause(url: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`${url}/health`, { signal }).catch(() => null)
  signal.throwIfAborted()
  return answer === null ? 'no answer' : (await answer.text()).trim() || 'unknown'
}

export interface NewTicket {
  readonly title: string
  /** Idempotency key: the ticket system opens only one ticket per key. */
  readonly key: string
}

/** Opens a ticket, and returns its number. */
export async function openTicket(ticket: NewTicket, signal: AbortSignal): Promise<number> {
  const answer = await post('/tickets', ticket, signal)
  return Number(((await answer.json()) as { number: unknown }).number)
}

/** Sends a message to the team. */
export async function page(text: string, signal: AbortSignal): Promise<void> {
  await post('/pages', { text }, signal)
}

async function post(path: string, body: object, signal: AbortSignal): Promise<Response> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  }
  const answer = await fetch(`${TICKETS_URL()}${path}`, request)
  if (!answer.ok) throw new Error(`temporary: ${path} answered ${answer.status}`)
  return answer
}
