/** What the workflow asks of others, over HTTP. */

const TICKETS_URL = () => process.env.TICKETS_URL ?? 'http://127.0.0.1:8812'

/** The status of a service; 599 where nobody answers. */
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

export async function findCause(url: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`${url}/health`, { signal }).catch(() => null)
  signal.throwIfAborted()
  return answer === null ? 'nobody answers' : (await answer.text()).trim() || 'no reason is given'
}

export interface NewTicket {
  readonly title: string
  /** Two tickets of one key are one. */
  readonly key: string
}

/** The number of the ticket. */
export async function openTicket(ticket: NewTicket, signal: AbortSignal): Promise<number> {
  const answer = await post('/tickets', ticket, signal)
  return Number(((await answer.json()) as { number: unknown }).number)
}

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
