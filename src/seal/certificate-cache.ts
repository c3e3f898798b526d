/**
 * Certificates that were met before, opened: the same few seal nearly all the mail, and opening one costs more than checking a seal.
 * Kept are facts that never change (what a certificate says, whether one was issued by another), never a verdict that depends on time.
 */
import { X509Certificate, hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readCertificate } from './certificate.ts'
import type { CertificateFields } from './certificate.ts'

export interface KnownCertificate {
  /** SHA-256 of the DER, in hexadecimal */
  readonly id: string
  readonly der: Buffer
  readonly fields: CertificateFields
  readonly x509: X509Certificate
  readonly publicKey: KeyObject
}

export interface CertificateCache {
  /** @returns null where the bytes are no certificate that can be used */
  open(der: Buffer): KnownCertificate | null
  /** The usable ones of a list that is given again and again and does not change: the trusted roots. */
  openList(ders: readonly Buffer[]): KnownCertificate[]
  /** Whether `issuer` signed `certificate`: names, key identifiers and signature. */
  issued(certificate: KnownCertificate, issuer: KnownCertificate): boolean
}

function openCertificate(id: string, der: Buffer): KnownCertificate | null {
  try {
    // A copy: the message that it came in is let go, and nobody can change it afterwards.
    const own = Buffer.from(der)
    const x509 = new X509Certificate(own)
    return { id, der: own, fields: readCertificate(own), x509, publicKey: x509.publicKey }
  } catch {
    // Whatever a parser has against it, it is no certificate to us: it comes from outside and may be anything.
    return null
  }
}

/** A map that forgets its oldest entry when it grows beyond `most`. */
function createStore<Value>(most: number): (key: string, make: () => Value) => Value {
  const values = new Map<string, { readonly value: Value }>()
  return (key, make) => {
    const known = values.get(key)
    if (known) return known.value
    const value = make()
    values.set(key, { value })
    if (values.size > most) values.delete(values.keys().next().value ?? key)
    return value
  }
}

/** @param most how many certificates, and how many answers on issuers, are kept */
export function createCertificateCache(most = 1000): CertificateCache {
  const certificates = createStore<KnownCertificate | null>(most)
  const issuers = createStore<boolean>(most)
  const lists = new WeakMap<readonly Buffer[], KnownCertificate[]>()

  const cache: CertificateCache = {
    open(der) {
      const id = hash('sha256', der)
      return certificates(id, () => openCertificate(id, der))
    },
    openList(ders) {
      const known = lists.get(ders)
      if (known) return known
      const opened = ders.flatMap((der) => cache.open(der) ?? [])
      lists.set(ders, opened)
      return opened
    },
    issued: (certificate, issuer) =>
      issuers(
        `${certificate.id}${issuer.id}`,
        () => certificate.x509.checkIssued(issuer.x509) && certificate.x509.verify(issuer.publicKey),
      ),
  }
  return cache
}
