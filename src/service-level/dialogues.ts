/** Asks a server whether it answers, as a client begins: a greeting, what it offers, and goodbye. Certificates are watched elsewhere. */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { temporaryError } from '../base/errors.ts'

export interface Step {
  /** what is said; null: the server speaks first */
  readonly say: string | null
  /** what the answer must have in it before it goes on */
  readonly expect: RegExp
}

export interface Dialogue {
  readonly tls: boolean
  readonly steps: readonly Step[]
}

export interface Target {
  readonly host: string
  readonly port: number
}

const EHLO = 'EHLO probe.invalid\r\n'
const OFFERS = /^250 /m

/** By service, as `SERVICES` names them. */
export const DIALOGUES = {
  access: {
    tls: true,
    steps: [
      { say: null, expect: /^220 /m },
      { say: EHLO, expect: /^250[- ]AUTH [^]*^250 |^250 AUTH /m },
      { say: 'QUIT\r\n', expect: /^221 /m },
    ],
  },
  incoming: {
    tls: false,
    steps: [
      { say: null, expect: /^220 /m },
      { say: EHLO, expect: OFFERS },
      { say: 'QUIT\r\n', expect: /^221 /m },
    ],
  },
  imap: {
    tls: true,
    steps: [
      { say: null, expect: /^\* OK/ },
      { say: 'a LOGOUT\r\n', expect: /^a OK/m },
    ],
  },
  pop3: {
    tls: true,
    steps: [
      { say: null, expect: /^\+OK/ },
      { say: 'QUIT\r\n', expect: /^\+OK/m },
    ],
  },
  web: {
    tls: true,
    steps: [{ say: 'GET /healthz HTTP/1.1\r\nHost: probe.invalid\r\nConnection: close\r\n\r\n', expect: /^HTTP\/1\.1 200 / }],
  },
} satisfies Record<string, Dialogue>

const MOST_BYTES = 16_384

/**
 * Resolves once the server has given all answers.
 * @throws temporary `no-answer`: it could not be reached, said something else, ended too early, or took too long
 */
export function converse({ host, port }: Target, { tls, steps }: Dialogue, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connectPlain({ host, port })
    let heard = ''
    let at = 0
    const fail = (why: string, cause?: unknown): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(temporaryError('no-answer', `${host}:${port} ${why}`, cause))
    }
    const timer = setTimeout(() => fail(`has not answered for ${timeoutMs} ms`), timeoutMs)
    const next = (): void => {
      const step = steps[at]
      if (!step) {
        clearTimeout(timer)
        socket.destroy()
        resolve()
      } else if (step.say !== null) {
        socket.write(step.say)
      }
    }
    socket.setEncoding('latin1')
    socket.once(tls ? 'secureConnect' : 'connect', next)
    socket.on('error', (error) => fail(`: ${error.message}`, error))
    socket.on('close', () => fail('has closed the connection'))
    socket.on('data', (chunk: string) => {
      heard += chunk
      const step = steps[at]
      if (step?.expect.test(heard) === true) {
        at++
        heard = ''
        next()
      } else if (heard.length > MOST_BYTES) {
        fail('says something else')
      }
    })
  })
}
