/** `ceralacca seal`: the identities that the provider seals with: what there is, a request for a certificate, and the next one. */
import { X509Certificate } from 'node:crypto'
import { clientError, hasCode } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { Config } from '../config/config.ts'
import { requestCertification } from '../seal/certification-request.ts'
import type { IdentityStatus } from '../seal/identities.ts'
import { LEAST_RSA_BITS, type KeyStore } from '../seal/key-store.ts'
import { certificatesOf } from '../seal/pem.ts'
import { profileProblems } from '../seal/profile.ts'
import { addIdentity, USUAL_NOTICE_MS } from '../seal/rotation.ts'
import { keyStores, readText, type KeyStores } from '../wiring/keys.ts'
import { openSeal } from '../wiring/seal-parts.ts'
import { readDate, table, type Command, type Invocation, type Option } from './command.ts'
import { withInstallation } from './connect.ts'

const iso = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().slice(0, 19).concat('Z') : '-')

const withSeal = <T>(config: Config, work: (seal: Awaited<ReturnType<typeof openSeal>>) => Promise<T>): Promise<T> =>
  withInstallation(config, async (installation) => {
    const seal = await openSeal(config, installation, createLog(config.values.CERALACCA_LOG_LEVEL))
    try {
      return await work(seal)
    } finally {
      await seal.stores.token?.close()
    }
  })

function stateOf({ sealsNow, revoked, sealsFrom, notAfter, notBefore, problem }: IdentityStatus, at: number): string {
  if (revoked) return 'revoked'
  if (notAfter < at) return 'expired'
  if (sealsNow) return 'seals now'
  if (sealsFrom > at) return problem === null ? 'to come' : `to come, but: ${problem}`
  if (notBefore > at) return 'not valid yet'
  return problem ?? 'kept for verification'
}

export const sealStatus: Command = {
  words: ['seal', 'status'],
  summary: 'Show the identities: certificates, keys, from when each seals, and which one does.',
  details: 'Exit code 1 if none may seal now: submissions are put off then.',
  run: ({ config }) =>
    withSeal(config, async ({ identities, now }) => {
      const at = now()
      const shown = identities.list().map((identity) => ({ ...identity, state: stateOf(identity, at) }))
      const rows = shown.map(({ name, store, certificate, sealsFrom, notAfter, state }) => {
        const { serialNumber } = new X509Certificate(certificate)
        return [name, store, serialNumber.slice(0, 16), iso(sealsFrom), iso(notAfter), state]
      })
      const json = shown.map(
        ({ name, store, certificate, sealsFrom, notBefore, notAfter, revoked, problem, sealsNow, state }) => {
          const { serialNumber: serial, fingerprint256: fingerprint } = new X509Certificate(certificate)
          const from = Number.isFinite(sealsFrom) ? iso(sealsFrom) : null
          const times = { sealsFrom: from, notBefore: iso(notBefore), notAfter: iso(notAfter) }
          return { name, store, serial, fingerprint, ...times, revoked, problem, sealsNow, state }
        },
      )
      const text = table([['NAME', 'KEY IN', 'SERIAL', 'SEALS FROM', 'ENDS', 'STATE'], ...rows])
      return { text, json, exitCode: shown.some(({ sealsNow }) => sealsNow) ? 0 : 1 }
    }),
}

const TOKEN: Option = { type: 'boolean', help: 'the key is in the token of the settings, not in a file' }

const kindOf = (options: Invocation['options']): 'file' | 'token' => (options['token'] === true ? 'token' : 'file')

function storeOf(stores: KeyStores, kind: 'file' | 'token'): KeyStore {
  const store = stores[kind]
  if (store) return store
  throw clientError('bad-config', 'the settings name no token: set CERALACCA_PKCS11_MODULE, _LABEL and _PIN')
}

export const sealCsr: Command = {
  words: ['seal', 'csr'],
  summary: 'Make a key, if there is none of that name, and print the request for its certificate (PKCS#10).',
  operands: ['NAME'],
  options: {
    token: TOKEN,
    bits: { type: 'string', value: 'BITS', help: `length of a new RSA key, at least ${LEAST_RSA_BITS}, which is the default` },
  },
  details:
    'The request goes to the certification authority, on standard output. A key in a file is encrypted with CERALACCA_SEAL_KEY_PASSPHRASE. Needs no running provider.',
  async run({ config, operands: [name = ''], options }) {
    const bits = readBits(options['bits'])
    const stores = keyStores(config)
    const kind = kindOf(options)
    const store = storeOf(stores, kind)
    const { CERALACCA_PROVIDER_NAME: provider, CERALACCA_DOMAIN: domain } = config.values
    try {
      const made = await store.create(name, bits).catch((error: unknown) => {
        if (hasCode(error, 'key-exists')) return null
        throw error
      })
      if (made && kind === 'file' && config.values.CERALACCA_SEAL_KEY_PASSPHRASE === undefined)
        process.stderr.write('The key is NOT encrypted: CERALACCA_SEAL_KEY_PASSPHRASE is not set.\n')
      const subject = { country: 'IT', organization: provider, commonName: provider }
      const request = { subject, address: `posta-certificata@${domain}` }
      const pem = await requestCertification(request, made ?? (await store.open(name)))
      return { text: pem.trimEnd(), json: { name, store: kind, made: made !== null, request: pem } }
    } finally {
      await stores.token?.close()
    }
  },
}

function readBits(option: string | boolean | undefined): number {
  const bits = option === undefined ? LEAST_RSA_BITS : Number(option)
  if (Number.isInteger(bits) && bits >= LEAST_RSA_BITS && bits <= 8192) return bits
  throw clientError('usage', `--bits must be from ${LEAST_RSA_BITS} to 8192`)
}

export const sealRotate: Command = {
  words: ['seal', 'rotate'],
  summary: 'Let the next identity take over: its certificate is published at once, and it seals from a time on.',
  operands: ['NAME', 'CERTIFICATE_FILE'],
  options: {
    token: TOKEN,
    from: { type: 'string', value: 'DATE', help: 'when it takes over: 2027-01-15T09:00:00Z; default: in 48 hours' },
    force: { type: 'boolean', help: 'allow less than 24 hours: other providers may not know the certificate yet' },
  },
  details:
    'NAME is that of the key ("ceralacca seal csr"); the file is PEM, the certificate first, those above it after it. Every process needs the key: with several machines copy the file to each first. What is wrong is said, and nothing changes then.',
  run: ({ config, operands: [name = '', file = ''], options }) =>
    withSeal(config, async ({ stores, own, queries, now }) => {
      const kind = kindOf(options)
      const key = await storeOf(stores, kind).open(name)
      const [certificate = Buffer.alloc(0), ...chain] = certificatesOf(readText(file))
      const { from } = options
      const sealsFrom = typeof from === 'string' ? readDate(from) : now() + USUAL_NOTICE_MS
      const request = { name, store: kind, key, certificate, chain, sealsFrom, force: options['force'] === true }
      const added = await addIdentity(request, { own, queries, now })
      const problems = profileProblems(certificate, config.values.CERALACCA_PROVIDER_NAME)
      const at = iso(added.sealsFrom.getTime())
      const text = [`"${name}" is published now and seals from ${at}.`, ...problems.map((problem) => `Warning: ${problem}`)]
      return { text: text.join('\n'), json: { name, store: kind, sealsFrom: at, problems } }
    }),
}
