/**
 * A tiny central authority: it certifies providers, signs the directory of them, and serves it over HTTPS on a free port. Who fetches must
 * show a certificate of the same authority, as the real one asks.
 */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { createSealer } from '../../src/seal/cms-template.ts'
import { identityOfFiles } from '../../src/seal/file-identity.ts'
import { certificatesOf } from '../../src/seal/pem.ts'
import { signFile } from '../../src/seal/signed-file.ts'
import { createTestAuthority, type IssuedPair, type TestAuthority } from '../../src/seal/test-authority.ts'
import { writeLdif, type LdifOutput } from '../../src/directory/ldif-writer.ts'
import { entryOf } from '../../src/directory/records.ts'
import type { ProviderRecord } from '../../src/directory/types.ts'
import { defer, type Owner } from './cleanup.ts'

export interface DirectoryAuthority {
  /** for more certificates: of providers, servers, clients */
  readonly authority: TestAuthority
  /** who signs the directory */
  readonly signer: IssuedPair
  /** DER of its CA certificate */
  readonly roots: readonly Buffer[]
  /** A record of a provider, with a seal certificate of its own. */
  provider(name: string, domains: readonly string[], more?: Partial<ProviderRecord>): Promise<ProviderRecord>
  ldif(records: readonly ProviderRecord[]): Buffer
  /** Signs LDIF, or records, at an instant (default: now), as the authority's signer or another one. */
  sign(content: Buffer | readonly ProviderRecord[], options?: { at?: number; signer?: IssuedPair }): Promise<Buffer>
  /** Serves a file until the end of the test. */
  serve(owner: Owner): Promise<DirectoryServer>
}

export interface DirectoryServer {
  readonly url: string
  /** PEM of the client's certificate and key */
  readonly client: { readonly cert: string; readonly key: string }
  /** how often somebody has asked */
  asked(): number
  /** resolves when somebody asks for the first time */
  readonly reached: Promise<void>
  /** what is answered from now on: a file, a status, or a file that breaks off in the middle */
  answer(next: { file: Buffer } | { status: number } | { cut: Buffer }): void
  close(): Promise<void>
}

const BASE: LdifOutput = {
  dn: 'o=postacert',
  attributes: [
    ['objectClass', 'top'],
    ['objectClass', 'organization'],
    ['objectClass', 'LDIFLocationURLObject'],
    ['o', 'postacert'],
    ['LDIFLocationURL', 'https://igpec.example.it/igpec.ldif.p7m'],
    ['description', 'Base root for the PEC providers directory'],
  ],
}

export async function createDirectoryAuthority(now: number = Date.now()): Promise<DirectoryAuthority> {
  const authority = await createTestAuthority({ name: 'Autorità IGPEC', now })
  const signer = await authority.issueSealCertificate({ providerName: 'IGPEC', address: 'igpec@authority.test' })
  const ldif = (records: readonly ProviderRecord[]): Buffer => writeLdif([BASE, ...records.map(entryOf)])

  return {
    authority,
    signer,
    roots: certificatesOf(authority.certificate),
    ldif,

    async provider(name, domains, more = {}) {
      const { certificate } = await authority.issueSealCertificate({
        providerName: name,
        address: `posta-certificata@${domains[0] ?? 'provider.test'}`,
      })
      return {
        name,
        unit: null,
        mailReceipt: `ricevute@${domains[0] ?? 'provider.test'}`,
        domains,
        certificates: certificatesOf(certificate),
        ldifUrl: null,
        description: null,
        ...more,
      }
    },

    sign(content, { at = Date.now(), signer: by = signer } = {}) {
      const sealer = createSealer(identityOfFiles({ ...by, chain: authority.certificate }))
      return signFile(Buffer.isBuffer(content) ? content : ldif(content), sealer, at)
    },

    serve: (owner) => serve(owner, authority),
  }
}

async function serve(owner: Owner, authority: TestAuthority): Promise<DirectoryServer> {
  const [server, client] = await Promise.all([
    authority.issueTlsCertificate({ names: ['localhost'] }),
    authority.issueSealCertificate({ providerName: 'Client', address: 'client@provider.test' }),
  ])
  let next: Parameters<DirectoryServer['answer']>[0] = { status: 404 }
  let asked = 0
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const root = new X509Certificate(authority.certificate)
  // The certificates that the test authority issues are not for clients, so who comes is looked at here.
  const isKnown = ({ socket }: IncomingMessage): boolean =>
    socket instanceof TLSSocket && socket.getPeerX509Certificate()?.verify(root.publicKey) === true
  const tls = { cert: server.certificate, key: server.key, requestCert: true, rejectUnauthorized: false }
  const https = createServer(tls, (request, response) => {
    asked++
    reach()
    if (!isKnown(request)) response.destroy()
    else if ('status' in next) response.writeHead(next.status).end()
    else if ('cut' in next) {
      response.writeHead(200, { 'content-length': String(next.cut.length) })
      response.write(next.cut.subarray(0, next.cut.length >> 1), () => response.destroy())
    } else response.writeHead(200, { 'content-type': 'application/pkcs7-mime; smime-type=signed-data' }).end(next.file)
  })
  await new Promise<void>((resolve) => {
    https.listen(0, 'localhost', resolve)
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      https.close(() => resolve())
      https.closeAllConnections()
    })
  defer(owner, close)
  const address = https.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `https://localhost:${port}/igpec.ldif.p7m`,
    client: { cert: client.certificate, key: client.key },
    asked: () => asked,
    reached,
    answer: (answer) => void (next = answer),
    close,
  }
}
