/** What the server can do, and when it says so. */
import { offeredMechanisms } from '../sasl/dialogue.ts'
import type { ImapLimits } from './limits.ts'
import type { Session } from './session.ts'

/** Before TLS, before the login, after it. */
export type Stage = 'plain' | 'login' | 'user'

interface Capability {
  readonly name: string
  /** null: never standardised, but clients want it */
  readonly rfc: number | null
  readonly stages: readonly Stage[]
  readonly value?: (limits: ImapLimits) => number
}

const ALWAYS: readonly Stage[] = ['plain', 'login', 'user']

const CAPABILITIES: readonly Capability[] = [
  { name: 'IMAP4rev1', rfc: 3501, stages: ALWAYS },
  { name: 'LITERAL+', rfc: 7888, stages: ALWAYS },
  { name: 'ID', rfc: 2971, stages: ALWAYS },
  { name: 'STARTTLS', rfc: 3501, stages: ['plain'] },
  { name: 'LOGINDISABLED', rfc: 3501, stages: ['plain'] },
  { name: 'SASL-IR', rfc: 4959, stages: ['login'] },
  { name: 'NAMESPACE', rfc: 2342, stages: ['user'] },
  { name: 'CHILDREN', rfc: 3348, stages: ['user'] },
  { name: 'LIST-EXTENDED', rfc: 5258, stages: ['user'] },
  { name: 'LIST-STATUS', rfc: 5819, stages: ['user'] },
  { name: 'SPECIAL-USE', rfc: 6154, stages: ['user'] },
  { name: 'UNSELECT', rfc: 3691, stages: ['user'] },
  { name: 'UIDPLUS', rfc: 4315, stages: ['user'] },
  { name: 'MOVE', rfc: 6851, stages: ['user'] },
  { name: 'IDLE', rfc: 2177, stages: ['user'] },
  { name: 'APPENDLIMIT', rfc: 7889, stages: ['user'], value: (limits) => limits.append },
]

/** The capabilities of a stage, as CAPABILITY lists them; before the login also the mechanisms that this client may use. */
export function formatCapabilities(stage: Stage, session: Pick<Session, 'deps' | 'channelBinding'>): string {
  const offered = CAPABILITIES.filter(({ stages }) => stages.includes(stage))
  const names = offered.map(({ name, value }) => (value ? `${name}=${value(session.deps.limits)}` : name))
  const mechanisms = stage === 'login' ? offeredMechanisms(session, session.deps) : []
  return ['CAPABILITY', ...names, ...mechanisms.map((name) => `AUTH=${name}`)].join(' ')
}

export function stageOf(session: { readonly secure: boolean; readonly mailbox: unknown }): Stage {
  if (session.mailbox !== undefined) return 'user'
  return session.secure ? 'login' : 'plain'
}
