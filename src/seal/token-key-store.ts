/**
 * Seal keys in a PKCS#11 token (PKCS#11 2.40): each an RSA pair whose label is its name. A key that is made here can neither be read nor
 * exported. Sessions are kept and taken in turn, each for one signature at a time; one that fails is dropped, and the next call opens and
 * logs in anew, so a token that was away is used again when it is back.
 */
import { createPublicKey } from 'node:crypto'
import type * as Pkcs11 from 'pkcs11js'
import { CeralaccaError, temporaryError } from '../base/errors.ts'
import { checkKeyName, keyExists, LEAST_RSA_BITS, type KeyStore, type SealKey } from './key-store.ts'

export interface TokenSettings {
  /** path of the shared library of the token's maker */
  readonly module: string
  /** label of the token */
  readonly token: string
  readonly pin: string
  /** signatures at the same time; default 4 */
  readonly sessions?: number
}

type Handle = Pkcs11.Handle

/** What a call of one session needs. */
interface Session {
  readonly pkcs11: Pkcs11.PKCS11
  readonly constants: typeof Pkcs11
  readonly handle: Handle
}

const SESSIONS = 4
const PUBLIC_EXPONENT = Buffer.from([1, 0, 1])

const unavailable = (message: string, cause?: unknown): CeralaccaError => temporaryError('seal-token-unavailable', message, cause)

/** @throws permanent error `pkcs11-not-built` */
async function loadLibrary(): Promise<typeof Pkcs11> {
  try {
    const loaded: { default: typeof Pkcs11 } = await import('pkcs11js')
    return loaded.default
  } catch (cause) {
    const message =
      'keys in a token need pkcs11js, compiled: "node scripts/run.mjs scripts/pkcs11.mjs" (docs/guides/seal-keys.md)'
    throw new CeralaccaError('pkcs11-not-built', 'permanent', message, { cause })
  }
}

const codeOf = (error: unknown): number => (error instanceof Error && 'code' in error ? Number(error.code) : 0)

/** What the maker's library says, without what it was asked: a PIN never gets into a message (I9). */
const nameOf = (error: unknown): string =>
  error instanceof Error ? (/CKR_\w+/.exec(error.message)?.[0] ?? 'unknown') : 'unknown'

/** Waits its turn for one of a few places. */
function createTurns(places: number) {
  const waiting: (() => void)[] = []
  let free = places
  return {
    async take(): Promise<void> {
      if (free > 0) free--
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    give(): void {
      const next = waiting.shift()
      if (next) next()
      else free++
    },
  }
}

export function createTokenKeyStore({ module, token, pin, sessions = SESSIONS }: TokenSettings): KeyStore {
  const turns = createTurns(sessions)
  const idle: Session[] = []
  let library: Promise<{ pkcs11: Pkcs11.PKCS11; constants: typeof Pkcs11 }> | undefined
  let closed = false

  async function load() {
    const constants = await loadLibrary()
    const pkcs11 = new constants.PKCS11()
    try {
      pkcs11.load(module)
      pkcs11.C_Initialize({ flags: constants.CKF_OS_LOCKING_OK })
    } catch (error) {
      // Another store of this process has the same module.
      if (codeOf(error) !== constants.CKR_CRYPTOKI_ALREADY_INITIALIZED)
        throw unavailable(`the PKCS#11 module ${module} cannot be used: ${nameOf(error)}`)
    }
    return { pkcs11, constants }
  }

  async function openSession(): Promise<Session> {
    library ??= load()
    const loading = library
    try {
      const { pkcs11, constants } = await loading
      const slot = pkcs11.C_GetSlotList(true).find((one) => pkcs11.C_GetTokenInfo(one).label.trim() === token)
      if (!slot) throw unavailable(`there is no token "${token}"`)
      const handle = pkcs11.C_OpenSession(slot, constants.CKF_SERIAL_SESSION | constants.CKF_RW_SESSION)
      try {
        pkcs11.C_Login(handle, constants.CKU_USER, pin)
      } catch (error) {
        // A login counts for all sessions of the process.
        if (codeOf(error) !== constants.CKR_USER_ALREADY_LOGGED_IN) {
          pkcs11.C_CloseSession(handle)
          throw error
        }
      }
      return { pkcs11, constants, handle }
    } catch (error) {
      if (library === loading && error instanceof CeralaccaError && error.code !== 'seal-token-unavailable') library = undefined
      throw error instanceof CeralaccaError ? error : unavailable(`the token "${token}" cannot be used: ${nameOf(error)}`)
    }
  }

  function drop({ pkcs11, handle }: Session): void {
    try {
      pkcs11.C_CloseSession(handle)
    } catch (error) {
      // It is gone with its token; anything else would be a fault of ours.
      if (codeOf(error) === 0) throw error
    }
  }

  /** Runs a call in a session of its own. */
  async function inSession<Answer>(call: (session: Session) => Promise<Answer>): Promise<Answer> {
    if (closed) throw unavailable('the token was closed')
    await turns.take()
    try {
      const session = idle.pop() ?? (await openSession())
      try {
        const answer = await call(session)
        if (closed) drop(session)
        else idle.push(session)
        return answer
      } catch (error) {
        drop(session)
        if (error instanceof CeralaccaError) throw error
        throw unavailable(`the token "${token}" failed: ${nameOf(error)}`)
      }
    } finally {
      turns.give()
    }
  }

  /** The objects of a class that have the label, at most two. */
  function find({ pkcs11, constants, handle }: Session, name: string, kind: 'private' | 'public'): Handle[] {
    pkcs11.C_FindObjectsInit(handle, [
      { type: constants.CKA_CLASS, value: kind === 'private' ? constants.CKO_PRIVATE_KEY : constants.CKO_PUBLIC_KEY },
      { type: constants.CKA_KEY_TYPE, value: constants.CKK_RSA },
      { type: constants.CKA_LABEL, value: name },
    ])
    try {
      return pkcs11.C_FindObjects(handle, 2)
    } finally {
      pkcs11.C_FindObjectsFinal(handle)
    }
  }

  function theOne(session: Session, name: string, kind: 'private' | 'public'): Handle {
    const [one, another] = find(session, name, kind)
    if (!one) throw new CeralaccaError('seal-key-missing', 'permanent', `there is no ${kind} RSA key "${name}" in the token`)
    if (another) throw new CeralaccaError('seal-key-unfit', 'permanent', `there are two keys "${name}" in the token`)
    return one
  }

  function publicKeyOf(session: Session, name: string): Buffer {
    const { pkcs11, constants, handle } = session
    const [n, e] = pkcs11
      .C_GetAttributeValue(handle, theOne(session, name, 'public'), [
        { type: constants.CKA_MODULUS },
        { type: constants.CKA_PUBLIC_EXPONENT },
      ])
      .map(({ value }) => value.toString('base64url'))
    const key = createPublicKey({ key: { kty: 'RSA', n: n ?? '', e: e ?? '' }, format: 'jwk' })
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS)
      throw new CeralaccaError('seal-key-unfit', 'permanent', `the seal key must be RSA of at least ${LEAST_RSA_BITS} bits`)
    return key.export({ type: 'spki', format: 'der' })
  }

  async function open(name: string): Promise<SealKey> {
    const publicKey = await inSession(async (session) => {
      theOne(session, name, 'private')
      return publicKeyOf(session, name)
    })
    const { modulusLength = 0 } = createPublicKey({ key: publicKey, type: 'spki', format: 'der' }).asymmetricKeyDetails ?? {}
    const length = Math.ceil(modulusLength / 8)
    return {
      publicKey,
      sign: (data) =>
        inSession(async (session) => {
          const { pkcs11, constants, handle } = session
          // Looked up each time: a handle may be another object's after the token was away.
          pkcs11.C_SignInit(handle, { mechanism: constants.CKM_SHA256_RSA_PKCS }, theOne(session, name, 'private'))
          return pkcs11.C_SignAsync(handle, data, Buffer.alloc(length))
        }),
    }
  }

  return {
    async open(name) {
      checkKeyName(name)
      return open(name)
    },
    async create(name, bits) {
      checkKeyName(name)
      await inSession(async (session) => {
        const { pkcs11, constants, handle } = session
        if (find(session, name, 'private').length > 0 || find(session, name, 'public').length > 0) throw keyExists(name)
        const common = [
          { type: constants.CKA_TOKEN, value: true },
          { type: constants.CKA_LABEL, value: name },
          { type: constants.CKA_ID, value: Buffer.from(name) },
        ]
        await pkcs11.C_GenerateKeyPairAsync(
          handle,
          { mechanism: constants.CKM_RSA_PKCS_KEY_PAIR_GEN },
          [
            ...common,
            { type: constants.CKA_MODULUS_BITS, value: bits },
            { type: constants.CKA_PUBLIC_EXPONENT, value: PUBLIC_EXPONENT },
            { type: constants.CKA_VERIFY, value: true },
          ],
          [
            ...common,
            { type: constants.CKA_PRIVATE, value: true },
            { type: constants.CKA_SENSITIVE, value: true },
            { type: constants.CKA_EXTRACTABLE, value: false },
            { type: constants.CKA_SIGN, value: true },
          ],
        )
      })
      return open(name)
    },
    close() {
      closed = true
      for (const session of idle.splice(0)) drop(session)
      return Promise.resolve()
    },
  }
}
