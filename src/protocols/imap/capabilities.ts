/** What the server can do, when it says so, and which test proves it: the one list from which CAPABILITY is made. */
import { offeredMechanisms } from '../sasl/dialogue.ts'
import type { ImapLimits } from './limits.ts'
import type { Session } from './session.ts'

/** Before TLS, before the login, after it. */
export type Stage = 'plain' | 'login' | 'user'

/** A test beside this file that fails if the capability is not there: its file, and its name. */
type Proof = readonly [file: `${string}.test.ts`, test: string]

export interface Capability {
  readonly name: string
  readonly rfc: number
  readonly stages: readonly Stage[]
  readonly value?: (limits: ImapLimits) => number
  readonly proof: Proof
}

const ALWAYS: readonly Stage[] = ['plain', 'login', 'user']
const BEFORE_TLS: readonly Stage[] = ['plain']
const BEFORE_LOGIN: readonly Stage[] = ['login']
const AFTER_LOGIN: readonly Stage[] = ['user']

const LOGIN: Proof = ['imap.test.ts', 'LOGIN and AUTHENTICATE in all their forms']
const STARTTLS: Proof = ['imap.test.ts', 'the STARTTLS port takes no password before TLS, and drops what was sent too early']
const FOLDERS: Proof = ['imap.test.ts', 'folders: LIST, CREATE, RENAME, DELETE, subscriptions, names in modified UTF-7']
const QUOTA: Proof = ['folder-extensions.test.ts', 'QUOTA: one root with the storage of the mailbox, in units of 1024 bytes']

export const CAPABILITIES: readonly Capability[] = [
  { name: 'IMAP4rev1', rfc: 3501, stages: ALWAYS, proof: ['clients.test.ts', "Python's imaplib, with STARTTLS and without"] },
  {
    name: 'IMAP4rev2',
    rfc: 9051,
    stages: ALWAYS,
    proof: ['rev2.test.ts', 'IMAP4rev2: what SELECT answers, and that nothing is recent'],
  },
  { name: 'LITERAL+', rfc: 7888, stages: ALWAYS, proof: LOGIN },
  {
    name: 'ID',
    rfc: 2971,
    stages: ALWAYS,
    proof: ['imap.test.ts', 'CAPABILITY, NOOP, LOGOUT, unknown and malformed commands before the login'],
  },
  { name: 'STARTTLS', rfc: 3501, stages: BEFORE_TLS, proof: STARTTLS },
  { name: 'LOGINDISABLED', rfc: 3501, stages: BEFORE_TLS, proof: STARTTLS },
  { name: 'SASL-IR', rfc: 4959, stages: BEFORE_LOGIN, proof: LOGIN },
  {
    name: 'ENABLE',
    rfc: 5161,
    stages: AFTER_LOGIN,
    proof: ['condstore.test.ts', 'ENABLE switches on what is known, and passes over the rest'],
  },
  { name: 'NAMESPACE', rfc: 2342, stages: AFTER_LOGIN, proof: FOLDERS },
  { name: 'CHILDREN', rfc: 3348, stages: AFTER_LOGIN, proof: FOLDERS },
  { name: 'LIST-EXTENDED', rfc: 5258, stages: AFTER_LOGIN, proof: FOLDERS },
  { name: 'LIST-STATUS', rfc: 5819, stages: AFTER_LOGIN, proof: FOLDERS },
  { name: 'SPECIAL-USE', rfc: 6154, stages: AFTER_LOGIN, proof: FOLDERS },
  {
    name: 'UNSELECT',
    rfc: 3691,
    stages: AFTER_LOGIN,
    proof: ['imap.test.ts', 'STORE, keywords, EXPUNGE, UID EXPUNGE, CLOSE, UNSELECT'],
  },
  { name: 'UIDPLUS', rfc: 4315, stages: AFTER_LOGIN, proof: ['imap.test.ts', 'COPY and MOVE with COPYUID'] },
  { name: 'MOVE', rfc: 6851, stages: AFTER_LOGIN, proof: ['imap.test.ts', 'COPY and MOVE with COPYUID'] },
  { name: 'IDLE', rfc: 2177, stages: AFTER_LOGIN, proof: ['sessions.test.ts', 'IDLE tells changes as they come'] },
  {
    name: 'CONDSTORE',
    rfc: 7162,
    stages: AFTER_LOGIN,
    proof: ['condstore.test.ts', 'UNCHANGEDSINCE changes only what has not changed'],
  },
  {
    name: 'QRESYNC',
    rfc: 7162,
    stages: AFTER_LOGIN,
    proof: ['qresync.test.ts', 'a client that comes back from any past state knows what a new one does'],
  },
  {
    name: 'ESEARCH',
    rfc: 4731,
    stages: AFTER_LOGIN,
    proof: ['esearch.test.ts', 'ESEARCH: MIN, MAX, ALL, COUNT, of numbers and of UIDs'],
  },
  {
    name: 'SEARCHRES',
    rfc: 5182,
    stages: AFTER_LOGIN,
    proof: ['esearch.test.ts', 'RFC 5182 2.4: with MIN and MAX alone only these are saved'],
  },
  {
    name: 'SORT',
    rfc: 5256,
    stages: AFTER_LOGIN,
    proof: ['sort.test.ts', 'SORT: each key, reversed and together, the sequence number last'],
  },
  {
    name: 'SORT=DISPLAY',
    rfc: 5957,
    stages: AFTER_LOGIN,
    proof: ['sort.test.ts', 'SORT=DISPLAY: by the names that are shown'],
  },
  {
    name: 'ESORT',
    rfc: 5267,
    stages: AFTER_LOGIN,
    proof: ['sort.test.ts', 'ESORT: MIN, MAX, ALL and COUNT of what is sorted'],
  },
  {
    name: 'THREAD=ORDEREDSUBJECT',
    rfc: 5256,
    stages: AFTER_LOGIN,
    proof: ['thread.test.ts', 'THREAD=ORDEREDSUBJECT: one thread for each base subject'],
  },
  {
    name: 'THREAD=REFERENCES',
    rfc: 5256,
    stages: AFTER_LOGIN,
    proof: ['thread.test.ts', 'THREAD=REFERENCES: answers find what they answer, then threads their subject'],
  },
  {
    name: 'PREVIEW',
    rfc: 8970,
    stages: AFTER_LOGIN,
    proof: ['preview.test.ts', 'PREVIEW: the first words of a message, of an envelope those of the original'],
  },
  {
    name: 'WITHIN',
    rfc: 5032,
    stages: AFTER_LOGIN,
    proof: ['esearch.test.ts', 'WITHIN: messages older and younger than so many seconds'],
  },
  {
    name: 'STATUS=SIZE',
    rfc: 8438,
    stages: AFTER_LOGIN,
    proof: ['folder-extensions.test.ts', 'STATUS SIZE, DELETED and DELETED-STORAGE, also for many folders at once'],
  },
  {
    name: 'CREATE-SPECIAL-USE',
    rfc: 6154,
    stages: AFTER_LOGIN,
    proof: ['folder-extensions.test.ts', 'CREATE with a special use: one that no other folder has'],
  },
  { name: 'QUOTA', rfc: 9208, stages: AFTER_LOGIN, proof: QUOTA },
  { name: 'QUOTA=RES-STORAGE', rfc: 9208, stages: AFTER_LOGIN, proof: QUOTA },
  {
    name: 'OBJECTID',
    rfc: 8474,
    stages: AFTER_LOGIN,
    proof: [
      'folder-extensions.test.ts',
      'OBJECTID: folders and messages keep their identifiers when they are renamed, copied and moved',
    ],
  },
  {
    name: 'SAVEDATE',
    rfc: 8514,
    stages: AFTER_LOGIN,
    proof: ['folder-extensions.test.ts', 'SAVEDATE: when a message came into its folder, whatever date it was given'],
  },
  {
    name: 'UTF8=ACCEPT',
    rfc: 6855,
    stages: AFTER_LOGIN,
    proof: ['utf8.test.ts', 'UTF8=ACCEPT: names are UTF-8 in both directions, and nothing else is taken for one'],
  },
  {
    name: 'NOTIFY',
    rfc: 5465,
    stages: AFTER_LOGIN,
    proof: ['notify.test.ts', 'NOTIFY: every event of every filter, from another session, while no command is at work'],
  },
  {
    name: 'COMPRESS=DEFLATE',
    rfc: 4978,
    stages: AFTER_LOGIN,
    proof: ['compress.test.ts', 'COMPRESS DEFLATE: commands and responses, literals and IDLE, up to the good-bye'],
  },
  { name: 'MULTIAPPEND', rfc: 3502, stages: AFTER_LOGIN, proof: ['append.test.ts', 'MULTIAPPEND: all or nothing'] },
  {
    name: 'BINARY',
    rfc: 3516,
    stages: AFTER_LOGIN,
    proof: ['binary.test.ts', 'BINARY: a part with its transfer encoding undone, as a string, or with NUL as a literal8'],
  },
  {
    name: 'APPENDLIMIT',
    rfc: 7889,
    stages: AFTER_LOGIN,
    value: (limits) => limits.append,
    proof: ['append.test.ts', 'a message, and all messages of one command together, have a largest size'],
  },
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
