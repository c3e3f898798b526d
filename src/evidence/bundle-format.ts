/**
 * What lies in an evidence bundle, and the forms of its two own files: `bundle.json`, which says what the bundle is, and `manifest.sha256`, the
 * hashes of all others, as sha256sum writes and reads them. docs/reference/evidence-bundle.md explains them. Pure.
 */
import { hash } from 'node:crypto'

/** By path within the bundle. */
export type BundleFiles = ReadonlyMap<string, Buffer>

export const PATH = {
  facts: 'bundle.json',
  summary: 'summary.pdf',
  envelope: 'messages/envelope.eml',
  original: 'messages/original.eml',
  authorities: 'certificates/authorities.pem',
  signers: 'certificates/signers.pem',
  manifest: 'manifest.sha256',
  signature: 'manifest.p7s',
  stamp: 'manifest.tst',
} as const

const two = (number: number): string => String(number).padStart(2, '0')

/** Paths of what there may be several of, numbered from 1. */
export const receiptPath = (number: number): string => `messages/receipt-${two(number)}.eml`
export const listPath = (number: number): string => `revocation/list-${two(number)}.crl`
export const proofPath = (number: number): string => `ledger/entry-${two(number)}.json`
export const stampPaths = (number: number) =>
  ({ token: `ledger/stamp-${two(number)}.tst`, root: `ledger/stamp-${two(number)}.root` }) as const

const FORMS = {
  receipt: /^messages\/receipt-\d{2,}\.eml$/,
  list: /^revocation\/list-\d{2,}\.crl$/,
  proof: /^ledger\/entry-\d{2,}\.json$/,
  token: /^ledger\/stamp-\d{2,}\.tst$/,
  root: /^ledger\/stamp-\d{2,}\.root$/,
} as const

/** Those that are not in the manifest: they are made over it. */
const AROUND: readonly string[] = [PATH.manifest, PATH.signature, PATH.stamp]

export const pathsOf = (files: BundleFiles, form: keyof typeof FORMS): string[] =>
  [...files.keys()].filter((path) => FORMS[form].test(path)).sort()

/** Whether a bundle has a file of that path. */
export const isKnownPath = (path: string): boolean =>
  Object.values<string>(PATH).includes(path) || Object.values(FORMS).some((form) => form.test(path))

/** What the bundle ought to have and has not. */
export interface MissingPart {
  readonly part: 'receipt' | 'time-stamp' | 'delivery-receipt'
  /** of which message, or which event of the ledger */
  readonly what: string
}

export interface BundleFacts {
  /** milliseconds since 1970, whole seconds */
  readonly madeAt: number
  /** name of the provider that made it */
  readonly provider: string
  readonly language: 'it' | 'en'
  /** whose copy it is: what the mailbox sent, or received */
  readonly direction: 'sent' | 'received'
  readonly mailbox: string
  readonly pecMsgid: string
  readonly missing: readonly MissingPart[]
}

const FORMAT = 'ceralacca-evidence-bundle'
const VERSION = 1

export const writeFacts = ({ madeAt, ...facts }: BundleFacts): Buffer =>
  Buffer.from(
    `${JSON.stringify({ format: FORMAT, version: VERSION, madeAt: new Date(madeAt).toISOString(), ...facts }, null, 2)}\n`,
  )

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 2000

function isMissing(value: unknown): value is MissingPart {
  const { part, what } = (value ?? {}) as Record<string, unknown>
  return ['receipt', 'time-stamp', 'delivery-receipt'].some((known) => known === part) && isText(what)
}

/** @returns null where it is no such file, or one of a version that is not known */
export function readFacts(bytes: Buffer): BundleFacts | null {
  const read = readObject(bytes)
  const { format, version, madeAt, provider, language, direction, mailbox, pecMsgid, missing } = read ?? {}
  const at = typeof madeAt === 'string' ? Date.parse(madeAt) : Number.NaN
  if (format !== FORMAT || version !== VERSION || Number.isNaN(at)) return null
  if (language !== 'it' && language !== 'en') return null
  if (direction !== 'sent' && direction !== 'received') return null
  if (!isText(provider) || !isText(mailbox) || !isText(pecMsgid) || !Array.isArray(missing)) return null
  return { madeAt: at, provider, language, direction, mailbox, pecMsgid, missing: missing.filter(isMissing) }
}

/** The object of a JSON file; null where it is none. Nothing of its shape is known. */
export function readObject(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Lines as `sha256sum --binary` writes them, by path. */
export function writeManifest(files: BundleFiles): Buffer {
  const paths = [...files.keys()].filter((path) => !AROUND.includes(path)).sort()
  return Buffer.from(paths.map((path) => `${hash('sha256', files.get(path) ?? Buffer.alloc(0))} *${path}\n`).join(''))
}

/** The hashes by path; null where a line is none of a manifest, or a path comes twice. */
export function readManifest(bytes: Buffer): ReadonlyMap<string, string> | null {
  const hashes = new Map<string, string>()
  for (const line of bytes.toString('utf8').split('\n').slice(0, -1)) {
    const [, digest, path] = /^([0-9a-f]{64}) [ *]([a-z0-9./-]{1,200})$/.exec(line) ?? []
    if (digest === undefined || path === undefined || hashes.has(path)) return null
    hashes.set(path, digest)
  }
  return hashes.size > 0 && bytes.at(-1) === 10 ? hashes : null
}

/** Those that the manifest must have. */
export const inManifest = (path: string): boolean => !AROUND.includes(path)
