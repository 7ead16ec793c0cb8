/**
 * The chain of certificates that a peer was checked by, and the one that it sent. Node has one for both: what the peer sent,
 * in order, and what it takes from the trusted ones to end it. OpenSSL, which checked it, looks among the trusted ones first:
 * a peer may send an authority in an old edition, of which a newer one is trusted.
 */

import { X509Certificate } from 'node:crypto'

const LONGEST_CHAIN = 100

/** Trusted certificates, by their subject. */
export type Authorities = ReadonlyMap<string, readonly X509Certificate[]>

export interface Chains {
  /** As the peer sent it, its own certificate first. */
  readonly sent: readonly X509Certificate[]
  readonly verified: readonly X509Certificate[]
}

export function authoritiesOf(texts: readonly string[]): Authorities {
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

/** What OpenSSL read and Node cannot is no authority of any chain. */
function parsed(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text)
  } catch {
    return null
  }
}

/** The chains of a peer, given what Node has of it: certificates as base64, its own first. */
export function chainsOf(nodes: readonly string[], authorities: Authorities, isPartialTrusted: boolean): Chains {
  const known = nodes.map((text) => new X509Certificate(Buffer.from(text, 'base64')))
  const last = known.at(-1)
  // A trusted authority at the end is Node's: peers leave it out.
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

/** The issuer of a certificate: one that is valid now before one that is not, then the one that is valid longest. */
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
