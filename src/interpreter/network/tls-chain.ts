/**
 * Splits Node's chain of certificates (those of the peer, completed with trusted ones) into the sent and the verified
 * chain. OpenSSL, which verified it, prefers trusted certificates, such as a newer edition of an authority.
 */

import { X509Certificate } from 'node:crypto'

const LONGEST_CHAIN = 100

export type Authorities = ReadonlyMap<string, readonly X509Certificate[]>

export interface Chains {
  /** Certificates as the peer sent them, its own first. */
  readonly sent: readonly X509Certificate[]
  readonly verified: readonly X509Certificate[]
}

export function parseAuthorities(texts: readonly string[]): Authorities {
  const bySubject = new Map<string, X509Certificate[]>()
  for (const text of texts) {
    const certificate = parsed(text)
    if (certificate === null) continue
    const same = bySubject.get(certificate.subject)
    if (same === undefined) bySubject.set(certificate.subject, [certificate])
    else same.push(certificate)
  }
  return bySubject
}

/** Returns null for a certificate that OpenSSL can read and Node cannot. It is not part of any chain. */
function parsed(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text)
  } catch {
    return null
  }
}

/** Splits Node's chain of a peer. Certificates are base64, the peer's own first. */
export function certificateChains(
  nodes: readonly string[],
  authorities: Authorities,
  isPartialTrusted: boolean,
): Chains {
  const known = nodes.map((text) => new X509Certificate(Buffer.from(text, 'base64')))
  const last = known.at(-1)
  // Node added a trusted authority at the end, which peers leave out.
  const isAdded = last !== undefined && known.length > 1 && isSelfSigned(last) && isTrusted(last, authorities)
  return {
    sent: isAdded ? known.slice(0, -1) : known,
    verified: verifiedChain(known, authorities, isPartialTrusted),
  }
}

function verifiedChain(
  known: readonly X509Certificate[],
  authorities: Authorities,
  isPartialTrusted: boolean,
): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let certificate = known[0]
  while (certificate !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(certificate)
    if (isSelfSigned(certificate) || (isPartialTrusted && isTrusted(certificate, authorities))) break
    certificate = issuerAmong(authorities.get(certificate.issuer) ?? [], certificate) ?? issuerAmong(known, certificate)
  }
  return chain
}

/** Returns the issuer of a certificate, preferring valid ones, then the longest validity. */
function issuerAmong(
  candidates: readonly X509Certificate[],
  certificate: X509Certificate,
): X509Certificate | undefined {
  const issuers = candidates.filter((each) => certificate.checkIssued(each) && certificate.verify(each.publicKey))
  const now = new Date()
  const valid = issuers.find((each) => each.validFromDate <= now && now <= each.validToDate)
  return valid ?? issuers.sort((one, other) => other.validToDate.getTime() - one.validToDate.getTime())[0]
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.checkIssued(certificate)
}

function isTrusted(certificate: X509Certificate, authorities: Authorities): boolean {
  return (authorities.get(certificate.subject) ?? []).some((each) => each.raw.equals(certificate.raw))
}
