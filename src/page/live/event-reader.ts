/** Reads server-sent events from an answer. `EventSource` cannot send a token, and does not state why it failed. */

export interface ServerEvent {
  readonly id: string | null
  readonly name: string
  readonly data: unknown
}

/** Yields events, and null for comments, which show that the engine is alive. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent | null> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) yield eventOf(block)
  }
}

function eventOf(block: string): ServerEvent | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2))
  }
  const data = fields.get('data')
  if (data === undefined) return null
  return { id: fields.get('id') ?? null, name: fields.get('event') ?? 'message', data: JSON.parse(data) }
}
