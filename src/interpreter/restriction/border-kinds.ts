/**
 * Checks of arguments of the border's functions, by the names in `border-functions.ts`. JSON texts have kinds for their
 * content, because their readers, the engine among them, rely on its types.
 */

import { isIP } from 'node:net'
import { constants } from 'node:os'
import { types } from 'node:util'
import { DATAGRAM_OPTIONS } from '../network/datagram-socket.ts'

type Check = (value: unknown) => boolean

const HIGHEST_PORT = 65_535
/** Signals that have no handlers. */
const UNCATCHABLE: readonly number[] = [constants.signals.SIGKILL, constants.signals.SIGSTOP]
const SIGNALS: ReadonlySet<unknown> = new Set(
  Object.values(constants.signals).filter((it) => !UNCATCHABLE.includes(it)),
)
/** Limits of a poll: firings, and bytes of a key. The engine relies on them. */
const [MAX_FIRINGS, MAX_KEY_BYTES] = [1_000, 512]
/** Minimum size in `FlatValues`: a call that its time limit stopped. */
const LOWEST_SIZE = -3

const isText: Check = (value) => typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isInteger: Check = (value) => Number.isSafeInteger(value)
const isAddress: Check = (value) => typeof value === 'string' && isIP(value) !== 0
const oneOf = (...all: readonly string[]): Check => {
  const known: ReadonlySet<unknown> = new Set(all)
  return (value) => known.has(value)
}
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Accepts objects with exactly these properties. Names that end with `?` are optional. */
function objectWith(properties: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(properties).map(
    ([name, check]) => [name.replace(/\?$/, ''), check, name.endsWith('?')] as const,
  )
  const known = new Set(checks.map(([name]) => name))
  return (value) => {
    if (!isObject(value)) return false
    const object = value as Readonly<Record<string, unknown>>
    const isComplete = checks.every(([name, check, isOptional]) =>
      Object.hasOwn(object, name) ? check(object[name]) : isOptional,
    )
    return isComplete && Object.keys(object).every((name) => known.has(name))
  }
}

const json =
  (check: Check): Check =>
  (value) => {
    if (typeof value !== 'string') return false
    try {
      return check(JSON.parse(value))
    } catch {
      return false
    }
  }

const authorities = oneOf('all', 'extra', 'none')
const isSize: Check = (value) => isInteger(value) && (value as number) >= LOWEST_SIZE
const isFault = objectWith({ type: isText, message: isText, traceback: isText })

const isContext = json(isObject)
const isKey: Check = (value) => {
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0')) return false
  return value !== '' && Buffer.byteLength(value) <= MAX_KEY_BYTES
}

/** Whether the sizes in `FlatValues` divide a text into values that are JSON. */
function dividesValues(sizesJson: unknown, text: unknown, isValue = json(() => true)): boolean {
  if (!json(listOf(isSize))(sizesJson) || typeof text !== 'string') return false
  const sizes = (JSON.parse(String(sizesJson)) as readonly number[]).filter((size) => size >= 0)
  let begin = 0
  for (const size of sizes) {
    if (!isValue(text.slice(begin, begin + size))) return false
    begin += size
  }
  return begin === text.length
}

/** Whether there is a key or null for each firing, and not too many. */
function areKeys(keysJson: unknown, sizesJson: unknown): boolean {
  if (!json(listOf(orNull(isKey)))(keysJson)) return false
  const [keys, sizes] = [JSON.parse(String(keysJson)), JSON.parse(String(sizesJson))] as readonly unknown[][]
  return keys?.length === sizes?.length && (keys?.length ?? 0) <= MAX_FIRINGS
}

/** Checks TLS contexts, as the interfaces of `network/tls.ts` define them. */
const isTlsContext = objectWith({
  authorities: listOf(isText),
  defaultAuthorities: authorities,
  revocations: listOf(isText),
  certificateChains: listOf(isText),
  keys: listOf(objectWith({ pem: isText, passphrase: isText })),
  minimumVersion: orNull(isText),
  maximumVersion: orNull(isText),
  ciphers: orNull(isText),
  curve: orNull(isText),
  dhParameters: orNull(isText),
  options: isInteger,
  isPartialChainTrusted: isFlag,
})
const isTlsHandshake = objectWith({
  isServer: isFlag,
  serverName: orNull(isText),
  isCertificateRequired: isFlag,
  isCertificateRequested: isFlag,
  isHostNameChecked: isFlag,
  isCommonNameChecked: isFlag,
  isContextAsked: isFlag,
  protocols: listOf(isText),
  session: orNull(isText),
  ticketKeys: orNull(isText),
  keyLog: orNull(isText),
})

/** Longest delay of `TryLater`. */
const MAX_DELAY_MS = 30 * 86_400_000

/** Checks log records, as `model/log-record.ts` defines them. */
const isLogRecord = objectWith({
  at: isInteger,
  stream: oneOf('log'),
  level: isText,
  logger: isText,
  message: isText,
  place: isText,
  'extra?': isObject,
  'traceback?': isText,
})

/** Checks parameters of SQL statements, as `sqlite.ts` defines them. */
const isBound: Check = (value) => value === null || isText(value) || typeof value === 'number'
const isParameters = objectWith({ kinds: isText, values: listOf(isBound), names: listOf(isText) })

/** `all`: all arguments of the call. */
export const KINDS: Readonly<Record<string, (value: unknown, all: readonly unknown[]) => boolean>> = {
  integer: isInteger,
  number: (value) => typeof value === 'number' && !Number.isNaN(value),
  text: isText,
  textOrNone: (value) => value === undefined || value === null || isText(value),
  flag: isFlag,
  plain: (value) => isText(value) || isFlag(value) || isInteger(value),
  bytes: (value) => types.isUint8Array(value),
  integers: (value) => (Array.isArray(value) || types.isInt32Array(value)) && !types.isProxy(value),
  callback: (value) => typeof value === 'function',
  promise: (value) => types.isPromise(value),
  address: isAddress,
  port: (value) => isInteger(value) && (value as number) >= 0 && (value as number) <= HIGHEST_PORT,
  signal: (value) => SIGNALS.has(value),
  timer: oneOf('real', 'virtual', 'prof'),
  lock: oneOf('shared', 'exclusive', 'none'),
  authorities,
  delay: (value) => isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_DELAY_MS,
  failure: oneOf('failed', 'timedOut', 'parked'),
  datagramOption: oneOf(...DATAGRAM_OPTIONS),
  jsonObject: json(isObject),
  contextText: (value) => value === '' || isContext(value),
  contextOrNone: (value) => value === undefined || value === null || isContext(value),
  sizes: (value, [, text]) => dividesValues(value, text),
  contextSizes: (value, [, text]) => dividesValues(value, text, isContext),
  keys: (value, [, , sizes]) => areKeys(value, sizes),
  fault: json(isFault),
  faults: json(listOf(isFault)),
  // The log has one record per line.
  logRecord: (value) => json(isLogRecord)(value) && !String(value).includes('\n'),
  tlsContext: json(isTlsContext),
  tlsHandshake: json(isTlsHandshake),
  sqlParameters: json(isParameters),
  sqlParameterLists: json(listOf(isParameters)),
}
