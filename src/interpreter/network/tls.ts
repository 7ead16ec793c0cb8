/**
 * TLS for scripts by Node: contexts with the settings of Python's `ssl.SSLContext`, and handshakes over streams.
 * A certificate is checked before the first byte can be read or written, if the context requires it. Node checks it
 * against the context's authorities, and OpenSSL compares the host name, as in CPython.
 */

import { appendFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  connect,
  createSecureContext,
  createServer,
  type DetailedPeerCertificate,
  getCACertificates,
  rootCertificates,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import { type ClientHello, readClientHello } from './client-hello.ts'
import { refuseServer } from './tls-alerts.ts'
import { type Authorities, certificateChains, parseAuthorities } from './tls-chain.ts'

/** Settings of a context, as JSON from Python. Null means unset. */
interface ContextSettings {
  readonly authorities: readonly string[]
  /** Authorities of the system and of NODE_EXTRA_CA_CERTS, the latter only, or none. */
  readonly defaultAuthorities: DefaultAuthorities
  readonly revocations: readonly string[]
  /** Chains of certificates, each for a different kind of key. */
  readonly certificateChains: readonly string[]
  readonly keys: readonly { readonly pem: string; readonly passphrase: string }[]
  readonly minimumVersion: SecureVersion | null
  readonly maximumVersion: SecureVersion | null
  readonly ciphers: string | null
  readonly curve: string | null
  readonly dhParameters: string | null
  /** OpenSSL's bits. */
  readonly options: number
  readonly isPartialChainTrusted: boolean
}

export interface HandshakeSettings {
  readonly isServer: boolean
  readonly serverName: string | null
  readonly isCertificateRequired: boolean
  readonly isCertificateRequested: boolean
  readonly isHostNameChecked: boolean
  readonly isCommonNameChecked: boolean
  readonly isContextAsked: boolean
  readonly protocols: readonly string[]
  /** A session to resume, as returned by `tlsSession`. */
  readonly session: string | null
  /** Keys with which a server encrypts sessions. All its connections have the same keys, so clients can resume. */
  readonly ticketKeys: string | null
  readonly keyLog: string | null
}

export type HandshakeEnd = (error: unknown, stream: TLSSocket | null) => void
/** Continues with the context of that number. An alert refuses the client instead. */
export type ContextAnswer = (context: number, alert: number | null) => void
export type ContextQuestion = (serverName: string, answer: ContextAnswer) => void

export interface Context {
  readonly options: SecureContextOptions
  readonly secureContext: SecureContext
  readonly settingsJson: string
  readonly isPartialChainTrusted: boolean
  /** Created on first use, because there may be hundreds. */
  authorities: Authorities | null
}

/** Node's contexts are large, with hundreds of authorities each; a script may make one for each request. */
const KEPT_CONTEXTS = 32

export class TlsSessions {
  /** The most recently used context is last. */
  readonly #contexts = new Map<number, Context>()
  readonly #numbers = new Map<string, number>()
  #lastNumber = 0

  get size(): number {
    return this.#contexts.size
  }

  /**
   * Returns the number of a context. Equal settings share one. It is forgotten when many others were used since, so
   * call `find` before using it. Returns an error as `describeTlsError` does.
   */
  context(settingsJson: string): number | string {
    const known = this.#numbers.get(settingsJson)
    if (known !== undefined && this.find(known) !== undefined) return known
    try {
      const settings = JSON.parse(settingsJson) as ContextSettings
      const options = contextOptions(settings)
      const { isPartialChainTrusted } = settings
      const secureContext = createSecureContext(options)
      const context = { options, secureContext, settingsJson, isPartialChainTrusted, authorities: null }
      const number = ++this.#lastNumber
      this.#contexts.set(number, context)
      this.#numbers.set(settingsJson, number)
      this.#forgetOldest()
      return number
    } catch (error) {
      return describeTlsError(error)
    }
  }

  find(number: number): Context | undefined {
    const context = this.#contexts.get(number)
    if (context === undefined) return undefined
    this.#contexts.delete(number)
    this.#contexts.set(number, context)
    return context
  }

  /** Begins a handshake over a connected stream. `end` is called once; before it `ask`, if the settings require it. */
  handshake(
    stream: Duplex,
    context: Context,
    settings: HandshakeSettings,
    end: HandshakeEnd,
    ask: ContextQuestion,
  ): void {
    const contextOf = (number: number) => this.find(number)?.secureContext
    if (settings.isServer) serverHandshake({ stream, options: context.options, settings, end, ask, contextOf })
    else clientHandshake(stream, context.secureContext, settings, end)
  }

  #forgetOldest(): void {
    if (this.#contexts.size <= KEPT_CONTEXTS) return
    for (const [number, { settingsJson }] of this.#contexts) {
      this.#contexts.delete(number)
      this.#numbers.delete(settingsJson)
      return
    }
  }
}

function contextOptions(settings: ContextSettings): SecureContextOptions {
  return {
    ca: [...settings.authorities, ...defaultAuthorities(settings.defaultAuthorities)],
    allowPartialTrustChain: settings.isPartialChainTrusted,
    ...(settings.revocations.length > 0 && { crl: [...settings.revocations] }),
    secureOptions: settings.options,
    ...(settings.keys.length > 0 && { cert: [...settings.certificateChains], key: [...settings.keys] }),
    ...(settings.minimumVersion !== null && { minVersion: settings.minimumVersion }),
    ...(settings.maximumVersion !== null && { maxVersion: settings.maximumVersion }),
    ...(settings.ciphers !== null && { ciphers: settings.ciphers }),
    ...(settings.curve !== null && { ecdhCurve: settings.curve }),
    ...(settings.dhParameters !== null && { dhparam: settings.dhParameters }),
  }
}

export type DefaultAuthorities = 'all' | 'extra' | 'none'

let system: readonly string[] | null = null

/** Authorities of the system, or Node's own if the system has none, and those of NODE_EXTRA_CA_CERTS. */
export function defaultAuthorities(which: DefaultAuthorities): readonly string[] {
  if (which === 'none') return []
  const extra = getCACertificates('extra')
  if (which === 'extra') return extra
  if (system === null) {
    const found = getCACertificates('system')
    system = found.length > 0 ? found : rootCertificates
  }
  return [...system, ...extra]
}

function clientHandshake(stream: Duplex, secureContext: SecureContext, settings: HandshakeSettings, end: HandshakeEnd) {
  const { serverName, isHostNameChecked, isCommonNameChecked } = settings
  const socket: TLSSocket = connect({
    socket: stream,
    secureContext,
    rejectUnauthorized: settings.isCertificateRequired,
    ...(settings.protocols.length > 0 && { ALPNProtocols: [...settings.protocols] }),
    ...(settings.session !== null && { session: Buffer.from(settings.session, 'base64') }),
    servername: serverName === null || isIP(serverName) !== 0 ? '' : serverName,
    checkServerIdentity: () =>
      isHostNameChecked && !isNamed(socket, serverName ?? '', isCommonNameChecked)
        ? new HostNameMismatch(serverName ?? '')
        : undefined,
  })
  if (settings.isCertificateRequired) {
    socket.prependOnceListener('secure', () => {
      const isNameWrong = isHostNameChecked && !isNamed(socket, serverName ?? '', isCommonNameChecked)
      refuseServer(socket, stream, isNameWrong)
    })
  }
  if (settings.keyLog !== null) logKeys(socket, settings.keyLog)
  settle(socket, 'secureConnect', end)
}

function logKeys(source: TLSSocket | Server, path: string): void {
  source.on('keylog', (line: Buffer) => appendFileSync(path, line))
}

function settle(socket: TLSSocket, event: string, end: HandshakeEnd): void {
  let isOver = false
  const finish = (error: unknown) => {
    if (isOver) return
    isOver = true
    end(error, error === null ? socket : null)
  }
  socket.once(event, () => finish(null))
  socket.once('error', finish)
  socket.once('close', () => finish(new UnexpectedEnd()))
}

function isNamed(socket: TLSSocket, name: string, isCommonNameChecked: boolean): boolean {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return false
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined
  const subject = isCommonNameChecked ? 'default' : 'never'
  return certificate.checkHost(name, { subject, partialWildcards: false }) !== undefined
}

interface ServerHandshake {
  readonly stream: Duplex
  readonly options: SecureContextOptions
  readonly settings: HandshakeSettings
  readonly end: HandshakeEnd
  readonly ask: ContextQuestion
  readonly contextOf: (number: number) => SecureContext | undefined
}

/** A server that never listens makes the handshake, since only a server looks at a client's certificate. */
function serverHandshake(handshake: ServerHandshake): void {
  // A client that leaves during a handshake ends it. Half-open connections are allowed afterwards.
  handshake.stream.allowHalfOpen = false
  readClientHello(
    handshake.stream,
    (hello) => answerClient(handshake, hello),
    (error) => handshake.end(error ?? new UnexpectedEnd(), null),
  )
}

function answerClient(handshake: ServerHandshake, hello: ClientHello | null): void {
  const { stream, options, settings, end, ask, contextOf } = handshake
  let isOver = false
  const finish: HandshakeEnd = (error, socket) => {
    if (isOver) return
    isOver = true
    end(error, socket)
  }
  const chooseContext: NonNullable<TlsOptions['SNICallback']> = (serverName, choose) => {
    ask(serverName, (context, alert) => {
      if (alert === null) return choose(null, contextOf(context))
      // Node would only close the connection. Nothing is encrypted yet, so the alert is a plain record.
      stream.write(Buffer.from([0x15, 3, 3, 0, 2, 2, alert]))
      finish(new RefusedServerName(), null)
      setImmediate(() => stream.end())
    })
  }
  const server = createServer({
    ...options,
    sessionIdContext: 'cloaca',
    requestCert: settings.isCertificateRequested,
    rejectUnauthorized: false,
    ...(settings.ticketKeys !== null && { ticketKeys: Buffer.from(settings.ticketKeys, 'base64') }),
    ...(settings.isContextAsked && { SNICallback: chooseContext }),
    ...(hasCommonProtocol(settings.protocols, hello) && { ALPNProtocols: [...settings.protocols] }),
  })
  if (settings.keyLog !== null) logKeys(server, settings.keyLog)
  server.on('secureConnection', (socket) => {
    socket.allowHalfOpen = true
    const isMissing = Object.keys(socket.getPeerCertificate()).length === 0
    if (settings.isCertificateRequested && !socket.authorized && (settings.isCertificateRequired || !isMissing)) {
      socket.destroy()
      finish(isMissing ? new MissingCertificate() : socket.authorizationError, null)
    } else {
      OFFERED.set(socket, hello?.ciphers ?? null)
      finish(null, socket)
    }
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    // Node also calls an end a reset. A reset that the system reported names the failed system call.
    const isEnd = error.code === 'ECONNRESET' && error.syscall === undefined
    finish(isEnd ? new UnexpectedEnd() : error, null)
  })
  server.emit('connection', stream)
}

/** Returns whether a protocol matches. If none does, Node refuses the client (26.10), while CPython continues. */
function hasCommonProtocol(protocols: readonly string[], hello: ClientHello | null): boolean {
  return protocols.length > 0 && (hello === null || protocols.some((each) => hello.protocols.includes(each)))
}

/** Identifiers of the ciphers that the client of a server's socket offered; null if unknown. */
const OFFERED = new WeakMap<TLSSocket, readonly number[] | null>()

class HostNameMismatch extends Error {
  readonly code: string
  readonly serverName: string

  constructor(serverName: string) {
    super(`certificate is not valid for '${serverName}'`)
    this.serverName = serverName
    this.code = isIP(serverName) === 0 ? 'HOSTNAME_MISMATCH' : 'IP_ADDRESS_MISMATCH'
  }
}

class UnexpectedEnd extends Error {
  readonly code = 'UNEXPECTED_EOF'
}

class RefusedServerName extends Error {
  readonly code = 'ERR_SSL_CALLBACK_FAILED'
}

class MissingCertificate extends Error {
  readonly code = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
}

export function describeTlsError(error: unknown): string {
  if (typeof error === 'string') return JSON.stringify({ code: error, reason: '', message: error })
  const { code, reason, message } = error as NodeJS.ErrnoException & { reason?: string }
  return JSON.stringify({ code: code ?? '', reason: reason ?? '', message: message ?? String(error) })
}

export function describeChains(report: string, context: Context): string {
  const { certificates } = JSON.parse(report) as { certificates: readonly string[] }
  context.authorities ??= parseAuthorities([context.options.ca ?? []].flat().map(String))
  const { sent, verified } = certificateChains(certificates, context.authorities, context.isPartialChainTrusted)
  const texts = (chain: typeof sent) => chain.map((each) => each.raw.toString('base64'))
  return JSON.stringify({ sent: texts(sent), verified: texts(verified) })
}

/** Returns the session that a client can resume in another connection, as base64. */
export function tlsSession(socket: TLSSocket): string | undefined {
  return socket.getSession()?.toString('base64')
}

/** Returns the result of a handshake and the peer's certificates from its own upwards, as JSON. */
export function describeSession(socket: TLSSocket): string {
  const sent: string[] = []
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.raw !== undefined && !sent.includes(certificate.raw.toString('base64'))) {
    sent.push(certificate.raw.toString('base64'))
    certificate = certificate.issuerCertificate
  }
  const cipher = socket.getCipher() as ReturnType<TLSSocket['getCipher']> | undefined
  return JSON.stringify({
    version: socket.getProtocol(),
    cipher: cipher?.standardName === undefined ? null : { name: cipher.name, standardName: cipher.standardName },
    protocol: socket.alpnProtocol === false ? null : socket.alpnProtocol,
    isReused: socket.isSessionReused(),
    serverName: socket.servername || null,
    certificates: sent,
    clientCiphers: OFFERED.get(socket) ?? null,
    finished: socket.getFinished()?.toString('base64') ?? null,
    peerFinished: socket.getPeerFinished()?.toString('base64') ?? null,
  })
}
