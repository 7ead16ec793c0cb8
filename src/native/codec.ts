/**
 * A context codec: five functions on JSON text. Implemented by the Node-API addon (addon.ts) and its TypeScript twin
 * (twin.ts); index.ts exports one of them. Both return the same results and refuse the same texts at the same byte.
 */

export type JsonText = string | Uint8Array

/**
 * Reads JSON as RFC 8259 writes it, nested at most 512 levels deep. Any value may stand at the top, except for `merge`.
 *
 * Every function throws a `UsageError` with code `INVALID_CONTEXT` and the fact `byteOffset` when a text is not such
 * JSON, is not valid UTF-8, or is a string with half a surrogate pair in it. The offset is that of the first wrong byte
 * of the text in UTF-8. The escape of half a pair, as `"\ud800"`, is JSON and is kept as an escape.
 *
 * Numbers are never read: `1`, `1.0` and `1e0` are three different values, and integers have no limit.
 */
export interface JsonCodec {
  readonly kind: 'native' | 'twin'
  /**
   * Returns the text that all equal values share: keys sorted by code point, no white space, shortest escapes, number
   * tokens unchanged, the last of duplicate keys.
   */
  canonicalize(json: JsonText): string
  /** SHA-256 of the canonical text's UTF-8 bytes, as 64 hexadecimal digits. */
  fingerprint(json: JsonText): string
  /**
   * One object out of many, in order. Where two values meet under one key: objects merge by the same rule; lists are
   * concatenated without repeated elements, compared by canonical form, the earlier first; otherwise the later wins.
   *
   * Keys come in order of first appearance. Values that were not merged are copied unchanged. `[]` results in `{}`.
   * Throws as above also when a text holds something else than an object; the fact `path` then names the text.
   */
  merge(jsons: readonly JsonText[]): string
  /** Does `merge` of all texts and `fingerprint` of the first in one call, for a firing. Throws as `merge` does. */
  mergeWithFingerprint(jsons: readonly [JsonText, ...JsonText[]]): {
    readonly merged: string
    readonly fingerprint: string
  }
  /**
   * Returns the unchanged text of one member of the top-level object; null if there is no such key or no object. `key`
   * is the decoded key. The last of duplicates takes precedence.
   */
  pick(json: JsonText, key: string): string | null
}
