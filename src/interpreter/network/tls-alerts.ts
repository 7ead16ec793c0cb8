/**
 * Tells a server why its certificate is refused. Node only hangs up after the handshake. With TLS 1.3 the server then
 * still waits for the client's last message, and accepts an unencrypted alert instead.
 */

import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

const ALERT_RECORD = 21
const FATAL = 2
const BAD_CERTIFICATE = 42
const UNKNOWN_AUTHORITY = 48

/** Alerts of OpenSSL by Node's names of verification results. */
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

/** Sends the alert over the plain stream if the certificate is refused. Called on `secure`, before Node checks. */
export function refuseServer(socket: TLSSocket, plain: Duplex, isNameWrong: boolean): void {
  if (socket.getProtocol() !== 'TLSv1.3') return
  const code = verificationError(socket)
  const alert = code === null ? BAD_CERTIFICATE : (ALERTS[code] ?? UNKNOWN_AUTHORITY)
  if (code !== null || isNameWrong) plain.write(Buffer.from([ALERT_RECORD, 3, 3, 0, 2, FATAL, alert]))
}

/** Returns the error that Node will find (seen in 26.10), which sets `authorizationError` after `secure` only. */
function verificationError(socket: TLSSocket): string | null {
  const { ssl } = socket as unknown as { ssl?: { verifyError?: () => { code?: string } | null | undefined } }
  return ssl?.verifyError?.()?.code ?? null
}
