/** Converts the value of a message to the event of a source. */

/** Returns JSON unchanged, other text as a JSON string, bytes that are not text as base64, and no value as null. */
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
