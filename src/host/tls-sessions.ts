/**
 * TLS for scripts, done by Node: contexts as Python's `ssl.SSLContext` describes them, and handshakes over streams.
 * A certificate that the context asks to check is checked before anyone can read or write a byte: by Node against the
 * context's authorities, and against the host name by OpenSSL's own comparison, which is CPython's too.
 */

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
  type TLSSocket,
} from 'node:tls'

/** What a context says, as JSON from Python. Null where it says nothing. */
interface ContextSettings {
  readonly authorities: readonly string[]
  /** Those of the system and of NODE_EXTRA_CA_CERTS, the latter only, or none. */
  readonly defaultAuthorities: DefaultAuthorities
  readonly revocations: readonly string[]
  readonly certificateChain: string | null
  readonly key: string | null
  readonly passphrase: string | null
  readonly minimumVersion: SecureVersion | null
  readonly maximumVersion: SecureVersion | null
  readonly ciphers: string | null
  readonly isPartialChainTrusted: boolean
}

/** What one handshake is to do, as JSON from Python. */
interface HandshakeSettings {
  readonly isServer: boolean
  readonly serverName: string | null
  readonly isCertificateRequired: boolean
  readonly isCertificateRequested: boolean
  readonly isHostNameChecked: boolean
  readonly isCommonNameChecked: boolean
  readonly protocols: readonly string[]
}

export type HandshakeEnd = (error: unknown, stream: TLSSocket | null) => void

interface Context {
  readonly options: SecureContextOptions
  readonly secureContext: SecureContext
}

const CONTEXT_CACHE_SIZE = 32

export class TlsSessions {
  readonly #contexts = new Map<number, Context>()
  readonly #numbers = new Map<string, number>()
  #lastNumber = 0

  /** A number for the context; equal settings share one. An error is returned as `describeTlsError` has it. */
  context(settingsJson: string): number | string {
    const known = this.#numbers.get(settingsJson)
    if (known !== undefined) return known
    try {
      const options = contextOptions(JSON.parse(settingsJson) as ContextSettings)
      const context = { options, secureContext: createSecureContext(options) }
      const number = ++this.#lastNumber
      this.#contexts.set(number, context)
      this.#numbers.set(settingsJson, number)
      this.#forgetOldest()
      return number
    } catch (error) {
      return describeTlsError(error)
    }
  }

  /** Begins a handshake over a connected stream; `end` is called once. */
  handshake(stream: Duplex, context: number, settingsJson: string, end: HandshakeEnd): void {
    const known = this.#contexts.get(context)
    if (known === undefined) {
      end(new Error('The TLS context is gone.'), null)
      return
    }
    const settings = JSON.parse(settingsJson) as HandshakeSettings
    if (settings.isServer) serverHandshake(stream, known.options, settings, end)
    else clientHandshake(stream, known.secureContext, settings, end)
  }

  #forgetOldest(): void {
    if (this.#numbers.size <= CONTEXT_CACHE_SIZE) return
    // A context that was forgotten keeps its number: sockets of Python hold it.
    for (const key of this.#numbers.keys()) {
      this.#numbers.delete(key)
      return
    }
  }
}

function contextOptions(settings: ContextSettings): SecureContextOptions {
  return {
    ca: [...settings.authorities, ...defaultAuthorities(settings.defaultAuthorities)],
    allowPartialTrustChain: settings.isPartialChainTrusted,
    ...(settings.revocations.length > 0 && { crl: [...settings.revocations] }),
    ...(settings.certificateChain !== null && { cert: settings.certificateChain }),
    ...(settings.key !== null && { key: settings.key }),
    ...(settings.passphrase !== null && { passphrase: settings.passphrase }),
    ...(settings.minimumVersion !== null && { minVersion: settings.minimumVersion }),
    ...(settings.maximumVersion !== null && { maxVersion: settings.maximumVersion }),
    ...(settings.ciphers !== null && { ciphers: settings.ciphers }),
  }
}

export type DefaultAuthorities = 'all' | 'extra' | 'none'

let system: readonly string[] | null = null

/** The system's authorities, or Node's own where the system names none, and those of NODE_EXTRA_CA_CERTS. */
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
    servername: serverName === null || isIP(serverName) !== 0 ? '' : serverName,
    checkServerIdentity: () =>
      isHostNameChecked && !isNamed(socket, serverName ?? '', isCommonNameChecked)
        ? new HostNameMismatch(serverName ?? '')
        : undefined,
  })
  settle(socket, 'secureConnect', end)
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

/** A server that never listens makes the handshake, since only a server looks at a client's certificate. */
function serverHandshake(
  stream: Duplex,
  options: SecureContextOptions,
  settings: HandshakeSettings,
  end: HandshakeEnd,
): void {
  const server = createServer({
    ...options,
    requestCert: settings.isCertificateRequested,
    rejectUnauthorized: false,
    ...(settings.protocols.length > 0 && { ALPNProtocols: [...settings.protocols] }),
  })
  let isOver = false
  const finish: HandshakeEnd = (error, socket) => {
    if (isOver) return
    isOver = true
    end(error, socket)
  }
  // A client that leaves in the middle ends the handshake; half-open connections are for afterwards.
  stream.allowHalfOpen = false
  server.on('secureConnection', (socket) => {
    socket.allowHalfOpen = true
    const isMissing = Object.keys(socket.getPeerCertificate()).length === 0
    if (settings.isCertificateRequested && !socket.authorized && (settings.isCertificateRequired || !isMissing)) {
      socket.destroy()
      finish(isMissing ? new MissingCertificate() : socket.authorizationError, null)
    } else {
      finish(null, socket)
    }
  })
  server.on('tlsClientError', (error) => finish(error, null))
  server.emit('connection', stream)
}

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

class MissingCertificate extends Error {
  readonly code = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
}

/** An error of TLS as JSON: Python makes the exception of it. */
export function describeTlsError(error: unknown): string {
  if (typeof error === 'string') return JSON.stringify({ code: error, reason: '', message: error })
  const { code, reason, message } = error as NodeJS.ErrnoException & { reason?: string }
  return JSON.stringify({ code: code ?? '', reason: reason ?? '', message: message ?? String(error) })
}

/** What a handshake agreed on, and the peer's certificates from its own upwards, as JSON. */
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
    finished: socket.getFinished()?.toString('base64') ?? null,
    peerFinished: socket.getPeerFinished()?.toString('base64') ?? null,
  })
}
