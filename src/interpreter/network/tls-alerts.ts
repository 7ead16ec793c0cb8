/**
 * Tells a server why its certificate is refused. Node looks at it after the handshake, and then only hangs up; with TLS 1.3 the
 * server waits for the client's last message then, and takes an alert that is not encrypted instead of it.
 */

import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

const ALERT_RECORD = 21
const FATAL = 2
const BAD_CERTIFICATE = 42
const UNKNOWN_AUTHORITY = 48

/** Those of OpenSSL, by Node's names of its verification results. */
const ALERTS: Readonly<Record<string, number>> = {
  INVALID_PURPOSE: 43,
  CERT_REVOKED: 44,
  CERT_HAS_EXPIRED: 45,
  CRL_HAS_EXPIRED: 45,
  CERT_SIGNATURE_FAILURE: 51,
  CRL_SIGNATURE_FAILURE: 51,
  CERT_NOT_YET_VALID: BAD_CERTIFICATE,
  CRL_NOT_YET_VALID: BAD_CERTIFICATE,
  CERT_REJECTED: BAD_CERTIFICATE,
}

/** Called on `secure`, before Node has looked: sends the alert over the plain stream if the certificate is to be refused. */
export function refuseServer(socket: TLSSocket, plain: Duplex, isNameWrong: boolean): void {
  if (socket.getProtocol() !== 'TLSv1.3') return
  const code = verificationError(socket)
  const alert = code === null ? BAD_CERTIFICATE : (ALERTS[code] ?? UNKNOWN_AUTHORITY)
  if (code !== null || isNameWrong) plain.write(Buffer.from([ALERT_RECORD, 3, 3, 0, 2, FATAL, alert]))
}

/** What Node will find (seen in 26.10): `authorizationError` is set after `secure` only. */
function verificationError(socket: TLSSocket): string | null {
  const { ssl } = socket as unknown as { ssl?: { verifyError?: () => { code?: string } | null | undefined } }
  return ssl?.verifyError?.()?.code ?? null
}
