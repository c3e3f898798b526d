/**
 * A certification authority for demonstrations and tests: it issues what a provider needs to run before it has certificates of its own.
 * Nobody else trusts it. The seal certificates follow the profile of RFC 6109 5.5 exactly.
 */
import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { readCertificate } from './certificate.ts'
import { extension, keyIdentifier, nameDer, writeCertificate } from './certificate-writer.ts'
import type { DistinguishedName, Extension } from './certificate-writer.ts'
import { writeList } from './crl-writer.ts'
import { OID } from './oids.ts'

/** PEM of a certificate and of its private key (PKCS#8). */
export interface IssuedPair {
  readonly certificate: string
  readonly key: string
}

export interface SealRequest {
  /** as published in the directory of providers (RFC 6109 5.5.1) */
  readonly providerName: string
  readonly address: string
  /** how long it is valid; three years where not given */
  readonly days?: number
  /** where its revocation list will be served; a certificate without it is never asked about */
  readonly listUrl?: string
  /** PEM of an RSA key to certify; a new one where not given */
  readonly key?: string
}

export interface TlsRequest {
  /** host names and IP addresses, the main one first */
  readonly names: readonly string[]
  /** PEM of a P-256 key to certify; a new one where not given */
  readonly key?: string
}

export interface ListRequest {
  readonly revoked?: readonly {
    /** PEM */
    readonly certificate: string
    /** milliseconds since 1970; the authority's `now` where not given */
    readonly at?: number
    /** CRLReason (RFC 5280 5.3.1) */
    readonly reason?: number
    /** milliseconds since 1970: since when it may have been misused */
    readonly invalidSince?: number
  }[]
  /** milliseconds since 1970; the authority's `now`, and a day after it, where not given */
  readonly thisUpdate?: number
  readonly nextUpdate?: number
  /** besides number and key identifier */
  readonly extensions?: readonly Extension[]
}

export interface TestAuthority extends IssuedPair {
  issueSealCertificate(request: SealRequest): Promise<IssuedPair>
  issueTlsCertificate(request: TlsRequest): Promise<IssuedPair>
  /** The certificate of a time-stamping authority (RFC 3161 2.3). @param key PEM of an RSA or P-256 key to certify; a new one where not given */
  issueTimeStampCertificate(request?: { readonly key?: string; readonly days?: number }): Promise<IssuedPair>
  /** @returns DER of a list of the certificates that are revoked, for a test to serve */
  issueRevocationList(request?: ListRequest): Promise<Buffer>
}

const DAY = 86_400_000
const TIME_STAMP_DAYS = 3650
const CA_DAYS = 3652
const SEAL_DAYS = 1096
/** as long as browsers accepted, when this was written */
const TLS_DAYS = 397
/** keyUsage bits (RFC 5280 4.2.1.3) */
const DIGITAL_SIGNATURE = 0x80
const KEY_CERT_SIGN_AND_CRL_SIGN = 0x06

const pemOf = (der: Buffer): string => new X509Certificate(der).toString()

/** A new private key, PEM; RSA of 2048 bits or P-256, made on the thread pool. */
export function generateKey(type: 'rsa' | 'ec'): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _public: KeyObject, key: KeyObject): void => {
      if (error) reject(error)
      else resolve(key.export({ type: 'pkcs8', format: 'pem' }).toString())
    }
    if (type === 'rsa') generateKeyPair('rsa', { modulusLength: 2048 }, done)
    else generateKeyPair('ec', { namedCurve: 'P-256' }, done)
  })
}

const publicDer = (pem: string): Buffer => createPublicKey(pem).export({ type: 'spki', format: 'der' })

/** Valid from the day before: clocks differ, and tests travel a little. */
const validity = (now: number, days: number): { notBefore: number; notAfter: number } => ({
  notBefore: now - DAY,
  notAfter: now + days * DAY,
})

/** The authority of an existing pair; `now` in milliseconds since 1970 is when what it issues begins. */
export function openTestAuthority({ certificate, key, now }: IssuedPair & { now: number }): TestAuthority {
  const fields = readCertificate(new X509Certificate(certificate).raw)
  const issuer = { name: fields.subject, key: createPrivateKey(key) }
  const authorityKeyId = keyIdentifier(publicDer(key))

  async function issue(
    subject: DistinguishedName,
    days: number,
    subjectKey: string,
    extensions: Extension[],
  ): Promise<IssuedPair> {
    const publicKey = publicDer(subjectKey)
    const identifiers = [
      extension.authorityKeyIdentifier(authorityKeyId),
      extension.subjectKeyIdentifier(keyIdentifier(publicKey)),
    ]
    const request = { subject, publicKey, ...validity(now, days), extensions: [...extensions, ...identifiers] }
    return { certificate: pemOf(await writeCertificate(request, issuer)), key: subjectKey }
  }

  return {
    certificate,
    key,
    async issueSealCertificate({ providerName, address, days = SEAL_DAYS, key: given, listUrl }) {
      const subject = { country: 'IT', organization: providerName, commonName: 'Posta Certificata' }
      // RFC 6109 5.5.2: keyUsage critical, nothing else; no basicConstraints.
      return issue(subject, days, given ?? (await generateKey('rsa')), [
        extension.keyUsage(DIGITAL_SIGNATURE),
        extension.extendedKeyUsage(OID.emailProtection),
        extension.rfc822Name(address),
        ...(listUrl === undefined ? [] : [extension.crlDistributionPoints([listUrl])]),
      ])
    },
    async issueTlsCertificate({ names, key: given }) {
      const hosts = names.map((name) => domainToASCII(name) || name)
      // RFC 5280 appendix A: a common name has 64 characters at most. The names that count are in the subjectAltName.
      const subject = { country: 'IT', organization: 'Ceralacca', commonName: (hosts[0] ?? 'localhost').slice(0, 64) }
      return issue(subject, TLS_DAYS, given ?? (await generateKey('ec')), [
        extension.keyUsage(DIGITAL_SIGNATURE),
        extension.extendedKeyUsage(OID.serverAuth),
        extension.hostNames(hosts),
      ])
    },
    async issueTimeStampCertificate({ key: given, days = TIME_STAMP_DAYS } = {}) {
      const subject = { country: 'IT', organization: 'Ceralacca', commonName: 'Ceralacca Test Time Stamps' }
      return issue(subject, days, given ?? (await generateKey('ec')), [
        extension.keyUsage(DIGITAL_SIGNATURE),
        { ...extension.extendedKeyUsage(OID.timeStamping), critical: true },
      ])
    },
    issueRevocationList({ revoked = [], thisUpdate = now, nextUpdate = thisUpdate + DAY, extensions = [] } = {}) {
      const entries = revoked.map(({ certificate: pem, at = now, ...facts }) => ({
        serial: readCertificate(new X509Certificate(pem).raw).serial,
        date: at,
        ...facts,
      }))
      const common = [
        extension.authorityKeyIdentifier(authorityKeyId),
        // A later list has a higher number (RFC 5280 5.2.3).
        extension.crlNumber(Math.floor(thisUpdate / 1000)),
      ]
      return writeList({ revoked: entries, thisUpdate, nextUpdate, extensions: [...common, ...extensions] }, issuer)
    },
  }
}

/**
 * A new authority with a self-signed root, valid for ten years.
 * @param request `name` of the authority; `now` in milliseconds since 1970; `key` PEM of an RSA key to use instead of a new one
 */
export async function createTestAuthority(request: { name: string; now: number; key?: string }): Promise<TestAuthority> {
  const key = request.key ?? (await generateKey('rsa'))
  const subject = { country: 'IT', organization: request.name, commonName: `${request.name} Test Root` }
  const publicKey = publicDer(key)
  const root = {
    subject,
    publicKey,
    ...validity(request.now, CA_DAYS),
    extensions: [
      extension.basicConstraintsCa(),
      extension.keyUsage(KEY_CERT_SIGN_AND_CRL_SIGN),
      extension.subjectKeyIdentifier(keyIdentifier(publicKey)),
    ],
  }
  const certificate = await writeCertificate(root, { name: nameDer(subject), key: createPrivateKey(key) })
  return openTestAuthority({ certificate: pemOf(certificate), key, now: request.now })
}
