/** The value of a message as the event that a source gets. Pure. */

/**
 * JSON stays the text that it is, to the letter. Other text is a JSON string, bytes that are no text are one in base64, and no
 * value at all (what Kafka calls a tombstone) is null.
 */
export function eventText(value: Uint8Array | null | undefined): string {
  if (value === null || value === undefined) return 'null'
  const text = textOf(value)
  if (text === null) return JSON.stringify(Buffer.from(value).toString('base64'))
  return isJson(text) ? text : JSON.stringify(text)
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
